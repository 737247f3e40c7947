-- The first place where a chain is not what was written, no row where it is whole. problem:
-- missing (an entry is gone), unlinked (it does not follow the one before it), altered (it is not
-- what was hashed), erased (its payload is gone and no entry says who erased it). Who may rewrite
-- everything after the place, the head included, is caught only by a head that was kept elsewhere.
CREATE OR REPLACE FUNCTION verify_audit_chain(_chain_id text)
RETURNS TABLE (sequence bigint, problem text) LANGUAGE sql STABLE AS $$
  WITH links AS (
    SELECT e AS entry, e.sequence, lag(e.sequence, 1, 0::bigint) OVER chain AS sequence_before,
      lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER chain AS hash_before
    FROM audit_log e WHERE e.chain_id = _chain_id
    WINDOW chain AS (ORDER BY e.sequence)
  ), findings AS (
    SELECT CASE WHEN sequence > sequence_before + 1 THEN sequence_before + 1 ELSE sequence END
        AS sequence,
      CASE WHEN sequence <> sequence_before + 1 THEN 'missing'
           WHEN (entry).previous_hash <> hash_before THEN 'unlinked'
           WHEN (entry).hash <> audit_entry_hash(entry) THEN 'altered'
           WHEN (entry).payload IS NOT NULL AND (entry).payload_digest IS DISTINCT FROM
                audit_payload_digest((entry).payload_salt, (entry).payload) THEN 'altered'
           WHEN (entry).payload IS NULL AND NOT EXISTS (
             SELECT FROM audit_log w WHERE w.chain_id = _chain_id AND w.sequence > links.sequence
               AND w.action = 'audit.payload_erased' AND w.target_id = (links.entry).id
           ) THEN 'erased' END AS problem
    FROM links
    UNION ALL
    SELECT coalesce(l.sequence, 0) + 1, 'missing'
    FROM audit_heads h
    LEFT JOIN LATERAL (SELECT max(links.sequence) AS sequence FROM links) l ON true
    WHERE h.chain_id = _chain_id AND h.sequence > coalesce(l.sequence, 0)
    UNION ALL
    SELECT links.sequence, 'unlinked'
    FROM links LEFT JOIN audit_heads h ON h.chain_id = _chain_id
    WHERE (h.sequence IS NULL OR links.sequence > h.sequence)
       OR (links.sequence = h.sequence AND (links.entry).hash <> h.hash)
  )
  SELECT f.sequence, f.problem FROM findings f WHERE f.problem IS NOT NULL
  ORDER BY f.sequence LIMIT 1
$$;
