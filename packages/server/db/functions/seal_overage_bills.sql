-- Closes the bills of all usage periods that are over, under the organization's lock: what completes
-- afterwards stands on a later bill, so what is on these never changes again. With _cut_at also the
-- bill of the running period, up to then (a subscription that ended). A repeat changes nothing.
--
-- _period_end: the payment provider's word that a period has ended, by its clock.
CREATE OR REPLACE FUNCTION seal_overage_bills(
  _organization_id text, _period_end timestamptz, _cut_at timestamptz, _as_of timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_ids text[] := ARRAY[_organization_id];
  v_boundary timestamptz;
BEGIN
  PERFORM lock_organizations(v_ids, _as_of);
  PERFORM roll_usage_periods(v_ids, greatest(_as_of, _period_end));
  UPDATE usage_counters SET billed_until = greatest(billed_until, period_start, _cut_at)
  WHERE organization_id = _organization_id
  RETURNING billed_until INTO v_boundary;
  UPDATE overage_bills SET sealed_at = _as_of, updated_at = _as_of,
    usage_period_end = least(v_boundary, overage_period_end(organization_id, usage_period_start))
  WHERE organization_id = _organization_id AND state = 'open' AND sealed_at IS NULL
    AND usage_period_start < v_boundary;
END $$;
