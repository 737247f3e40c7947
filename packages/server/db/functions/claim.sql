-- Gives waiting jobs their slot, fairly: at most one share an organization in the order of ids after
-- _after, so that a thousand small tenants do not wait behind one big one. The slot is taken under
-- the organization's lock and within the limit of this moment.
CREATE OR REPLACE FUNCTION claim(
  _jobs_max integer, _after text, _lease_seconds integer, _as_of timestamptz
) RETURNS SETOF jobs LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ids text[];
  v_claimed text[];
  v_organizations text[];
BEGIN
  v_ids := claimable_organizations(_after, _jobs_max, _as_of);
  IF cardinality(v_ids) = 0 THEN
    RETURN;
  END IF;
  PERFORM lock_organizations(v_ids, _as_of);
  SELECT array_agg(taken.job_id), array_agg(taken.organization_id)
  INTO v_claimed, v_organizations
  FROM (
    SELECT q.job_id, q.organization_id
    FROM effective_limits(v_ids, _as_of) l
    JOIN usage_counters c ON c.organization_id = l.organization_id
    CROSS JOIN LATERAL (
      SELECT a.job_id, a.organization_id, row_number() OVER (ORDER BY a.job_id) AS turn
      FROM active_conversions a
      WHERE a.organization_id = l.organization_id AND a.state = 'queued'
        AND coalesce(a.not_before <= clock_timestamp(), true)
      ORDER BY a.job_id
      LIMIT least(_jobs_max, greatest(coalesce(l.concurrent_limit - c.active, _jobs_max), 0))
    ) q
    WHERE l.blocked IS NULL
    ORDER BY q.turn, q.organization_id
    LIMIT _jobs_max
  ) taken;
  IF v_claimed IS NULL THEN
    RETURN;
  END IF;
  UPDATE active_conversions a SET state = 'running', started_at = clock_timestamp(),
    lease_expires_at = clock_timestamp() + make_interval(secs => _lease_seconds)
  FROM unnest(v_organizations, v_claimed) AS t (organization_id, job_id)
  -- As in finish_jobs(): by index probes only.
  WHERE a.organization_id = ANY (ARRAY[t.organization_id])
    AND a.job_id BETWEEN t.job_id AND t.job_id;
  UPDATE usage_counters c SET active = c.active + n.jobs, queued = c.queued - n.jobs
  FROM (SELECT t.id, count(*) AS jobs FROM unnest(v_organizations) AS t (id) GROUP BY 1) n
  WHERE c.organization_id = n.id;
  RETURN QUERY
  UPDATE jobs j SET status = 'processing', started_at = greatest(_as_of, j.created_at)
  FROM unnest(v_organizations, v_claimed) AS t (organization_id, job_id)
  WHERE j.organization_id = ANY (ARRAY[t.organization_id]) AND j.id BETWEEN t.job_id AND t.job_id
  RETURNING j.*;
END $$;
