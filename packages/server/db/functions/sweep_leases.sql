-- Takes the slot from attempts whose worker did not renew its lease (wall clock). The unit is free
-- only when the job is terminal: a synchronous job has lost its caller and fails as interrupted; an
-- asynchronous one is queued again, or fails after its last attempt; an external one keeps its unit
-- until unit_expires_at. The caller holds the organizations' locks. Returns what was freed.
--
-- A heartbeat needs no such lock. A row that one is renewing this moment is not dead, so it is left
-- out instead of waited for.
CREATE OR REPLACE FUNCTION sweep_leases(
  _organization_ids text[], _attempts_max integer, _as_of timestamptz
) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_expired record;
  v_freed integer := 0;
BEGIN
  FOR v_expired IN
    SELECT a.organization_id, a.job_id, j.kind, j.mode, j.fence, j.type,
      a.unit_expires_at <= clock_timestamp() AS unit_expired
    FROM active_conversions a
    CROSS JOIN LATERAL (
      SELECT j.kind, j.mode, j.fence, j.type FROM jobs j
      WHERE j.organization_id = a.organization_id AND j.id = a.job_id OFFSET 0
    ) j
    WHERE a.organization_id = ANY (_organization_ids)
      AND (a.lease_expires_at <= clock_timestamp()
           OR (a.state = 'lapsed' AND a.unit_expires_at <= clock_timestamp()))
    FOR UPDATE OF a SKIP LOCKED
  LOOP
    v_freed := v_freed + 1;
    IF v_expired.kind = 'external' AND v_expired.unit_expired IS NOT TRUE THEN
      UPDATE active_conversions SET state = 'lapsed', lease_expires_at = NULL
      WHERE organization_id = v_expired.organization_id AND job_id = v_expired.job_id;
      UPDATE usage_counters SET active = active - 1
      WHERE organization_id = v_expired.organization_id;
    ELSIF v_expired.kind = 'conversion' AND v_expired.mode = 'async'
          AND v_expired.fence < _attempts_max THEN
      PERFORM requeue_job(v_expired.organization_id, v_expired.job_id, 0);
    ELSIF v_expired.kind = 'external' THEN
      PERFORM end_reservation(v_expired.organization_id, v_expired.job_id, 'failed',
        jsonb_build_object('code', 'expired', 'detail',
          'Nobody completed the reservation in time; it is not counted.', 'retryable', true),
        'reservation_expired', _as_of);
    ELSE
      PERFORM end_reservation(v_expired.organization_id, v_expired.job_id, 'failed',
        jsonb_build_object('code', 'interrupted', 'detail',
          'The conversion was interrupted and is not counted. Please try again.',
          'retryable', true), 'interrupted', _as_of);
    END IF;
  END LOOP;
  RETURN v_freed;
END $$;
