-- The only home of "what may this organization do": override, else plan version; NULL is unlimited.
-- A subscription that is not paid for falls back to the Free plan; overrides hold all the same.
-- blocked: nothing may be admitted, whatever is left. overdue: what is past the limits is refused
-- as payment_overdue.
CREATE OR REPLACE FUNCTION effective_limits(_organization_ids text[], _as_of timestamptz)
RETURNS TABLE (
  organization_id text, plan_id text, plan_version integer, plan_name text, override_id text,
  blocked text, overdue boolean, monthly_limit bigint, concurrent_limit integer,
  max_file_size_mb integer, rate_limit_per_minute integer, overage_policy text,
  unit_amount numeric, unit_amount_max numeric, unit_amounts_by_type jsonb, overage_tiers jsonb,
  currency text,
  spend_cap_minor bigint, alert_thresholds integer[], retention_hours integer,
  usage_anchor timestamptz
) LANGUAGE sql STABLE AS $$
  WITH subscriptions AS MATERIALIZED (
    SELECT s.organization_id, s.status, e.entitled,
      CASE WHEN e.entitled THEN s.plan_id ELSE 'plan_free' END AS plan_id,
      CASE WHEN e.entitled THEN s.plan_version ELSE 0 END AS wanted_version,
      s.currency, s.interval, s.overage_policy, s.spend_cap_minor, s.usage_anchor,
      CASE WHEN e.overridden THEN s.override_id END AS override_id,
      CASE WHEN e.overridden THEN s.override_monthly_limit END AS monthly_limit,
      CASE WHEN e.overridden THEN s.override_concurrent_limit END AS concurrent_limit,
      CASE WHEN e.overridden THEN s.override_max_file_size_mb END AS max_file_size_mb,
      CASE WHEN e.overridden THEN s.override_rate_limit_per_minute END AS rate_limit_per_minute,
      CASE WHEN e.overridden THEN s.override_overage_price END AS overage_price
    FROM organization_subscriptions s
    CROSS JOIN LATERAL (
      SELECT s.status IN ('trialing', 'active', 'unpaid')
          OR (s.status = 'past_due' AND coalesce(_as_of < s.grace_ends_at, false)) AS entitled,
        s.override_id IS NOT NULL AND coalesce(_as_of < s.override_expires_at, true)
          AS overridden
      OFFSET 0
    ) e
    WHERE s.organization_id = ANY (_organization_ids)
  ), plans AS MATERIALIZED (
    -- A thousand organizations are on a handful of plans: each is looked up once.
    SELECT d.plan_id, d.wanted_version, d.currency, d.interval, v.*
    FROM (SELECT DISTINCT plan_id, wanted_version, currency, interval FROM subscriptions) d
    CROSS JOIN LATERAL (
      SELECT p.name, v.version, v.monthly_conversion_limit, v.concurrent_conversion_limit,
        v.max_file_size_mb, v.rate_limit_per_minute, v.overage_policies, c.overage_amount,
        c.overage_amounts_by_type, c.overage_tiers
      FROM subscription_plans p
      JOIN subscription_plan_versions v ON v.plan_id = p.id
        AND v.version = CASE d.wanted_version WHEN 0 THEN p.current_version
                                              ELSE d.wanted_version END
      LEFT JOIN subscription_plan_prices c ON c.plan_id = v.plan_id AND c.version = v.version
        AND c.currency = d.currency AND c.interval = d.interval
      WHERE p.id = d.plan_id
      OFFSET 0
    ) v
  )
  SELECT s.organization_id, v.plan_id, v.version, v.name, s.override_id,
    CASE WHEN o.suspended_at IS NOT NULL THEN 'suspended'
         WHEN s.status = 'unpaid' THEN 'payment_overdue' END,
    s.status = 'past_due' AND NOT s.entitled,
    nullif(coalesce(s.monthly_limit, v.monthly_conversion_limit), -1),
    nullif(coalesce(s.concurrent_limit, v.concurrent_conversion_limit), -1),
    nullif(coalesce(s.max_file_size_mb, v.max_file_size_mb), -1),
    CASE s.rate_limit_per_minute WHEN -1 THEN 2147483647
         ELSE coalesce(s.rate_limit_per_minute, v.rate_limit_per_minute) END,
    -- What the plan does not allow, or has no price for, blocks.
    CASE WHEN NOT s.overage_policy = ANY (v.overage_policies) THEN 'block'
         WHEN s.overage_policy = 'charge' AND coalesce(s.overage_price, v.overage_amount) IS NULL
           THEN 'block'
         ELSE s.overage_policy END,
    coalesce(s.overage_price, v.overage_amount),
    -- The most one conversion past the limit can cost: an admission reserves that much of a spend
    -- cap, since which of the running jobs ends up past the limit is known only at completion.
    CASE WHEN s.overage_price IS NOT NULL
           OR (v.overage_amounts_by_type IS NULL AND v.overage_tiers IS NULL)
           THEN coalesce(s.overage_price, v.overage_amount)
         ELSE highest_overage_amount(v.overage_amount, v.overage_amounts_by_type, v.overage_tiers)
    END,
    CASE WHEN s.overage_price IS NULL THEN v.overage_amounts_by_type END,
    CASE WHEN s.overage_price IS NULL THEN v.overage_tiers END,
    s.currency, s.spend_cap_minor, o.alert_thresholds, o.retention_hours, s.usage_anchor
  FROM subscriptions s
  JOIN organization o ON o.id = s.organization_id AND o.id = ANY (_organization_ids)
  JOIN plans v ON v.plan_id = s.plan_id AND v.wanted_version = s.wanted_version
    AND v.currency = s.currency AND v.interval = s.interval
$$;
