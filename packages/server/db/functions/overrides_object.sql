-- The overrides that are in effect, as the super admin sees them; NULL where there are none.
CREATE OR REPLACE FUNCTION overrides_object(_organization_id text, _as_of timestamptz)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', s.override_id, 'object', 'overrides',
    'monthly_limit', shown.monthly_limit, 'concurrent_limit', shown.concurrent_limit,
    'max_file_size_mb', shown.max_file_size_mb,
    'overage_price', trim_scale(s.override_overage_price)::text,
    'rate_limit_per_minute', shown.rate_limit_per_minute, 'reason', s.override_reason,
    'author', s.override_author, 'created_at', rfc3339(s.override_created_at),
    'expires_at', rfc3339(s.override_expires_at))
  FROM organization_subscriptions s
  JOIN effective_limits(ARRAY[_organization_id], _as_of) l ON l.override_id = s.override_id
  CROSS JOIN LATERAL (
    SELECT CASE s.override_monthly_limit WHEN -1 THEN '"unlimited"'::jsonb
             ELSE to_jsonb(s.override_monthly_limit) END AS monthly_limit,
           CASE s.override_concurrent_limit WHEN -1 THEN '"unlimited"'::jsonb
             ELSE to_jsonb(s.override_concurrent_limit) END AS concurrent_limit,
           CASE s.override_max_file_size_mb WHEN -1 THEN '"unlimited"'::jsonb
             ELSE to_jsonb(s.override_max_file_size_mb) END AS max_file_size_mb,
           CASE s.override_rate_limit_per_minute WHEN -1 THEN '"unlimited"'::jsonb
             ELSE to_jsonb(s.override_rate_limit_per_minute) END AS rate_limit_per_minute
  ) shown
  WHERE s.organization_id = _organization_id
$$;
