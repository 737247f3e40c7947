-- Admits a batch of conversions: each is refused with its reason, or one unit (and for a
-- synchronous one a slot) is reserved and its job row written. Verdicts: allowed, allowed_overage,
-- quota_exceeded, concurrency_limited, queue_full, file_too_large, spend_cap_reached,
-- payment_overdue, suspended, duplicate (the job exists and keeps what it has).
-- Results come by ordinal; numbers in them are those before the call.
CREATE OR REPLACE FUNCTION admit(
  _organization_ids text[], _job_ids text[], _kinds text[], _modes text[], _types text[],
  _froms text[], _tos text[], _bytes bigint[], _options text[], _metadata text[], _inputs text[],
  _api_key_ids text[], _member_ids text[], _request_ids text[], _lease_seconds integer[],
  _unit_seconds integer[], _queued_max integer, _attempts_max integer, _as_of timestamptz
) RETURNS SETOF admission_decision LANGUAGE plpgsql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ids text[];
  v_duplicates boolean[];
  v_now timestamptz;
BEGIN
  SELECT array_agg(DISTINCT id ORDER BY id) INTO v_ids FROM unnest(_organization_ids) AS x (id);
  PERFORM lock_organizations(v_ids, _as_of);
  PERFORM roll_usage_periods(v_ids, _as_of);
  v_duplicates := find_duplicates(_organization_ids, _job_ids);
  -- Wall clock; one value a batch, so that the index of leases grows at its end.
  v_now := clock_timestamp();
  FOR v_pass IN 1..2 LOOP
    RETURN QUERY
    WITH decided AS MATERIALIZED (
      SELECT * FROM decide_admissions(_organization_ids, _modes, _types, _bytes, _api_key_ids,
                                      v_duplicates, _queued_max, _as_of, false)
    ), final AS MATERIALIZED (
      -- Before anyone is refused for want of room, what dead workers hold is freed: see below.
      SELECT v_pass = 2 OR NOT EXISTS (
        SELECT FROM decided WHERE verdict IN ('quota_exceeded', 'payment_overdue',
          'concurrency_limited', 'spend_cap_reached', 'queue_full')) AS holds
    ), admitted AS MATERIALIZED (
      SELECT * FROM decided
      WHERE verdict IN ('allowed', 'allowed_overage') AND (SELECT holds FROM final)
    ), new_jobs AS (
      INSERT INTO jobs (organization_id, id, kind, mode, status, type, "from", "to", options,
        metadata, input, period_start, api_key_id, member_id, request_id, created_at, started_at)
      SELECT d.organization_id, c.job_id, c.kind, c.mode,
        CASE c.mode WHEN 'sync' THEN 'processing' ELSE 'queued' END, c.type, c.source, c.target,
        c.options::jsonb, c.metadata::jsonb, c.input::jsonb, d.period_start, c.api_key_id,
        c.member_id, c.request_id, d.admitted_at,
        CASE c.mode WHEN 'sync' THEN d.admitted_at END
      FROM admitted d
      JOIN unnest(_job_ids, _kinds, _modes, _types, _froms, _tos, _options, _metadata, _inputs,
                  _api_key_ids, _member_ids, _request_ids)
        WITH ORDINALITY AS c (job_id, kind, mode, type, source, target, options, metadata, input,
                              api_key_id, member_id, request_id, n) ON c.n = d.ordinal
    ), new_reservations AS (
      INSERT INTO active_conversions (organization_id, job_id, state, lease_expires_at,
        unit_expires_at, started_at, admitted_at, period_start, monthly_limit, overage_policy,
        unit_amount, currency, overage_reserved, plan_id, plan_version, override_id, api_key_id,
        overage_tiers)
      SELECT d.organization_id, c.job_id,
        CASE c.mode WHEN 'sync' THEN 'running' ELSE 'queued' END,
        CASE c.mode WHEN 'sync' THEN v_now + make_interval(secs => c.lease_seconds) END,
        v_now + make_interval(secs => c.unit_seconds), v_now, d.admitted_at, d.period_start,
        d.monthly_limit, d.overage_policy, d.unit_amount, d.currency, d.overage_reserved,
        d.plan_id, d.plan_version, d.override_id, c.api_key_id, d.overage_tiers
      FROM admitted d
      JOIN unnest(_job_ids, _modes, _lease_seconds, _unit_seconds, _api_key_ids)
        WITH ORDINALITY AS c (job_id, mode, lease_seconds, unit_seconds, api_key_id, n)
        ON c.n = d.ordinal
    ), counted AS (
      UPDATE usage_counters c SET reserved = c.reserved + n.units, active = c.active + n.slots,
        queued = c.queued + n.units - n.slots, overage_reserved = c.overage_reserved + n.amount
      FROM (
        SELECT d.organization_id, count(*) AS units,
          count(*) FILTER (WHERE _modes[d.ordinal] = 'sync') AS slots,
          sum(d.overage_reserved) AS amount
        FROM admitted d GROUP BY d.organization_id
      ) n
      WHERE c.organization_id = n.organization_id AND c.organization_id = ANY (v_ids)
    )
    SELECT * FROM decided WHERE (SELECT holds FROM final);
    EXIT WHEN FOUND OR v_pass = 2;
    PERFORM sweep_leases(v_ids, _attempts_max, _as_of);
  END LOOP;
  IF 'async' = ANY (_modes) THEN
    PERFORM pg_notify('jobs_queued', '');
  END IF;
END $$;
