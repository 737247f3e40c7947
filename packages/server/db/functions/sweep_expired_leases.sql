-- The timer's sweep: finds organizations with expired leases, locks them and frees what is dead.
CREATE OR REPLACE FUNCTION sweep_expired_leases(
  _organizations_max integer, _attempts_max integer, _as_of timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_ids text[];
BEGIN
  SELECT array_agg(organization_id ORDER BY organization_id) INTO v_ids FROM (
    SELECT organization_id FROM active_conversions WHERE lease_expires_at <= clock_timestamp()
    UNION
    SELECT organization_id FROM active_conversions
    WHERE state = 'lapsed' AND unit_expires_at <= clock_timestamp()
    LIMIT _organizations_max
  ) expired;
  IF v_ids IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM lock_organizations(v_ids, _as_of);
  RETURN sweep_leases(v_ids, _attempts_max, _as_of);
END $$;
