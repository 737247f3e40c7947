-- Locks the hot rows in id order, so that batches of several servers cannot deadlock; makes those
-- that are missing, before any lock is taken: whoever waits for a row that another is making must
-- hold nothing that the other will want. Every change of a job's state happens under this lock.
CREATE OR REPLACE FUNCTION lock_organizations(_organization_ids text[], _as_of timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM usage_counters WHERE organization_id = ANY (_organization_ids))
     < cardinality(_organization_ids) THEN
    INSERT INTO usage_counters (organization_id, period_start, period_end)
    SELECT s.organization_id, p.period_start, p.period_end
    FROM organization_subscriptions s, usage_period(s.usage_anchor, _as_of) p
    WHERE s.organization_id = ANY (_organization_ids)
      AND NOT EXISTS (SELECT FROM usage_counters c WHERE c.organization_id = s.organization_id)
    ORDER BY s.organization_id
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM FROM usage_counters WHERE organization_id = ANY (_organization_ids)
  ORDER BY organization_id FOR UPDATE;
END $$;
