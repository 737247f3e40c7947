-- Sums the finished days of these organizations into the daily rollups, each day once. Finished is a
-- day in UTC that is over for an hour and of which no job runs or waits any more: a conversion
-- counts in the hour of its admission, so nothing is added to it later. Answers how many
-- organizations had such days. One caller at a time.
CREATE OR REPLACE FUNCTION summarize_usage_days(_organization_ids text[], _as_of timestamptz)
RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_open record;
  v_organizations integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('summarize_usage_days'));
  FOR v_open IN
    SELECT o.id, d.since, f.until
    FROM unnest(_organization_ids) AS o (id)
    CROSS JOIN LATERAL (SELECT coalesce(max(day) + interval '1 day', '2000-01-01Z') AS since
      FROM usage_daily WHERE organization_id = o.id) d
    CROSS JOIN LATERAL (SELECT date_bin('1 day', least(_as_of - interval '1 hour',
        min(admitted_at)), '2000-01-01Z') AS until
      FROM active_conversions WHERE organization_id = o.id) f
    WHERE EXISTS (SELECT FROM usage_hourly h WHERE h.organization_id = o.id
      AND h.hour >= d.since AND h.hour < f.until)
  LOOP
    v_organizations := v_organizations + 1;
    INSERT INTO usage_daily
    SELECT organization_id, date_bin('1 day', hour, '2000-01-01Z'), type, period_start,
      sum(conversions), sum(overage), sum(failed), sum(bytes_in), sum(bytes_out)
    FROM usage_hourly
    WHERE organization_id = v_open.id AND hour >= v_open.since AND hour < v_open.until
    GROUP BY 1, 2, 3, 4;
    INSERT INTO api_key_usage_daily
    SELECT organization_id, date_bin('1 day', hour, '2000-01-01Z'), actor_id, period_start,
      sum(conversions), sum(overage), sum(failed), sum(bytes_in), sum(bytes_out)
    FROM api_key_usage
    WHERE organization_id = v_open.id AND hour >= v_open.since AND hour < v_open.until
    GROUP BY 1, 2, 3, 4;
  END LOOP;
  RETURN v_organizations;
END $$;
