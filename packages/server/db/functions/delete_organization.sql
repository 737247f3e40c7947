-- Ends a workspace: from now on it answers 404, nobody is a member, no key opens it, and nothing goes
-- out for it any more. What is left to erase is found by deleted_at; see erase_organization().
CREATE OR REPLACE FUNCTION delete_organization(_organization_id text, _as_of timestamptz)
RETURNS void LANGUAGE sql AS $$
  UPDATE api_keys SET revoked_at = coalesce(revoked_at, _as_of), name = 'deleted', allowed_ips = NULL,
    previous_key_hash = NULL, previous_expires_at = NULL
  WHERE organization_id = _organization_id;
  DELETE FROM member WHERE organization_id = _organization_id;
  DELETE FROM invitation WHERE organization_id = _organization_id;
  DELETE FROM notification_preferences WHERE organization_id = _organization_id;
  DELETE FROM webhook_endpoints WHERE organization_id = _organization_id;
  UPDATE organization SET deleted_at = _as_of, name = 'Deleted workspace', slug = 'deleted-' || id,
    billing_email = NULL, logo = NULL, metadata = NULL
  WHERE id = _organization_id;
$$;
