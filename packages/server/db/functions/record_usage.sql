-- Writes stamped completions into the ledger: one event each, the rollups, the counters.
CREATE OR REPLACE FUNCTION record_usage(
  _organization_ids text[], _stamps completion_stamp[], _as_of timestamptz
) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO usage_events (organization_id, job_id, admitted_at, completed_at, period_start, type,
    billed_as, unit_amount, currency, plan_id, plan_version, override_id, bytes_in, bytes_out,
    duration_ms, api_key_id, member_id)
  SELECT s.organization_id, s.job_id, s.admitted_at, greatest(_as_of, s.admitted_at),
    s.period_start, s.type, s.billed_as, s.unit_amount, s.currency, s.plan_id, s.plan_version,
    s.override_id, s.bytes_in, s.bytes_out, s.duration_ms, s.api_key_id, s.member_id
  FROM unnest(_stamps) s;

  INSERT INTO usage_hourly AS t (organization_id, hour, type, period_start, conversions, overage,
    bytes_in, bytes_out, duration_ms)
  SELECT s.organization_id, date_trunc('hour', s.admitted_at, 'UTC'), s.type, s.period_start,
    count(*), count(*) FILTER (WHERE s.billed_as = 'overage'), sum(s.bytes_in), sum(s.bytes_out),
    sum(s.duration_ms)
  FROM unnest(_stamps) s GROUP BY 1, 2, 3, 4
  ON CONFLICT (organization_id, hour, type, period_start) DO UPDATE SET
    conversions = t.conversions + excluded.conversions, overage = t.overage + excluded.overage,
    bytes_in = t.bytes_in + excluded.bytes_in, bytes_out = t.bytes_out + excluded.bytes_out,
    duration_ms = t.duration_ms + excluded.duration_ms;

  INSERT INTO api_key_usage AS t (organization_id, actor_id, hour, period_start, conversions,
    overage, bytes_in, bytes_out)
  SELECT s.organization_id, coalesce(s.api_key_id, s.member_id, ''),
    date_trunc('hour', s.admitted_at, 'UTC'), s.period_start, count(*),
    count(*) FILTER (WHERE s.billed_as = 'overage'), sum(s.bytes_in), sum(s.bytes_out)
  FROM unnest(_stamps) s GROUP BY 1, 2, 3, 4
  ON CONFLICT (organization_id, actor_id, hour, period_start) DO UPDATE SET
    conversions = t.conversions + excluded.conversions, overage = t.overage + excluded.overage,
    bytes_in = t.bytes_in + excluded.bytes_in, bytes_out = t.bytes_out + excluded.bytes_out;

  UPDATE usage_counters c SET used = c.used + n.units, overage = c.overage + n.overage,
    reserved = c.reserved - n.units, active = c.active - n.slots,
    overage_accrued = c.overage_accrued + n.amount,
    overage_reserved = c.overage_reserved - n.amount_reserved
  FROM (
    SELECT s.organization_id, count(*) AS slots, count(*) FILTER (WHERE NOT s.late) AS units,
      count(*) FILTER (WHERE NOT s.late AND s.billed_as = 'overage') AS overage,
      coalesce(sum(s.unit_amount) FILTER (WHERE NOT s.late), 0) AS amount,
      coalesce(sum(s.overage_reserved) FILTER (WHERE NOT s.late), 0) AS amount_reserved
    FROM unnest(_stamps) s GROUP BY 1
  ) n
  WHERE c.organization_id = n.organization_id AND c.organization_id = ANY (_organization_ids);

  IF EXISTS (SELECT FROM unnest(_stamps) s WHERE s.late) THEN
    UPDATE usage_records r SET conversion_count = r.conversion_count + n.units,
      overage_count = r.overage_count + n.overage, reserved = r.reserved - n.units,
      overage_accrued = r.overage_accrued + n.amount,
      overage_reserved = r.overage_reserved - n.amount_reserved
    FROM (
      SELECT s.organization_id, s.period_start, count(*) AS units,
        count(*) FILTER (WHERE s.billed_as = 'overage') AS overage,
        coalesce(sum(s.unit_amount), 0) AS amount, sum(s.overage_reserved) AS amount_reserved
      FROM unnest(_stamps) s WHERE s.late GROUP BY 1, 2
    ) n
    WHERE r.organization_id = n.organization_id AND r.period_start = n.period_start
      AND r.organization_id = ANY (_organization_ids);
  END IF;
END $$;
