-- Erases the payload of an entry of a deleted workspace, with the rights of the table's owner: the
-- application has none to change the log. Of a workspace that is there nothing can be erased this way.
CREATE OR REPLACE FUNCTION erase_deleted_audit(
  _organization_id text, _target_id text, _id text, _as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM organization WHERE id = _organization_id AND deleted_at IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is not deleted', _organization_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN erase_audit_payload(_organization_id, _target_id, _id, 'system', 'erasure',
    'The workspace was deleted.', _as_of);
END $$;
