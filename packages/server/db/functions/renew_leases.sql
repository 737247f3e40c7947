-- Heartbeat: extends the leases of attempts that still run, and answers which those are. Whoever is
-- not among them has lost its job and must stop at once.
CREATE OR REPLACE FUNCTION renew_leases(
  _organization_ids text[], _job_ids text[], _fences integer[], _lease_seconds integer
) RETURNS TABLE (job_id text) LANGUAGE sql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  UPDATE active_conversions a
  SET lease_expires_at = clock_timestamp() + make_interval(secs => _lease_seconds)
  FROM unnest(_organization_ids, _job_ids, _fences) AS c (organization_id, job_id, fence)
  CROSS JOIN LATERAL (
    SELECT FROM jobs j WHERE j.organization_id = c.organization_id AND j.id = c.job_id
      AND j.status = 'processing' AND j.fence = c.fence OFFSET 0
  ) j
  -- As in finish_jobs(): by index probes only.
  WHERE a.organization_id = ANY (ARRAY[c.organization_id])
    AND a.job_id BETWEEN c.job_id AND c.job_id AND a.state = 'running'
  RETURNING a.job_id
$$;
