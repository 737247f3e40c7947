-- The audit entries that name an address of a deleted account where addresses stand, written while it was
-- theirs or before. Not what somebody wrote into a name: or they could have any entry erased. Reads the
-- whole log, once for all addresses: accounts are deleted seldom, and a worker does it.
CREATE OR REPLACE FUNCTION addressed_audit(_user_id text)
RETURNS TABLE (chain_id text, id text) LANGUAGE sql STABLE AS $$
  SELECT e.chain_id, e.id FROM audit_log e
  WHERE e.payload IS NOT NULL AND EXISTS (
    SELECT FROM user_addresses a
    WHERE a.user_id = _user_id AND a.deleted_at IS NOT NULL
      AND e.created_at <= least(a.until, a.deleted_at)
      AND a.email IN (
        lower(e.payload #>> '{before,email}'), lower(e.payload #>> '{after,email}'),
        lower(e.payload #>> '{before,billing_email}'), lower(e.payload #>> '{after,billing_email}'),
        lower(e.payload #>> '{after,owner_email}')))
$$;
