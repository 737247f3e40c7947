-- The audit entries in which an address of a deleted account stands as a value of its own, written before
-- the account was deleted. Reads the whole log: accounts are deleted seldom, and a worker does it.
CREATE OR REPLACE FUNCTION addressed_audit(_user_id text, _email text)
RETURNS TABLE (chain_id text, id text) LANGUAGE sql STABLE AS $$
  SELECT e.chain_id, e.id
  FROM user_addresses a
  JOIN audit_log e ON e.created_at <= a.deleted_at AND e.payload IS NOT NULL
    AND strpos(lower(e.payload::text), to_jsonb(a.email)::text) > 0
  WHERE a.user_id = _user_id AND a.email = _email AND a.deleted_at IS NOT NULL
$$;
