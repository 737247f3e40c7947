-- The decision, set-wise, for organizations where one rule covers all calls; in arrival order, and
-- reading only. decide_admissions_in_order() says the same, one call after the other.
--
-- Why ranks are enough: a refused call takes neither slot nor unit. Once slots are full they stay
-- full for the rest of the batch, and so does the quota; so counting the calls before this one that
-- wanted a slot, and among those with a slot the ones that wanted a unit, gives what a loop would.
--
-- The joins of arrays and sets must be hash joins: as nested loops they are quadratic at 256 rows.
CREATE OR REPLACE FUNCTION decide_admissions_set_wise(
  _organization_ids text[], _modes text[], _types text[], _bytes bigint[], _duplicates boolean[],
  _queued_max integer, _as_of timestamptz, _apart boolean
) RETURNS SETOF admission_decision LANGUAGE plpgsql STABLE
SET enable_nestloop = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  WITH calls AS MATERIALIZED (
    SELECT c.ordinal::integer, c.organization_id, c.mode, c.type,
      CASE WHEN _apart THEN c.ordinal ELSE 0 END AS race,
      l.plan_id, l.plan_version, l.plan_name, l.override_id, l.monthly_limit, l.overdue,
      l.max_file_size_mb * 1048576::bigint AS file_bytes_max, l.concurrent_limit,
      l.overage_policy, l.currency, l.spend_cap_minor,
      coalesce((l.unit_amounts_by_type ->> c.type)::numeric, l.unit_amount) AS unit_amount,
      l.unit_amount_max, l.retention_hours,
      u.used, u.reserved, u.active, u.queued, u.period_start, u.period_end,
      CASE WHEN c.duplicate THEN 'duplicate'
           WHEN l.organization_id IS NULL THEN 'suspended'
           WHEN l.blocked IS NOT NULL THEN l.blocked
           WHEN c.bytes > l.max_file_size_mb * 1048576::bigint THEN 'file_too_large'
      END AS refusal
    FROM unnest(_organization_ids, _modes, _types, _bytes, _duplicates) WITH ORDINALITY
      AS c (organization_id, mode, type, bytes, duplicate, ordinal)
    LEFT JOIN effective_limits(_organization_ids, _as_of) l USING (organization_id)
    LEFT JOIN current_usage(_organization_ids, _as_of) u USING (organization_id)
  ), slots AS (
    SELECT *, refusal IS NULL AND CASE mode
        WHEN 'sync' THEN coalesce(active + count(*) FILTER (WHERE refusal IS NULL)
          OVER same_mode <= concurrent_limit, true)
        ELSE queued + count(*) FILTER (WHERE refusal IS NULL) OVER same_mode <= _queued_max
      END AS has_room
    FROM calls
    WINDOW same_mode AS (PARTITION BY race, organization_id, mode ORDER BY ordinal)
  ), units AS (
    SELECT *, count(*) FILTER (WHERE has_room) OVER earlier AS units_before
    FROM slots
    WINDOW earlier AS (PARTITION BY race, organization_id ORDER BY ordinal
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), verdicts AS (
    SELECT *, used + reserved + units_before >= monthly_limit AS past_limit FROM units
  )
  SELECT ordinal,
    CASE WHEN refusal IS NOT NULL THEN refusal
         WHEN past_limit AND overage_policy = 'block' THEN
           CASE WHEN overdue THEN 'payment_overdue' ELSE 'quota_exceeded' END
         WHEN NOT has_room THEN
           CASE mode WHEN 'sync' THEN 'concurrency_limited' ELSE 'queue_full' END
         WHEN past_limit THEN 'allowed_overage'
         ELSE 'allowed' END,
    organization_id, plan_id, plan_version, plan_name, override_id, monthly_limit,
    used, reserved + units_before, concurrent_limit, active, queued, file_bytes_max,
    overage_policy, unit_amount, currency, spend_cap_minor,
    CASE WHEN past_limit AND overage_policy = 'charge' THEN unit_amount_max ELSE 0 END,
    NULL::bigint, NULL::bigint, period_start, period_end,
    greatest(_as_of, period_start), retention_hours
  FROM verdicts
  ORDER BY ordinal;
END $$;
