-- {"key_…": {"limit": 500, "used": 17}}: the organization's keys that have a monthly limit of their
-- own, with what they have used and hold reserved in the period.
CREATE OR REPLACE FUNCTION capped_key_usage(_organization_id text, _period_start timestamptz)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(k.id, jsonb_build_object('limit', k.monthly_limit, 'used',
    (SELECT coalesce(sum(u.conversions), 0) FROM api_key_usage u
     WHERE u.organization_id = _organization_id AND u.actor_id = k.id
       AND u.period_start = _period_start AND u.hour >= date_trunc('hour', _period_start))
    + (SELECT count(*) FROM active_conversions a
       WHERE a.organization_id = _organization_id AND a.api_key_id = k.id
         AND a.period_start = _period_start))), '{}')
  FROM api_keys k
  WHERE k.organization_id = _organization_id AND k.monthly_limit IS NOT NULL
$$;
