-- The decision, set-wise, for organizations where one rule covers all calls; in arrival order, and
-- reading only. decide_admissions_in_order() says the same, one call after the other.
--
-- Why ranks are enough: a refused call takes neither slot nor unit. Once slots are full they stay
-- full for the rest of the batch, and so does the quota; so counting the calls before this one that
-- wanted a slot, and among those with a slot the ones that wanted a unit, gives what a loop would.
--
-- What is known of an organization is wide and the same for all its calls: the ranks are taken over
-- narrow rows that name it by a number, and it is joined on again at the end. The joins must be
-- hash joins: as nested loops they are quadratic at 256 rows.
CREATE OR REPLACE FUNCTION decide_admissions_set_wise(
  _organization_ids text[], _modes text[], _types text[], _bytes bigint[], _duplicates boolean[],
  _queued_max integer, _as_of timestamptz, _apart boolean
) RETURNS SETOF admission_decision LANGUAGE plpgsql STABLE
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  WITH organizations AS MATERIALIZED (
    SELECT row_number() OVER ()::integer AS number, l.*,
      l.max_file_size_mb * 1048576::bigint AS file_bytes_max,
      u.used, u.reserved, u.overage, u.active, u.queued, u.period_start, u.period_end,
      greatest(_as_of, u.period_start) AS admitted_at
    FROM effective_limits(_organization_ids, _as_of) l
    JOIN current_usage(_organization_ids, _as_of) u USING (organization_id)
  ), calls AS (
    SELECT c.ordinal::integer, o.number, c.mode = 'sync' AS sync, c.type,
      CASE WHEN c.duplicate THEN 'duplicate'
           WHEN o.number IS NULL THEN 'suspended'
           WHEN o.blocked IS NOT NULL THEN o.blocked
           WHEN c.bytes > o.file_bytes_max THEN 'file_too_large'
      END AS refusal,
      CASE WHEN c.mode = 'sync' THEN o.concurrent_limit - o.active ELSE _queued_max - o.queued
      END AS room
    FROM unnest(_organization_ids, _modes, _types, _bytes, _duplicates) WITH ORDINALITY
      AS c (organization_id, mode, type, bytes, duplicate, ordinal)
    LEFT JOIN organizations o USING (organization_id)
  ), slots AS (
    SELECT *, refusal IS NULL AND coalesce(room >= CASE
        WHEN _apart THEN 1
        WHEN sync THEN count(*) FILTER (WHERE refusal IS NULL AND sync) OVER arrivals
        ELSE count(*) FILTER (WHERE refusal IS NULL AND NOT sync) OVER arrivals
      END, true) AS has_room
    FROM calls
    WINDOW arrivals AS (PARTITION BY number ORDER BY ordinal ROWS UNBOUNDED PRECEDING)
  ), units AS (
    SELECT *, CASE WHEN _apart THEN 0 ELSE count(*) FILTER (WHERE has_room) OVER earlier
      END AS units_before
    FROM slots
    WINDOW earlier AS (PARTITION BY number ORDER BY ordinal
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), placed AS (
    SELECT c.ordinal, c.refusal, c.has_room, c.sync, c.type, c.units_before,
      o.used + o.reserved + c.units_before >= o.monthly_limit AS past_limit, o.*
    FROM units c LEFT JOIN organizations o USING (number)
  )
  SELECT ordinal,
    CASE WHEN refusal IS NOT NULL THEN refusal
         WHEN past_limit AND overage_policy = 'block' THEN
           CASE WHEN overdue THEN 'payment_overdue' ELSE 'quota_exceeded' END
         WHEN NOT has_room THEN
           CASE WHEN sync THEN 'concurrency_limited' ELSE 'queue_full' END
         WHEN past_limit THEN 'allowed_overage'
         ELSE 'allowed' END,
    coalesce(organization_id, _organization_ids[ordinal]),
    plan_id, plan_version, plan_name, override_id, monthly_limit,
    used, reserved + units_before, concurrent_limit, active, queued, file_bytes_max,
    overage_policy, CASE WHEN unit_amounts_by_type IS NULL AND overage_tiers IS NULL THEN unit_amount
      ELSE coalesce((unit_amounts_by_type ->> type)::numeric,
        overage_tier_amount(overage_tiers, overage + 1), unit_amount) END,
    currency, spend_cap_minor,
    CASE WHEN past_limit AND overage_policy = 'charge' THEN unit_amount_max ELSE 0 END,
    NULL::bigint, NULL::bigint, period_start, period_end, admitted_at, retention_hours,
    CASE WHEN unit_amounts_by_type -> type IS NULL THEN overage_tiers END
  FROM placed
  ORDER BY ordinal;
END $$;
