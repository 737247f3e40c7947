-- Locks the hot rows in id order, so that batches of several servers cannot deadlock; makes those
-- that are missing. Every change of a job's state happens under this lock.
CREATE OR REPLACE FUNCTION lock_organizations(_organization_ids text[], _as_of timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_locked integer;
BEGIN
  SELECT count(*) INTO v_locked FROM (
    SELECT FROM usage_counters WHERE organization_id = ANY (_organization_ids)
    ORDER BY organization_id FOR UPDATE
  ) locked;
  IF v_locked < cardinality(_organization_ids) THEN
    INSERT INTO usage_counters (organization_id, period_start, period_end)
    SELECT s.organization_id, p.period_start, p.period_end
    FROM organization_subscriptions s, usage_period(s.usage_anchor, _as_of) p
    WHERE s.organization_id = ANY (_organization_ids)
    ORDER BY s.organization_id
    ON CONFLICT DO NOTHING;
    PERFORM FROM usage_counters WHERE organization_id = ANY (_organization_ids)
    ORDER BY organization_id FOR UPDATE;
  END IF;
END $$;
