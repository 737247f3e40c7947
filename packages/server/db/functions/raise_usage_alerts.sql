-- Records the thresholds that these organizations have reached and not been told of in this period,
-- and puts one message an organization into the outbox, naming all of them. Called when something
-- was counted and when a limit changed. None for a limit of zero or for unlimited.
CREATE OR REPLACE FUNCTION raise_usage_alerts(_organization_ids text[], _as_of timestamptz)
RETURNS integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_messages integer;
BEGIN
  WITH reached AS (
    INSERT INTO usage_alerts (organization_id, period_start, limit_name, threshold, reached_at)
    SELECT u.organization_id, u.period_start, 'monthly_limit', t.threshold, _as_of
    FROM current_usage(_organization_ids, _as_of) u
    JOIN effective_limits(_organization_ids, _as_of) l USING (organization_id)
    CROSS JOIN LATERAL unnest(l.alert_thresholds) AS t (threshold)
    WHERE l.monthly_limit > 0 AND u.used * 100 >= t.threshold * l.monthly_limit
    ON CONFLICT DO NOTHING
    RETURNING organization_id, period_start, threshold
  ), messages AS (
    INSERT INTO outbox (organization_id, topic, dedupe_key, payload, created_at)
    SELECT r.organization_id, 'usage.threshold_reached',
      format('usage.threshold_reached:%s:%s', extract(epoch FROM r.period_start),
             max(r.threshold)),
      jsonb_build_object('thresholds', jsonb_agg(r.threshold ORDER BY r.threshold),
        'period_start', r.period_start, 'used', max(u.used), 'limit', max(l.monthly_limit)),
      _as_of
    FROM reached r
    JOIN current_usage(_organization_ids, _as_of) u USING (organization_id)
    JOIN effective_limits(_organization_ids, _as_of) l USING (organization_id)
    GROUP BY r.organization_id, r.period_start
    ON CONFLICT DO NOTHING
    RETURNING 1
  )
  SELECT count(*) INTO v_messages FROM messages;
  RETURN v_messages;
END $$;
