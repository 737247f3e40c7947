-- Closes the periods that ended: the counters become a row of usage_records and start again at
-- zero. The caller holds the organizations' locks. Slots and waiting jobs carry over.
CREATE OR REPLACE FUNCTION roll_usage_periods(_organization_ids text[], _as_of timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_ended text[];
BEGIN
  SELECT array_agg(organization_id) INTO v_ended FROM usage_counters
  WHERE organization_id = ANY (_organization_ids) AND period_end <= _as_of;
  IF v_ended IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM close_usage_periods(v_ended);
  UPDATE usage_counters c SET period_start = p.period_start, period_end = p.period_end
  FROM organization_subscriptions s, usage_period(s.usage_anchor, _as_of) p
  WHERE s.organization_id = c.organization_id AND c.organization_id = ANY (v_ended);
  RETURN cardinality(v_ended);
END $$;
