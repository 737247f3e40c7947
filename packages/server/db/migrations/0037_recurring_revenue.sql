-- What recurs of a workspace's subscription, each time it changed: for what came and what went in a
-- month. It stays when a workspace is deleted, as bookkeeping does, and names nobody.
CREATE TABLE recurring_revenue_changes (
  organization_id text COLLATE "C" NOT NULL,
  -- Of the sync that saw it; negative where it was read out of the billing history.
  number bigint NOT NULL,
  currency text NOT NULL,
  changed_at timestamptz NOT NULL,
  -- For a month, in minor units, a year's price as its twelfth. NULL: nothing was paid for.
  monthly_before numeric CHECK (monthly_before >= 0),
  monthly_after numeric CHECK (monthly_after >= 0),
  PRIMARY KEY (organization_id, number, currency)
);
CREATE INDEX recurring_revenue_changes_time ON recurring_revenue_changes (changed_at);

-- What the history of an older installation tells. The lines of one change share their data. What the
-- operator assigned is not paid for.
WITH told AS (
  SELECT organization_id, data, min(created_at) AS changed_at,
    row_number() OVER (ORDER BY min(created_at)) AS number,
    bool_or(type = 'subscription.subscribed') AS begins,
    bool_or(type = 'subscription.cancelled') AS ends
  FROM billing_events
  WHERE type LIKE 'subscription.%' AND type <> 'subscription.plan_assigned'
    AND data ? 'before' AND data ? 'after'
  GROUP BY organization_id, data
), sides AS (
  SELECT t.organization_id, t.changed_at, t.number, s.*
  FROM told t
  CROSS JOIN LATERAL (
    VALUES ('before', data -> 'before', begins), ('after', data -> 'after', ends)
  ) s (side, state, is_free)
), amounts AS (
  SELECT s.organization_id, s.changed_at, s.side, p.currency, -s.number AS number,
    p.amount_minor / CASE p.interval WHEN 'year' THEN 12::numeric ELSE 1 END AS monthly
  FROM sides s
  JOIN subscription_plan_prices p ON p.plan_id = s.state ->> 'plan_id'
    AND p.version = (s.state ->> 'plan_version')::integer AND p.currency = s.state ->> 'currency'
    AND p.interval = s.state ->> 'interval'
  WHERE NOT s.is_free AND s.state ->> 'status' IN ('active', 'past_due', 'unpaid')
)
INSERT INTO recurring_revenue_changes
SELECT organization_id, number, currency, changed_at,
  max(monthly) FILTER (WHERE side = 'before'), max(monthly) FILTER (WHERE side = 'after')
FROM amounts GROUP BY organization_id, number, currency, changed_at
HAVING max(monthly) FILTER (WHERE side = 'before')
  IS DISTINCT FROM max(monthly) FILTER (WHERE side = 'after');
