-- Opens the bills that are not there yet, each with its hour after the period's end: by then a
-- renewal has taken it, or it is invoiced by itself. What is owed fixes the currency: a bill in another
-- one than the workspace pays in is never collected. (Before a provider was met, none is.) The caller
-- holds the organizations' locks.
CREATE OR REPLACE FUNCTION open_overage_bills(_bills overage_bill_key[], _as_of timestamptz)
RETURNS void LANGUAGE sql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
  WITH opened AS (
    INSERT INTO overage_bills (organization_id, usage_period_start, currency, created_at,
      updated_at)
    SELECT organization_id, usage_period_start, currency, _as_of, _as_of FROM unnest(_bills)
    ON CONFLICT DO NOTHING
    RETURNING organization_id, usage_period_start, currency
  ), fixed AS (
    UPDATE organization_subscriptions s SET paid_currency = o.currency FROM opened o
    WHERE s.organization_id = o.organization_id AND s.paid_currency IS NULL
      AND EXISTS (SELECT FROM billing_account)
  )
  INSERT INTO due_work (organization_id, kind, reference, due_at)
  SELECT o.organization_id, 'overage_invoice', rfc3339(o.usage_period_start),
    p.period_end + interval '1 hour'
  FROM opened o
  CROSS JOIN LATERAL overage_period_end(o.organization_id, o.usage_period_start) AS p (period_end)
  ON CONFLICT DO NOTHING
$$;
