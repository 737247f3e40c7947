-- The organization's subscription as it goes onto the wire (`subscription`). The plan is the
-- version that was bought. Without a payment provider the billing period is counted here.
CREATE OR REPLACE FUNCTION subscription_object(_organization_id text, _as_of timestamptz)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', s.id, 'object', 'subscription',
    'workspace_id', s.organization_id, 'plan', plan_object(s.plan_id, s.plan_version),
    'status', s.status, 'interval', s.interval, 'currency', s.currency,
    'current_period_start', rfc3339(b.period_start), 'current_period_end', rfc3339(b.period_end),
    'usage_period_start', rfc3339(u.period_start), 'usage_period_end', rfc3339(u.period_end),
    'cancel_at_period_end', s.cancel_at_period_end, 'scheduled_change', s.scheduled_change,
    'pending_change', s.pending_change, 'stripe_subscription_id', s.stripe_subscription_id)
  FROM organization_subscriptions s
  JOIN current_usage(ARRAY[_organization_id], _as_of) u USING (organization_id)
  CROSS JOIN LATERAL (
    SELECT s.current_period_start AS period_start, s.current_period_end AS period_end
    WHERE s.stripe_subscription_id IS NOT NULL
    UNION ALL
    SELECT p.period_start, p.period_end
    FROM subscription_period(s.usage_anchor, _as_of, s.interval) p
    WHERE s.stripe_subscription_id IS NULL
  ) b
  WHERE s.organization_id = _organization_id
$$;
