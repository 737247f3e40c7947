-- Puts a running job back into the queue: its slot is free, its unit stays, its attempt is void.
-- The caller holds the organization's lock and knows that the job runs.
CREATE OR REPLACE FUNCTION requeue_job(
  _organization_id text, _job_id text, _delay_seconds integer
) RETURNS void LANGUAGE sql AS $$
  UPDATE jobs SET status = 'queued', fence = fence + 1, progress = NULL
  WHERE organization_id = _organization_id AND id = _job_id;
  UPDATE active_conversions SET state = 'queued', lease_expires_at = NULL,
    not_before = clock_timestamp() + make_interval(secs => _delay_seconds)
  WHERE organization_id = _organization_id AND job_id = _job_id;
  UPDATE usage_counters SET active = active - 1, queued = queued + 1
  WHERE organization_id = _organization_id
$$;
