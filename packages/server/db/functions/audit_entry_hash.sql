-- The hash of an audit entry, over these bytes, one after the other:
--   previous_hash (32 bytes; zeros before the first entry), payload_digest (32 bytes),
--   sequence (8 bytes, big-endian), then each of chain_id, id, organization_id, actor_kind,
--   actor_id, action, target_kind, target_id, request_id and created_at (UTC,
--   YYYY-MM-DDTHH:MM:SS.ffffffZ): its length in bytes (4 bytes, big-endian; ffffffff for NULL),
--   then the text in UTF-8. Where somebody acted as the user, impersonated_by follows the same way.
-- payload_digest is SHA-256 over payload_salt and the payload as PostgreSQL prints the jsonb.
CREATE OR REPLACE FUNCTION audit_entry_hash(_entry audit_log) RETURNS bytea
LANGUAGE sql STABLE AS $$
  SELECT sha256(_entry.previous_hash || _entry.payload_digest || int8send(_entry.sequence)
    || string_agg(coalesce(int4send(octet_length(f.bytes)) || f.bytes, '\xffffffff'), ''
                  ORDER BY f.n))
  FROM (
    SELECT convert_to(x.field, 'UTF8') AS bytes, x.n
    FROM unnest(ARRAY[_entry.chain_id, _entry.id, _entry.organization_id, _entry.actor_kind,
      _entry.actor_id, _entry.action, _entry.target_kind, _entry.target_id, _entry.request_id,
      to_char(_entry.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')]
      || CASE WHEN _entry.impersonated_by IS NULL THEN '{}'::text[]
              ELSE ARRAY[_entry.impersonated_by] END)
      WITH ORDINALITY AS x (field, n)
  ) f
$$;
