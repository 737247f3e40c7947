-- Counts a batch of finished conversions, each exactly once: job succeeded, reservation gone, usage
-- event written, counter and rollups bumped, alerts found; all of it, or nothing.
-- result: counted; already (it was counted before under this fence); stale (another attempt, or
-- another terminal state, came first: the caller throws its output away).
--
-- A completion is overage when it is past the larger of the limit at admission and the limit now;
-- its price is that of admission, and of graduated prices the tier that it reaches among the overage
-- of its period. One that was admitted in a period that is over counts there.
CREATE OR REPLACE FUNCTION complete(
  _organization_ids text[], _job_ids text[], _fences integer[], _outputs text[],
  _warnings text[], _bytes_out bigint[], _duration_ms integer[], _as_of timestamptz
) RETURNS SETOF completion LANGUAGE plpgsql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ids text[];
  v_completions completion[];
  v_counted bigint[];
  v_overage boolean;
  v_bills overage_bill_key[];
  v_alerting text[];
BEGIN
  SELECT array_agg(DISTINCT id ORDER BY id) INTO v_ids FROM unnest(_organization_ids) AS x (id);
  PERFORM lock_organizations(v_ids, _as_of);
  WITH finished AS MATERIALIZED (
    SELECT * FROM finish_jobs(_organization_ids, _job_ids, _fences, _outputs, _warnings,
                              _bytes_out, _duration_ms, _as_of)
  ), organizations AS MATERIALIZED (
    SELECT c.organization_id, c.period_start, c.used, c.overage, c.billed_until,
      l.monthly_limit, l.alert_thresholds[1] AS first_threshold
    FROM usage_counters c
    JOIN effective_limits(v_ids, _as_of) l ON l.organization_id = c.organization_id
    WHERE c.organization_id = ANY (v_ids)
  ), positioned AS (
    SELECT f.*, o.monthly_limit AS limit_now, o.first_threshold, o.billed_until,
      f.period_start < o.period_start AS late,
      coalesce(r.conversion_count, o.used) + row_number()
        OVER (PARTITION BY f.organization_id, f.period_start ORDER BY f.ordinal) AS position,
      coalesce(r.overage_count, o.overage) AS overage_before
    FROM finished f
    JOIN organizations o ON o.organization_id = f.organization_id
    LEFT JOIN LATERAL (
      SELECT r.conversion_count, r.overage_count FROM usage_records r
      WHERE r.organization_id = f.organization_id AND r.period_start = f.period_start
        AND f.period_start < o.period_start OFFSET 0
    ) r ON true
  ), priced AS (
    SELECT p.*, date_bin('1 hour', p.admitted_at, '2000-01-01Z') AS hour,
      greatest(_as_of, p.admitted_at) AS finished_at, b.overage,
      CASE WHEN b.overage THEN 'overage' ELSE 'included' END AS billed_as,
      CASE WHEN b.overage THEN CASE
        WHEN p.overage_policy = 'warn' THEN 0
        WHEN p.overage_tiers IS NULL THEN p.unit_amount
        ELSE overage_tier_amount(p.overage_tiers, p.overage_before + count(*) FILTER (
          WHERE b.overage) OVER (PARTITION BY p.organization_id, p.period_start ORDER BY p.ordinal))
      END END AS amount
    FROM positioned p
    CROSS JOIN LATERAL (SELECT p.overage_policy <> 'block' AND coalesce(
      p.position > p.monthly_limit AND p.position > p.limit_now, false) AS overage) b
  ), billed AS MATERIALIZED (
    SELECT *, CASE WHEN amount > 0
      -- Its period's bill, or where that is sealed the one that is open now; NULL: costs nothing.
      THEN greatest(period_start, billed_until) END AS bill_start
    FROM priced
  ), events AS (
    INSERT INTO usage_events (organization_id, job_id, admitted_at, completed_at, period_start,
      type, billed_as, unit_amount, currency, plan_id, plan_version, override_id, bytes_in,
      bytes_out, duration_ms, api_key_id, member_id, bill_start)
    SELECT organization_id, job_id, admitted_at, finished_at, period_start, type, billed_as,
      amount, currency, plan_id, plan_version, override_id, bytes_in, bytes_out, duration_ms,
      api_key_id, member_id, bill_start
    FROM billed
  ), by_type AS (
    INSERT INTO usage_hourly AS t (organization_id, hour, type, period_start, conversions,
      overage, bytes_in, bytes_out, duration_ms)
    SELECT organization_id, hour, type, period_start, count(*), count(*) FILTER (WHERE overage),
      sum(bytes_in), sum(bytes_out), sum(duration_ms)
    FROM billed GROUP BY organization_id, hour, type, period_start
    ON CONFLICT (organization_id, hour, type, period_start) DO UPDATE SET
      conversions = t.conversions + excluded.conversions, overage = t.overage + excluded.overage,
      bytes_in = t.bytes_in + excluded.bytes_in, bytes_out = t.bytes_out + excluded.bytes_out,
      duration_ms = t.duration_ms + excluded.duration_ms
  ), by_actor AS (
    INSERT INTO api_key_usage AS t (organization_id, actor_id, hour, period_start, conversions,
      overage, bytes_in, bytes_out)
    SELECT organization_id, coalesce(api_key_id, member_id, ''), hour, period_start, count(*),
      count(*) FILTER (WHERE overage), sum(bytes_in), sum(bytes_out)
    FROM billed GROUP BY 1, 2, 3, 4
    ON CONFLICT (organization_id, actor_id, hour, period_start) DO UPDATE SET
      conversions = t.conversions + excluded.conversions, overage = t.overage + excluded.overage,
      bytes_in = t.bytes_in + excluded.bytes_in, bytes_out = t.bytes_out + excluded.bytes_out
  ), sums AS MATERIALIZED (
    SELECT organization_id, period_start, late, count(*) AS units,
      count(*) FILTER (WHERE holds_slot) AS slots,
      count(*) FILTER (WHERE overage) AS overage, coalesce(sum(amount), 0) AS amount,
      sum(overage_reserved) AS amount_reserved
    FROM billed GROUP BY organization_id, period_start, late
  ), counters AS (
    UPDATE usage_counters c SET used = c.used + n.units, overage = c.overage + n.overage,
      reserved = c.reserved - n.units, active = c.active - n.slots,
      overage_accrued = c.overage_accrued + n.amount,
      overage_reserved = c.overage_reserved - n.amount_reserved
    FROM (
      SELECT organization_id, sum(slots)::integer AS slots,
        coalesce(sum(units) FILTER (WHERE NOT late), 0)::bigint AS units,
        coalesce(sum(overage) FILTER (WHERE NOT late), 0)::bigint AS overage,
        coalesce(sum(amount) FILTER (WHERE NOT late), 0) AS amount,
        coalesce(sum(amount_reserved) FILTER (WHERE NOT late), 0) AS amount_reserved
      FROM sums GROUP BY organization_id
    ) n
    WHERE c.organization_id = n.organization_id AND c.organization_id = ANY (v_ids)
  ), records AS (
    UPDATE usage_records r SET conversion_count = r.conversion_count + n.units,
      overage_count = r.overage_count + n.overage, reserved = r.reserved - n.units,
      overage_accrued = r.overage_accrued + n.amount,
      overage_reserved = r.overage_reserved - n.amount_reserved
    FROM sums n
    WHERE n.late AND r.organization_id = n.organization_id AND r.period_start = n.period_start
      AND r.organization_id = ANY (v_ids)
  )
  SELECT array_agg(ROW(b.ordinal, 'counted', b.billed_as, b.amount, b.currency, b.period_start,
                       b.position, b.limit_now, b.finished_at)::completion),
    array_agg(b.ordinal::bigint), bool_or(b.overage),
    array_agg(DISTINCT (b.organization_id, b.bill_start, b.currency)::overage_bill_key)
      FILTER (WHERE b.bill_start IS NOT NULL),
    array_agg(DISTINCT b.organization_id) FILTER (WHERE NOT b.late AND (b.overage OR b.limit_now > 0
      AND b.position * 100 >= b.first_threshold * b.limit_now))
  INTO v_completions, v_counted, v_overage, v_bills, v_alerting
  FROM billed b;
  RETURN QUERY SELECT * FROM unnest(v_completions);
  IF v_overage THEN
    PERFORM mark_overage(_organization_ids, _job_ids, v_completions);
    PERFORM open_overage_bills(v_bills, _as_of);
  END IF;
  IF v_counted IS NOT NULL
    AND EXISTS (SELECT FROM webhook_endpoints WHERE wants_conversions) THEN
    PERFORM announce_conversions(array_agg(_organization_ids[n]), array_agg(_job_ids[n]),
      'succeeded', _as_of) FROM unnest(v_counted) AS counted (n);
  END IF;
  IF v_alerting IS NOT NULL THEN
    PERFORM raise_usage_alerts(v_alerting, _as_of);
  END IF;
  IF coalesce(cardinality(v_counted), 0) < cardinality(_job_ids) THEN
    RETURN QUERY
    SELECT c.ordinal::integer, CASE WHEN j.counted THEN 'already' ELSE 'stale' END, j.billed_as,
      j.unit_amount, j.currency, j.period_start, NULL::bigint, NULL::bigint, j.finished_at
    FROM unnest(_organization_ids, _job_ids, _fences) WITH ORDINALITY
      AS c (organization_id, job_id, fence, ordinal)
    LEFT JOIN LATERAL (
      SELECT j.counted AND j.fence = c.fence AS counted, j.billed_as, j.unit_amount, j.currency,
        j.period_start, j.finished_at
      FROM jobs j WHERE j.organization_id = c.organization_id AND j.id = c.job_id OFFSET 0
    ) j ON true
    WHERE (c.ordinal = ANY (v_counted)) IS NOT TRUE;
  END IF;
END $$;
