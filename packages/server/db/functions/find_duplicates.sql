-- For each call whether its job exists already, or is asked for earlier in the same batch. A call
-- that is repeated must find its own job first, or it would be told "quota" for a unit it holds.
CREATE OR REPLACE FUNCTION find_duplicates(_organization_ids text[], _job_ids text[])
RETURNS boolean[] LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_duplicates boolean[] := array_fill(false, ARRAY[cardinality(_job_ids)]);
  v_ordinal integer;
BEGIN
  FOR v_ordinal IN
    SELECT c.ordinal
    FROM unnest(_organization_ids, _job_ids) WITH ORDINALITY AS c (organization_id, job_id, ordinal)
    CROSS JOIN LATERAL (
      SELECT FROM jobs j WHERE j.organization_id = c.organization_id AND j.id = c.job_id LIMIT 1
    ) j
    UNION ALL
    -- The first of several in the batch is none, so its ordinal is left out.
    SELECT unnest((array_agg(x.ordinal ORDER BY x.ordinal))[2:])
    FROM unnest(_organization_ids, _job_ids) WITH ORDINALITY
      AS x (organization_id, job_id, ordinal)
    GROUP BY x.job_id, x.organization_id HAVING count(*) > 1
  LOOP
    v_duplicates[v_ordinal] := true;
  END LOOP;
  RETURN v_duplicates;
END $$;
