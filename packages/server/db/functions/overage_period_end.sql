-- The end of the usage period that a bill's start lies in, whether that runs or is closed.
CREATE OR REPLACE FUNCTION overage_period_end(_organization_id text, _start timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT c.period_end FROM usage_counters c
     WHERE c.organization_id = _organization_id AND c.period_start <= _start),
    (SELECT r.period_end FROM usage_records r
     WHERE r.organization_id = _organization_id AND r.period_start <= _start
     ORDER BY r.period_start DESC LIMIT 1))
$$;
