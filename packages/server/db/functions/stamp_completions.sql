-- Which of these completions count, and how each is billed: reads only, complete() writes it down.
-- A completion counts once, while its job is processing under the same fence. It is overage when it
-- is past the larger of the limit at admission and the limit now; its price is that of admission.
-- The caller holds the organizations' locks.
CREATE OR REPLACE FUNCTION stamp_completions(
  _organization_ids text[], _job_ids text[], _fences integer[], _bytes_out bigint[],
  _duration_ms integer[], _as_of timestamptz
) RETURNS SETOF completion_stamp LANGUAGE plpgsql STABLE
SET enable_nestloop = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  WITH calls AS (
    SELECT *, row_number() OVER (PARTITION BY c.organization_id, c.job_id ORDER BY c.ordinal)
      AS repetition
    FROM unnest(_organization_ids, _job_ids, _fences, _bytes_out, _duration_ms) WITH ORDINALITY
      AS c (organization_id, job_id, fence, bytes_out, duration_ms, ordinal)
  ), gate AS MATERIALIZED (
    SELECT c.ordinal, c.bytes_out, c.duration_ms, j.type, j.bytes_in, j.api_key_id, j.member_id, a.*
    FROM calls c
    CROSS JOIN LATERAL (
      SELECT j.type, (j.input ->> 'size_bytes')::bigint AS bytes_in, j.api_key_id, j.member_id
      FROM jobs j
      WHERE j.organization_id = c.organization_id AND j.id = c.job_id
        AND j.status = 'processing' AND j.fence = c.fence OFFSET 0
    ) j
    CROSS JOIN LATERAL (
      SELECT a.organization_id, a.job_id, a.admitted_at, a.period_start, a.monthly_limit,
        a.overage_policy, a.unit_amount, a.currency, a.overage_reserved, a.plan_id,
        a.plan_version, a.override_id
      FROM active_conversions a
      WHERE a.organization_id = c.organization_id AND a.job_id = c.job_id OFFSET 0
    ) a
    WHERE c.repetition = 1
  ), positioned AS (
    SELECT g.*, l.monthly_limit AS limit_now, l.alert_thresholds[1] AS first_threshold,
      g.period_start < c.period_start AS late,
      coalesce(r.conversion_count, c.used) + row_number()
        OVER (PARTITION BY g.organization_id, g.period_start ORDER BY g.ordinal) AS position
    FROM gate g
    JOIN usage_counters c ON c.organization_id = g.organization_id
      AND c.organization_id = ANY (_organization_ids)
    JOIN effective_limits(_organization_ids, _as_of) l ON l.organization_id = g.organization_id
    LEFT JOIN LATERAL (
      SELECT r.conversion_count FROM usage_records r
      WHERE r.organization_id = g.organization_id AND r.period_start = g.period_start
        AND g.period_start < c.period_start OFFSET 0
    ) r ON true
  ), billed AS (
    SELECT *, CASE WHEN overage_policy <> 'block' AND position > monthly_limit
                        AND position > limit_now THEN 'overage' ELSE 'included' END AS billed_as
    FROM positioned
  )
  SELECT ordinal::integer, organization_id, job_id, type, admitted_at, period_start, late, position,
    limit_now, coalesce(NOT late AND limit_now > 0
                        AND position * 100 >= first_threshold * limit_now, false),
    billed_as, CASE WHEN billed_as = 'included' THEN NULL
                    WHEN overage_policy = 'warn' THEN 0 ELSE unit_amount END,
    currency, plan_id, plan_version, override_id, overage_reserved, bytes_in, bytes_out,
    duration_ms, api_key_id, member_id
  FROM billed;
END $$;
