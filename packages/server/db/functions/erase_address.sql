-- Takes an address of a deleted account out of what is kept: what was still to be told, mails, and the
-- history of billing, and invitations to it. Ends with the note of the address itself; the audit log comes before
-- (erase_address_audit.sql). Of what came after the deletion, or after they gave the address up, nothing is
-- erased: somebody else may have it by now.
CREATE OR REPLACE FUNCTION erase_address(_user_id text, _email text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_until timestamptz;
BEGIN
  SELECT least(until, deleted_at) INTO v_until FROM user_addresses
  WHERE user_id = _user_id AND email = _email AND deleted_at IS NOT NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  DELETE FROM outbox
  WHERE lower(payload ->> 'recipient_email') = _email AND created_at <= v_until;
  DELETE FROM invitation WHERE email = _email AND sent_at <= v_until;
  DELETE FROM mail_messages
  WHERE lower(recipient_email) = _email AND created_at <= v_until;
  UPDATE billing_events SET data = data #- '{before,billing_email}'
  WHERE type = 'billing.updated' AND lower(data #>> '{before,billing_email}') = _email
    AND created_at <= v_until;
  UPDATE billing_events SET data = data #- '{after,billing_email}'
  WHERE type = 'billing.updated' AND lower(data #>> '{after,billing_email}') = _email
    AND created_at <= v_until;
  DELETE FROM user_addresses WHERE user_id = _user_id AND email = _email;
END $$;
