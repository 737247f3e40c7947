-- Takes an address of a deleted account out of what is kept: what was still to be told, mails, and the
-- history of billing. Ends with the note of the address itself; the audit log comes before
-- (erase_address_audit.sql). Of what came after the deletion nothing is erased: somebody else may have
-- the address by now.
CREATE OR REPLACE FUNCTION erase_address(_user_id text, _email text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_deleted_at timestamptz;
BEGIN
  SELECT deleted_at INTO v_deleted_at FROM user_addresses
  WHERE user_id = _user_id AND email = _email AND deleted_at IS NOT NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  DELETE FROM outbox
  WHERE lower(payload ->> 'recipient_email') = _email AND created_at <= v_deleted_at;
  DELETE FROM mail_messages
  WHERE lower(recipient_email) = _email AND created_at <= v_deleted_at;
  UPDATE billing_events SET data = data #- '{before,billing_email}'
  WHERE type = 'billing.updated' AND lower(data #>> '{before,billing_email}') = _email
    AND created_at <= v_deleted_at;
  UPDATE billing_events SET data = data #- '{after,billing_email}'
  WHERE type = 'billing.updated' AND lower(data #>> '{after,billing_email}') = _email
    AND created_at <= v_deleted_at;
  DELETE FROM user_addresses WHERE user_id = _user_id AND email = _email;
END $$;
