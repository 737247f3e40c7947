-- Erases what an entry says of before and after (personal data), keeps the entry and its hash, and
-- writes down who erased it and why. Only the owner of the table may: it runs with the caller's
-- rights, and the application has no UPDATE. False: there is no such entry, or it is erased already.
CREATE OR REPLACE FUNCTION erase_audit_payload(
  _chain_id text, _target_id text, _id text, _actor_kind text, _actor_id text, _reason text,
  _as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_organization_id text;
BEGIN
  PERFORM set_config('mutate.erasing_audit_payload', _target_id, true);
  UPDATE audit_log SET payload = NULL, payload_salt = NULL
  WHERE chain_id = _chain_id AND id = _target_id AND payload IS NOT NULL
  RETURNING organization_id INTO v_organization_id;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM set_config('mutate.erasing_audit_payload', '', true);
  PERFORM append_audit(_chain_id, _id, v_organization_id, _actor_kind, _actor_id,
    'audit.payload_erased', 'audit_entry', _target_id, NULL,
    jsonb_build_object('before', NULL, 'after', NULL, 'reason', _reason), _as_of);
  RETURN true;
END $$;
