-- See audit_entry_hash(). NULL for an erased payload.
CREATE OR REPLACE FUNCTION audit_payload_digest(_salt bytea, _payload jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(_salt || convert_to(_payload::text, 'UTF8'))
$$;
