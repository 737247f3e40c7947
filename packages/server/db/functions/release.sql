-- Ends conversions without counting them. A status of failed or cancelled is terminal; retry puts
-- the job back into the queue. A NULL fence (a cancel from outside) ends whatever attempt there is.
-- result: released, or stale where another attempt or terminal state came first.
CREATE OR REPLACE FUNCTION release(
  _organization_ids text[], _job_ids text[], _fences integer[], _statuses text[], _errors text[],
  _reasons text[], _as_of timestamptz
) RETURNS TABLE (ordinal integer, result text) LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_ids text[];
  v_call record;
  v_status text;
BEGIN
  SELECT array_agg(DISTINCT id ORDER BY id) INTO v_ids FROM unnest(_organization_ids) AS x (id);
  PERFORM lock_organizations(v_ids, _as_of);
  FOR v_call IN
    SELECT * FROM unnest(_organization_ids, _job_ids, _fences, _statuses, _errors, _reasons)
      WITH ORDINALITY AS c (organization_id, job_id, fence, status, error, reason, n)
    ORDER BY n
  LOOP
    ordinal := v_call.n;
    SELECT j.status INTO v_status FROM jobs j
    WHERE j.organization_id = v_call.organization_id AND j.id = v_call.job_id
      AND j.status IN ('queued', 'processing') AND j.fence = coalesce(v_call.fence, j.fence);
    IF NOT FOUND THEN
      result := 'stale';
    ELSIF v_call.status = 'retry' THEN
      IF v_status = 'processing' THEN
        PERFORM requeue_job(v_call.organization_id, v_call.job_id, 1);
      END IF;
      result := 'released';
    ELSE
      PERFORM end_reservation(v_call.organization_id, v_call.job_id, v_call.status,
                              v_call.error::jsonb, v_call.reason, _as_of);
      result := 'released';
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
