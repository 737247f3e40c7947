-- When the subscription is charged next: for the plan, or for what was used past its limit. NULL: it is
-- not, since it ends, is paused or unpaid, costs nothing, or there is none.
CREATE OR REPLACE FUNCTION next_charge_at(_organization_id text)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT s.current_period_end FROM organization_subscriptions s
  LEFT JOIN subscription_plan_prices p ON p.plan_id = s.plan_id AND p.version = s.plan_version
    AND p.currency = s.currency AND p.interval = s.interval
  WHERE s.organization_id = _organization_id AND s.stripe_subscription_id IS NOT NULL
    AND NOT s.cancel_at_period_end AND s.status IN ('trialing', 'active', 'past_due')
    AND (coalesce(p.amount_minor, 0) > 0 OR owes_overage(s.organization_id))
$$;
