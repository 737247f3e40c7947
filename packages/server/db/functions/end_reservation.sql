-- Ends a job without counting it: terminal state, reservation gone, unit and slot free, the failure
-- counted by its reason. The caller holds the organization's lock. False: it was terminal before.
CREATE OR REPLACE FUNCTION end_reservation(
  _organization_id text, _job_id text, _status text, _error jsonb, _reason text,
  _as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_job jobs;
  v_held active_conversions;
  v_hour timestamptz;
BEGIN
  UPDATE jobs SET status = _status, error = _error, progress = NULL, finished_at = _as_of,
    duration_ms = CASE WHEN started_at IS NOT NULL
      -- Business time may have been moved by months meanwhile.
      THEN least(greatest(1000 * extract(epoch FROM _as_of - started_at), 0), 2147483647)::integer
      END
  WHERE organization_id = _organization_id AND id = _job_id AND status IN ('queued', 'processing')
  RETURNING * INTO v_job;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM active_conversions WHERE organization_id = _organization_id AND job_id = _job_id
  RETURNING * INTO v_held;
  IF FOUND THEN
    UPDATE usage_counters SET
      reserved = reserved - (period_start = v_held.period_start)::integer,
      overage_reserved = overage_reserved
        - CASE WHEN period_start = v_held.period_start THEN v_held.overage_reserved ELSE 0 END,
      active = active - (v_held.state = 'running')::integer,
      queued = queued - (v_held.state = 'queued')::integer
    WHERE organization_id = _organization_id;
    UPDATE usage_records SET reserved = reserved - 1,
      overage_reserved = overage_reserved - v_held.overage_reserved
    WHERE organization_id = _organization_id AND period_start = v_held.period_start;
  END IF;
  INSERT INTO usage_outcomes AS t (organization_id, hour, outcome, reason, count)
  VALUES (_organization_id, date_trunc('hour', _as_of, 'UTC'), _status, _reason, 1)
  ON CONFLICT (organization_id, hour, outcome, reason) DO UPDATE SET count = t.count + 1;
  IF _status = 'failed' THEN
    IF EXISTS (SELECT FROM webhook_endpoints WHERE wants_conversions) THEN
      PERFORM announce_conversions(ARRAY[_organization_id], ARRAY[_job_id], 'failed', _as_of);
    END IF;
    v_hour := date_trunc('hour', v_job.created_at, 'UTC');
    INSERT INTO usage_hourly AS t (organization_id, hour, type, period_start, failed)
    VALUES (_organization_id, v_hour, v_job.type, v_job.period_start, 1)
    ON CONFLICT (organization_id, hour, type, period_start) DO UPDATE SET failed = t.failed + 1;
    INSERT INTO api_key_usage AS t (organization_id, actor_id, hour, period_start, failed)
    VALUES (_organization_id, coalesce(v_job.api_key_id, v_job.member_id, ''), v_hour,
            v_job.period_start, 1)
    ON CONFLICT (organization_id, actor_id, hour, period_start) DO UPDATE
      SET failed = t.failed + 1;
  END IF;
  RETURN true;
END $$;
