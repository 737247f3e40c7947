-- Whether something was used past the limit that is on no final invoice yet, or is under way.
CREATE OR REPLACE FUNCTION owes_overage(_organization_id text)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM overage_bills b WHERE b.organization_id = _organization_id
      AND b.state IN ('open', 'computed', 'item_created') AND coalesce(b.collected, true)
      AND coalesce(b.amount_minor > 0, true))
    OR EXISTS (SELECT FROM active_conversions a WHERE a.organization_id = _organization_id
      AND a.overage_reserved > 0)
$$;
