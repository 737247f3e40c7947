-- Moves the counters of these organizations into usage_records and sets them to zero; whoever calls
-- it, under the lock, gives the rows their next period.
CREATE OR REPLACE FUNCTION close_usage_periods(_organization_ids text[])
RETURNS void LANGUAGE sql AS $$
  INSERT INTO usage_records AS r (organization_id, period_start, period_end, month, year,
    conversion_count, overage_count, reserved, overage_accrued, overage_reserved)
  SELECT organization_id, period_start, period_end,
    extract(month FROM period_start AT TIME ZONE 'UTC'),
    extract(year FROM period_start AT TIME ZONE 'UTC'),
    used, overage, reserved, overage_accrued, overage_reserved
  FROM usage_counters WHERE organization_id = ANY (_organization_ids);
  UPDATE usage_counters
  SET used = 0, reserved = 0, overage = 0, overage_accrued = 0, overage_reserved = 0
  WHERE organization_id = ANY (_organization_ids)
$$;
