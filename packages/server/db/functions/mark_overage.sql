-- Corrects the jobs that finish_jobs() wrote down as included and that turned out to be overage.
CREATE OR REPLACE FUNCTION mark_overage(
  _organization_ids text[], _job_ids text[], _completions completion[]
) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  UPDATE jobs j SET billed_as = c.billed_as, unit_amount = c.unit_amount
  FROM unnest(_completions) c
  WHERE c.billed_as = 'overage'
    -- As in finish_jobs(): by index probes only.
    AND j.organization_id = ANY (_organization_ids[c.ordinal:c.ordinal])
    AND j.id BETWEEN _job_ids[c.ordinal] AND _job_ids[c.ordinal];
END $$;
