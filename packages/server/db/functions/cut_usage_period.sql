-- Moves the anchor that usage periods are counted from: the running period ends there and a new one
-- starts at zero. What is running stays in the old one and counts there. Answers the period that
-- runs now; a repeat changes nothing.
--
-- An anchor before the running period (it was rolled before the payment provider told) cannot take
-- usage out of a period that is closed: the running one goes on, and ends as counted from the
-- anchor.
CREATE OR REPLACE FUNCTION cut_usage_period(
  _organization_id text, _anchor timestamptz, _as_of timestamptz
) RETURNS TABLE (period_start timestamptz, period_end timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_ids text[] := ARRAY[_organization_id];
  v_running usage_counters;
BEGIN
  PERFORM lock_organizations(v_ids, _as_of);
  PERFORM roll_usage_periods(v_ids, _as_of);
  SELECT * INTO v_running FROM usage_counters WHERE organization_id = _organization_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no subscription of %', _organization_id;
  END IF;
  IF _anchor >= v_running.period_end THEN
    RAISE EXCEPTION 'the anchor % lies past the running period of %', _anchor, _organization_id;
  END IF;
  UPDATE organization_subscriptions SET usage_anchor = _anchor, updated_at = _as_of
  WHERE organization_id = _organization_id;
  IF _anchor > v_running.period_start THEN
    UPDATE usage_counters SET period_end = _anchor WHERE organization_id = _organization_id;
    PERFORM close_usage_periods(v_ids);
    UPDATE due_work SET due_at = _anchor + interval '1 hour'
    WHERE organization_id = _organization_id AND kind = 'overage_invoice'
      AND due_at > _anchor + interval '1 hour';
  END IF;
  RETURN QUERY
  UPDATE usage_counters c SET period_start = greatest(_anchor, v_running.period_start),
    period_end = p.period_end
  FROM usage_period(_anchor, greatest(_as_of, _anchor)) p
  WHERE c.organization_id = _organization_id
  RETURNING c.period_start, c.period_end;
END $$;
