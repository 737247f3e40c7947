-- The currency that a workspace can be charged in from now on: what it pays in, or what a conversion
-- under way would be owed in. NULL: any. Before a provider was met nothing is ever collected.
CREATE OR REPLACE FUNCTION fixed_currency(_organization_id text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(s.paid_currency, (
    SELECT a.currency FROM active_conversions a
    WHERE a.organization_id = s.organization_id AND a.overage_reserved > 0
      AND EXISTS (SELECT FROM billing_account)
    LIMIT 1))
  FROM organization_subscriptions s WHERE s.organization_id = _organization_id
$$;
