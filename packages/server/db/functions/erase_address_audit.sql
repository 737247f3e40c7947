-- Erases the payload of an audit entry in which an address of a deleted account stands, with the rights
-- of the table's owner: the application has none to change the log. No other entry can be erased this
-- way. False: there is nothing to erase.
CREATE OR REPLACE FUNCTION erase_address_audit(
  _user_id text, _chain_id text, _target_id text, _id text, _as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM addressed_audit(_user_id) a
  WHERE a.chain_id = _chain_id AND a.id = _target_id;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  RETURN erase_audit_payload(_chain_id, _target_id, _id, 'system', 'erasure',
    'An account whose address stood here was deleted.', _as_of);
END $$;
