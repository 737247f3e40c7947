-- What each workspace brings: what recurs a month of a paid subscription, rounded half up, and the
-- overage of its running usage period, in the minor units of its currency. Inlined where it is called.
CREATE OR REPLACE FUNCTION workspace_revenue(_as_of timestamptz)
RETURNS TABLE (
  organization_id text, currency text, recurring_minor bigint, overage_accruing_minor bigint
) LANGUAGE sql STABLE AS $$
  SELECT s.organization_id, s.currency,
    coalesce(round(p.amount_minor / CASE s.interval WHEN 'year' THEN 12::numeric ELSE 1 END), 0)
      ::bigint,
    coalesce(round_to_minor(u.overage_accrued, s.currency), 0)
  FROM organization_subscriptions s
  LEFT JOIN subscription_plan_prices p ON p.plan_id = s.plan_id AND p.version = s.plan_version
    AND p.currency = s.currency AND p.interval = s.interval
    AND s.stripe_subscription_id IS NOT NULL AND s.status IN ('active', 'past_due', 'unpaid')
  LEFT JOIN usage_counters u ON u.organization_id = s.organization_id AND u.period_end > _as_of
$$;
