-- Puts conversions that have ended into the outbox, for those organizations of which an endpoint wants
-- them. Called where a job ends, in its transaction, and only if any endpoint at all wants them.
--
-- One index probe a job, whatever the caller's settings are (see finish_jobs.sql).
CREATE OR REPLACE FUNCTION announce_conversions(
  _organization_ids text[], _job_ids text[], _status text, _as_of timestamptz
) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO outbox (organization_id, topic, dedupe_key, payload, created_at)
  SELECT c.organization_id, 'conversion.' || _status,
    format('conversion.%s:%s', _status, c.job_id),
    jsonb_build_object('job_id', c.job_id, 'type', j.type), _as_of
  FROM unnest(_organization_ids, _job_ids) AS c (organization_id, job_id)
  CROSS JOIN LATERAL (
    SELECT FROM webhook_endpoints e
    WHERE e.organization_id = c.organization_id AND e.wants_conversions LIMIT 1
  ) wanted
  CROSS JOIN LATERAL (
    SELECT j.type FROM jobs j
    WHERE j.organization_id = c.organization_id AND j.id = c.job_id AND j.status = _status
      AND j.kind = 'conversion' OFFSET 0
  ) j
  ORDER BY c.organization_id, c.job_id
  ON CONFLICT DO NOTHING;
END $$;
