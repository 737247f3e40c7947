-- Writes the lines of a sealed bill: quantity times exact price, rounded once a line. No lock of the
-- organization is held while a million events are summed: none of them can change. False: somebody
-- else did it, or there is nothing sealed. A bill has one currency: the one that is paid in, if anything
-- on it is in that; in another one it is shown and not collected.
CREATE OR REPLACE FUNCTION compute_overage_bill(
  _organization_id text, _usage_period_start timestamptz, _id text, _collected boolean,
  _as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_bill overage_bills;
  v_paid text;
  v_currency text;
BEGIN
  SELECT * INTO v_bill FROM overage_bills
  WHERE organization_id = _organization_id AND usage_period_start = _usage_period_start
    AND state = 'open' AND sealed_at IS NOT NULL
  FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  WITH sources AS (
    SELECT type, trim_scale(unit_amount) AS unit_amount, currency, period_start, plan_id,
      plan_version, override_id, count(*) AS quantity
    FROM usage_events
    WHERE organization_id = _organization_id AND bill_start = _usage_period_start
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), lines AS (
    SELECT type, unit_amount, currency, period_start, sum(quantity)::bigint AS quantity,
      jsonb_agg(jsonb_build_object('plan_id', plan_id, 'plan_version', plan_version,
          'override_id', override_id, 'quantity', quantity)
        ORDER BY plan_id, plan_version, override_id) AS sources
    FROM sources GROUP BY type, unit_amount, currency, period_start
  )
  INSERT INTO overage_bill_lines (organization_id, usage_period_start, position, type, unit_amount,
    currency, period_start, period_end, quantity, amount_minor, sources)
  SELECT _organization_id, _usage_period_start,
    row_number() OVER (ORDER BY period_start, type, unit_amount), type, unit_amount, currency,
    period_start, least(v_bill.usage_period_end, overage_period_end(_organization_id, period_start)),
    quantity, round_to_minor(quantity * unit_amount, currency), sources
  FROM lines;
  SELECT paid_currency INTO v_paid FROM organization_subscriptions
  WHERE organization_id = _organization_id;
  v_currency := CASE WHEN EXISTS (
      SELECT FROM overage_bill_lines
      WHERE organization_id = _organization_id AND usage_period_start = _usage_period_start
        AND currency = v_paid)
    THEN v_paid ELSE v_bill.currency END;
  UPDATE overage_bills b SET state = 'computed', id = _id, amount_minor = l.amount_minor,
    quantity = l.quantity, currency = v_currency,
    collected = _collected AND coalesce(v_paid, v_currency) = v_currency, updated_at = _as_of
  FROM (
    SELECT coalesce(sum(amount_minor), 0) AS amount_minor, coalesce(sum(quantity), 0) AS quantity
    FROM overage_bill_lines
    WHERE organization_id = _organization_id AND usage_period_start = _usage_period_start
      AND currency = v_currency
  ) l
  WHERE b.organization_id = _organization_id AND b.usage_period_start = _usage_period_start;
  RETURN true;
END $$;
