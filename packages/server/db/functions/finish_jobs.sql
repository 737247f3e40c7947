-- Writes stamped completions onto their job rows and drops the reservations. One index probe a row:
-- with hash joins on, the planner would read all of jobs for 256 of them.
CREATE OR REPLACE FUNCTION finish_jobs(
  _stamps completion_stamp[], _outputs text[], _warnings text[], _as_of timestamptz
) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  UPDATE jobs j SET status = 'succeeded', output = _outputs[s.ordinal]::jsonb,
    warnings = _warnings[s.ordinal]::jsonb, progress = NULL, counted = true,
    billed_as = s.billed_as, unit_amount = s.unit_amount, currency = s.currency,
    finished_at = greatest(_as_of, s.admitted_at), duration_ms = s.duration_ms
  FROM unnest(_stamps) s
  WHERE j.organization_id = s.organization_id AND j.id = s.job_id AND j.status = 'processing';
  DELETE FROM active_conversions a USING unnest(_stamps) s
  WHERE a.organization_id = s.organization_id AND a.job_id = s.job_id;
END $$;
