-- Heartbeat of an external reservation: a new lease, and its unit kept for as long again. One that
-- lost its slot takes one again where there is room. result: renewed; concurrency_limited,
-- suspended or payment_overdue (it keeps its unit and has no slot); ended (completed, released or
-- expired).
CREATE OR REPLACE FUNCTION renew_reservation(
  _organization_id text, _job_id text, _lease_seconds integer, _unit_seconds integer,
  _attempts_max integer, _as_of timestamptz
) RETURNS TABLE (result text, concurrent_limit integer, active integer) LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_lease timestamptz := clock_timestamp() + make_interval(secs => _lease_seconds);
  v_unit timestamptz := clock_timestamp() + make_interval(secs => _unit_seconds);
BEGIN
  UPDATE active_conversions SET lease_expires_at = v_lease, unit_expires_at = v_unit
  WHERE organization_id = _organization_id AND job_id = _job_id AND state = 'running'
    AND unit_expires_at > clock_timestamp();
  IF FOUND THEN
    RETURN QUERY SELECT 'renewed', NULL::integer, NULL::integer;
    RETURN;
  END IF;
  PERFORM lock_organizations(ARRAY[_organization_id], _as_of);
  PERFORM sweep_leases(ARRAY[_organization_id], _attempts_max, _as_of);
  SELECT CASE WHEN a.state = 'running' THEN 'renewed'
              WHEN l.blocked IS NOT NULL THEN l.blocked
              WHEN c.active >= l.concurrent_limit THEN 'concurrency_limited'
              ELSE 'renewed' END,
    l.concurrent_limit, c.active
  INTO result, concurrent_limit, active
  FROM active_conversions a
  JOIN usage_counters c ON c.organization_id = a.organization_id
  JOIN effective_limits(ARRAY[_organization_id], _as_of) l
    ON l.organization_id = a.organization_id
  WHERE a.organization_id = _organization_id AND a.job_id = _job_id
    AND a.state IN ('lapsed', 'running');
  IF NOT FOUND THEN
    result := 'ended';
  ELSIF result = 'renewed' THEN
    UPDATE active_conversions
    SET state = 'running', lease_expires_at = v_lease, unit_expires_at = v_unit
    WHERE organization_id = _organization_id AND job_id = _job_id AND state = 'lapsed';
    -- Not found: another heartbeat was here between the two looks, and took the slot.
    IF FOUND THEN
      UPDATE usage_counters c SET active = c.active + 1
      WHERE c.organization_id = _organization_id;
    END IF;
  END IF;
  RETURN NEXT;
END $$;
