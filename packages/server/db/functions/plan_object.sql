-- A version of a plan as it goes onto the wire (`plan`); NULL limits are unlimited.
CREATE OR REPLACE FUNCTION plan_object(_plan_id text, _version integer) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', p.id, 'object', 'plan', 'name', p.name, 'version', v.version,
    'monthly_conversion_limit', v.monthly_conversion_limit,
    'concurrent_conversion_limit', v.concurrent_conversion_limit,
    'max_file_size_mb', v.max_file_size_mb, 'rate_limit_per_minute', v.rate_limit_per_minute,
    'overage_policies', to_jsonb(v.overage_policies),
    'prices', coalesce((
      SELECT jsonb_agg(jsonb_build_object('currency', c.currency, 'interval', c.interval,
          'amount_minor', c.amount_minor, 'overage_amount', trim_scale(c.overage_amount)::text,
          'overage_amounts_by_type', c.overage_amounts_by_type, 'overage_tiers', c.overage_tiers)
        ORDER BY c.currency <> 'usd', c.currency, c.interval)
      FROM subscription_plan_prices c WHERE c.plan_id = v.plan_id AND c.version = v.version), '[]'),
    'features', v.features, 'active', p.active,
    'self_service', p.self_service)
  FROM subscription_plans p
  JOIN subscription_plan_versions v ON v.plan_id = p.id
  WHERE p.id = _plan_id AND v.version = _version
$$;
