-- Records what these organizations have reached and not been told of in this period, and puts one
-- message a limit into the outbox, naming all its thresholds: of the monthly limit those that the
-- organization chose, of the spend cap 80 and 100 %, and the first conversion past the limit.
-- Called when something was counted and when a limit changed. None for a limit of zero or for
-- unlimited.
--
-- A cap that what is left of it pays no further conversion for is reached, though the sum is below.
CREATE OR REPLACE FUNCTION raise_usage_alerts(_organization_ids text[], _as_of timestamptz)
RETURNS integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_messages integer;
BEGIN
  WITH standing AS MATERIALIZED (
    SELECT u.organization_id, u.period_start, u.period_end, u.used, u.overage, u.overage_accrued,
      l.monthly_limit, l.alert_thresholds, l.overage_policy, l.unit_amount, l.unit_amount_max,
      l.currency, l.spend_cap_minor, c.minor_units,
      l.spend_cap_minor / c.minor_units AS spend_cap
    FROM current_usage(_organization_ids, _as_of) u
    JOIN effective_limits(_organization_ids, _as_of) l USING (organization_id)
    CROSS JOIN LATERAL (
      SELECT power(10::numeric, minor_unit_exponent(l.currency)) AS minor_units OFFSET 0
    ) c
  ), reached AS (
    SELECT s.organization_id, s.period_start, 'monthly_limit' AS limit_name, t.threshold
    FROM standing s CROSS JOIN LATERAL unnest(s.alert_thresholds) AS t (threshold)
    WHERE s.monthly_limit > 0 AND s.used * 100 >= t.threshold * s.monthly_limit
    UNION ALL
    SELECT s.organization_id, s.period_start, 'spend_cap', t.threshold
    FROM standing s CROSS JOIN (VALUES (80), (100)) AS t (threshold)
    WHERE s.overage_policy = 'charge' AND s.overage_accrued > 0 AND s.spend_cap > 0
      AND (s.overage_accrued * 100 >= t.threshold * s.spend_cap
           OR s.overage_accrued + s.unit_amount_max > s.spend_cap)
    UNION ALL
    SELECT s.organization_id, s.period_start, 'overage', 0 FROM standing s WHERE s.overage > 0
  ), recorded AS (
    INSERT INTO usage_alerts (organization_id, period_start, limit_name, threshold, reached_at)
    SELECT r.*, _as_of FROM reached r
    -- Past its limit an organization is asked for at every completion: mostly there is nothing new.
    WHERE NOT EXISTS (
      SELECT FROM usage_alerts a WHERE a.organization_id = r.organization_id
        AND a.period_start = r.period_start AND a.limit_name = r.limit_name
        AND a.threshold = r.threshold)
    ON CONFLICT DO NOTHING
    RETURNING organization_id, limit_name, threshold
  ), told AS (
    SELECT s.*, r.limit_name, r.highest, r.thresholds, CASE
        WHEN r.limit_name = 'monthly_limit' THEN 'usage.threshold_reached'
        WHEN r.limit_name = 'overage' THEN 'overage.first'
        WHEN r.highest < 100 THEN 'spend_cap.threshold_reached'
        ELSE 'spend_cap.reached' END AS topic
    FROM (
      SELECT organization_id, limit_name, max(threshold) AS highest,
        jsonb_agg(threshold ORDER BY threshold) AS thresholds
      FROM recorded GROUP BY organization_id, limit_name
    ) r
    JOIN standing s USING (organization_id)
  ), messages AS (
    INSERT INTO outbox (organization_id, topic, dedupe_key, payload, created_at)
    SELECT organization_id, topic,
      format('%s:%s:%s', topic, extract(epoch FROM period_start), highest),
      jsonb_build_object('period_start', rfc3339(period_start)) || CASE limit_name
        WHEN 'monthly_limit' THEN jsonb_build_object('thresholds', thresholds, 'used', used,
          'limit', monthly_limit, 'policy', overage_policy, 'period_end', rfc3339(period_end))
        WHEN 'overage' THEN jsonb_build_object('policy', overage_policy, 'used', used,
          'limit', monthly_limit, 'unit_amount', unit_amount::text, 'currency', currency)
        ELSE jsonb_build_object('thresholds', thresholds, 'cap_minor', spend_cap_minor,
          'amount_minor', round(overage_accrued * minor_units), 'currency', currency) END,
      _as_of
    FROM told
    ORDER BY organization_id, limit_name
    ON CONFLICT DO NOTHING
    RETURNING 1
  )
  SELECT count(*) INTO v_messages FROM messages;
  RETURN v_messages;
END $$;
