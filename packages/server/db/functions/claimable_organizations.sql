-- The next organizations after _after that have a job which could be given a slot now: not blocked,
-- a slot free, a job due. Read without a lock: claim() looks again under it. Those that cannot run
-- are passed over, so that a suspended tenant never stands in front of the others.
CREATE OR REPLACE FUNCTION claimable_organizations(
  _after text, _organizations_max integer, _as_of timestamptz
) RETURNS text[] LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_page_size CONSTANT integer := 100;
  v_after text := _after;
  v_page text[];
  v_found text[] := '{}';
BEGIN
  LOOP
    -- One index probe an organization, however many jobs each has waiting.
    WITH RECURSIVE waiting AS (
      (SELECT a.organization_id, 1 AS n FROM active_conversions a
       WHERE a.state = 'queued' AND a.organization_id > v_after
       ORDER BY a.organization_id LIMIT 1)
      UNION ALL
      SELECT next.organization_id, w.n + 1 FROM waiting w
      CROSS JOIN LATERAL (
        SELECT a.organization_id FROM active_conversions a
        WHERE a.state = 'queued' AND a.organization_id > w.organization_id
        ORDER BY a.organization_id LIMIT 1
      ) next
      WHERE w.n < v_page_size
    )
    SELECT array_agg(organization_id ORDER BY organization_id) INTO v_page FROM waiting;
    EXIT WHEN v_page IS NULL;
    SELECT v_found || coalesce(array_agg(l.organization_id ORDER BY l.organization_id), '{}')
    INTO v_found
    FROM effective_limits(v_page, _as_of) l
    JOIN usage_counters c ON c.organization_id = l.organization_id
    WHERE l.blocked IS NULL AND coalesce(c.active < l.concurrent_limit, true)
      AND EXISTS (SELECT FROM active_conversions a
                  WHERE a.organization_id = l.organization_id AND a.state = 'queued'
                    AND coalesce(a.not_before <= clock_timestamp(), true));
    EXIT WHEN cardinality(v_found) >= _organizations_max
      OR cardinality(v_page) < v_page_size;
    v_after := v_page[cardinality(v_page)];
  END LOOP;
  RETURN v_found[1:_organizations_max];
END $$;
