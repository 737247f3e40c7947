-- Whether something is to be charged and nothing is on file to charge it to.
CREATE OR REPLACE FUNCTION payment_method_missing(_organization_id text)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM organization_subscriptions s
    WHERE s.organization_id = _organization_id AND s.stripe_payment_method_id IS NULL
      AND next_charge_at(s.organization_id) IS NOT NULL)
$$;
