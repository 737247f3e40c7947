-- The only home of "what may this organization do": override, else plan version; NULL is unlimited.
-- A subscription that is not paid for falls back to the Free plan; overrides hold all the same.
-- blocked: nothing may be admitted, whatever is left. overdue: what is past the limits is refused
-- as payment_overdue.
CREATE OR REPLACE FUNCTION effective_limits(_organization_ids text[], _as_of timestamptz)
RETURNS TABLE (
  organization_id text, plan_id text, plan_version integer, plan_name text, override_id text,
  blocked text, overdue boolean, monthly_limit bigint, concurrent_limit integer,
  max_file_size_mb integer, rate_limit_per_minute integer, overage_policy text,
  unit_amount numeric, unit_amount_max numeric, unit_amounts_by_type jsonb, currency text, spend_cap_minor bigint,
  alert_thresholds integer[], retention_hours integer, usage_anchor timestamptz
) LANGUAGE sql STABLE AS $$
  SELECT s.organization_id, v.plan_id, v.version, v.name, e.override_id,
    CASE WHEN o.suspended_at IS NOT NULL THEN 'suspended'
         WHEN s.status = 'unpaid' THEN 'payment_overdue' END,
    s.status = 'past_due' AND NOT e.entitled,
    nullif(coalesce(CASE WHEN e.overridden THEN s.override_monthly_limit END,
                    v.monthly_conversion_limit), -1),
    nullif(coalesce(CASE WHEN e.overridden THEN s.override_concurrent_limit END,
                    v.concurrent_conversion_limit), -1),
    nullif(coalesce(CASE WHEN e.overridden THEN s.override_max_file_size_mb END,
                    v.max_file_size_mb), -1),
    coalesce(nullif(CASE WHEN e.overridden THEN s.override_rate_limit_per_minute END, -1),
             CASE WHEN e.overridden AND s.override_rate_limit_per_minute = -1 THEN 2147483647
                  ELSE v.rate_limit_per_minute END),
    -- What the plan does not allow, or has no price for, blocks.
    CASE WHEN NOT s.overage_policy = ANY (v.overage_policies) THEN 'block'
         WHEN s.overage_policy = 'charge' AND e.amount IS NULL THEN 'block'
         ELSE s.overage_policy END,
    e.amount,
    -- The most one conversion past the limit can cost: an admission reserves that much of a spend
    -- cap, since which of the running jobs ends up past the limit is known only at completion.
    CASE WHEN v.overage_amounts_by_type IS NULL OR (e.overridden AND s.override_overage_price IS NOT NULL) THEN e.amount
         ELSE greatest(e.amount, (SELECT max(t.amount::numeric)
           FROM jsonb_each_text(v.overage_amounts_by_type) AS t (type, amount))) END,
    CASE WHEN e.overridden AND s.override_overage_price IS NOT NULL THEN NULL
         ELSE v.overage_amounts_by_type END,
    s.currency, s.spend_cap_minor, o.alert_thresholds, o.retention_hours,
    s.usage_anchor
  FROM organization_subscriptions s
  CROSS JOIN LATERAL (
    SELECT o.suspended_at, o.alert_thresholds, o.retention_hours FROM organization o
    WHERE o.id = s.organization_id OFFSET 0
  ) o
  CROSS JOIN LATERAL (
    SELECT s.status IN ('trialing', 'active', 'unpaid')
        OR (s.status = 'past_due' AND coalesce(_as_of < s.grace_ends_at, true)) AS entitled
    OFFSET 0
  ) a
  CROSS JOIN LATERAL (
    SELECT v.*, p.name, c.overage_amount, c.overage_amounts_by_type
    FROM subscription_plans p
    JOIN subscription_plan_versions v ON v.plan_id = p.id
      AND v.version = CASE WHEN a.entitled THEN s.plan_version ELSE p.current_version END
    LEFT JOIN subscription_plan_prices c ON c.plan_id = v.plan_id AND c.version = v.version
      AND c.currency = s.currency AND c.interval = s.interval
    WHERE p.id = CASE WHEN a.entitled THEN s.plan_id ELSE 'plan_free' END
    OFFSET 0
  ) v
  CROSS JOIN LATERAL (
    SELECT a.entitled, x.overridden,
      CASE WHEN x.overridden THEN s.override_id END AS override_id,
      coalesce(CASE WHEN x.overridden THEN s.override_overage_price END, v.overage_amount)
        AS amount
    FROM (SELECT s.override_id IS NOT NULL
             AND coalesce(_as_of < s.override_expires_at, true) AS overridden) x
    OFFSET 0
  ) e
  WHERE s.organization_id = ANY (_organization_ids)
$$;
