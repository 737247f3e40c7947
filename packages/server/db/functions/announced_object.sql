-- What an announcement is about as the API shows it at that moment, for those who are told more than
-- the announcement's own members; NULL: nothing more.
CREATE OR REPLACE FUNCTION announced_object(
  _organization_id text, _topic text, _payload jsonb, _as_of timestamptz
) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _topic LIKE 'invoice.%'
      THEN invoice_object(_organization_id, _payload ->> 'invoice_id', true)
    WHEN _topic = 'subscription.changed' THEN subscription_object(_organization_id, _as_of)
  END
$$;
