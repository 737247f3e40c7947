-- Counts a batch of finished conversions, each exactly once: job succeeded, reservation gone, usage
-- event written, counter and rollups bumped, alerts found; all of it, or nothing.
-- result: counted; already (it was counted before under this fence); stale (another attempt, or
-- another terminal state, came first: the caller throws its output away).
CREATE OR REPLACE FUNCTION complete(
  _organization_ids text[], _job_ids text[], _fences integer[], _outputs text[],
  _warnings text[], _bytes_out bigint[], _duration_ms integer[], _as_of timestamptz
) RETURNS TABLE (
  ordinal integer, result text, billed_as text, unit_amount numeric, currency text,
  period_start timestamptz, used bigint, monthly_limit bigint, finished_at timestamptz
) LANGUAGE plpgsql
SET enable_nestloop = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_ids text[];
  v_stamps completion_stamp[];
  v_alerting text[];
BEGIN
  SELECT array_agg(DISTINCT id ORDER BY id) INTO v_ids FROM unnest(_organization_ids) AS x (id);
  PERFORM lock_organizations(v_ids, _as_of);
  SELECT array_agg(s ORDER BY s.ordinal),
    array_agg(DISTINCT s.organization_id) FILTER (WHERE s.alerting)
  INTO v_stamps, v_alerting
  FROM stamp_completions(_organization_ids, _job_ids, _fences, _bytes_out, _duration_ms, _as_of) s;
  IF v_stamps IS NOT NULL THEN
    PERFORM finish_jobs(v_stamps, _outputs, _warnings, _as_of);
    PERFORM record_usage(v_ids, v_stamps, _as_of);
    IF v_alerting IS NOT NULL THEN
      PERFORM raise_usage_alerts(v_alerting, _as_of);
    END IF;
  END IF;
  RETURN QUERY
  SELECT c.ordinal::integer,
    CASE WHEN s.ordinal IS NOT NULL THEN 'counted' WHEN j.counted THEN 'already' ELSE 'stale' END,
    coalesce(s.billed_as, j.billed_as), coalesce(s.unit_amount, j.unit_amount),
    coalesce(s.currency, j.currency), coalesce(s.period_start, j.period_start),
    s.position, s.limit_now,
    CASE WHEN s.ordinal IS NULL THEN j.finished_at ELSE greatest(_as_of, s.admitted_at) END
  FROM unnest(_organization_ids, _job_ids, _fences) WITH ORDINALITY
    AS c (organization_id, job_id, fence, ordinal)
  LEFT JOIN unnest(v_stamps) s ON s.ordinal = c.ordinal
  LEFT JOIN LATERAL (
    SELECT j.counted AND j.fence = c.fence AS counted, j.billed_as, j.unit_amount, j.currency,
      j.period_start, j.finished_at
    FROM jobs j
    WHERE s.ordinal IS NULL AND j.organization_id = c.organization_id AND j.id = c.job_id OFFSET 0
  ) j ON true
  ORDER BY c.ordinal;
END $$;
