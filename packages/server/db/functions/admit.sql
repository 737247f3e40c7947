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
SET enable_nestloop = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ids text[];
  v_duplicates boolean[];
  v_decisions admission_decision[];
  v_allowed integer;
  v_refused boolean;
BEGIN
  SELECT array_agg(DISTINCT id ORDER BY id) INTO v_ids FROM unnest(_organization_ids) AS x (id);
  PERFORM lock_organizations(v_ids, _as_of);
  PERFORM roll_usage_periods(v_ids, _as_of);
  -- A retried call must find its own job first, or it would be told "quota" for a unit it holds.
  SELECT array_agg(
      row_number > 1 OR (SELECT true FROM jobs j
                         WHERE j.organization_id = c.organization_id AND j.id = c.job_id) IS TRUE
      ORDER BY c.ordinal) INTO v_duplicates
  FROM (SELECT *, row_number() OVER (PARTITION BY x.organization_id, x.job_id ORDER BY x.ordinal)
        FROM unnest(_organization_ids, _job_ids) WITH ORDINALITY
          AS x (organization_id, job_id, ordinal)) c;
  FOR v_pass IN 1..2 LOOP
    SELECT array_agg(d ORDER BY d.ordinal),
      count(*) FILTER (WHERE d.verdict IN ('allowed', 'allowed_overage')),
      coalesce(bool_or(d.verdict IN ('quota_exceeded', 'payment_overdue', 'concurrency_limited',
                                     'spend_cap_reached', 'queue_full')), false)
    INTO v_decisions, v_allowed, v_refused
    FROM decide_admissions(_organization_ids, _modes, _types, _bytes, _api_key_ids, v_duplicates,
                           _queued_max, _as_of, false) d;
    -- Before anyone is refused for want of room, what dead workers hold is freed.
    EXIT WHEN v_pass = 2 OR NOT v_refused OR sweep_leases(v_ids, _attempts_max, _as_of) = 0;
  END LOOP;
  IF v_allowed > 0 THEN
    WITH admitted AS MATERIALIZED (
      SELECT d.*, c.*
      FROM unnest(v_decisions) d
      JOIN unnest(_job_ids, _kinds, _modes, _types, _froms, _tos, _options, _metadata, _inputs,
                  _api_key_ids, _member_ids, _request_ids, _lease_seconds, _unit_seconds)
        WITH ORDINALITY AS c (job_id, kind, mode, type, source, target, options, metadata, input,
                              api_key_id, member_id, request_id, lease_seconds, unit_seconds, n)
        ON c.n = d.ordinal
      WHERE d.verdict IN ('allowed', 'allowed_overage')
    ), new_jobs AS (
      INSERT INTO jobs (organization_id, id, kind, mode, status, type, "from", "to", options,
        metadata, input, period_start, api_key_id, member_id, request_id, created_at, started_at)
      SELECT organization_id, job_id, kind, mode,
        CASE mode WHEN 'sync' THEN 'processing' ELSE 'queued' END, type, source, target,
        options::jsonb, metadata::jsonb, input::jsonb, period_start, api_key_id, member_id,
        request_id, admitted_at, CASE mode WHEN 'sync' THEN admitted_at END
      FROM admitted
    ), new_reservations AS (
      INSERT INTO active_conversions (organization_id, job_id, state, lease_expires_at,
        unit_expires_at, started_at, admitted_at, period_start, monthly_limit, overage_policy,
        unit_amount, currency, overage_reserved, plan_id, plan_version, override_id, api_key_id)
      SELECT organization_id, job_id, CASE mode WHEN 'sync' THEN 'running' ELSE 'queued' END,
        CASE mode WHEN 'sync' THEN clock_timestamp() + make_interval(secs => lease_seconds) END,
        clock_timestamp() + make_interval(secs => unit_seconds), clock_timestamp(), admitted_at,
        period_start, monthly_limit, overage_policy, unit_amount, currency, overage_reserved,
        plan_id, plan_version, override_id, api_key_id
      FROM admitted
    )
    UPDATE usage_counters c SET reserved = c.reserved + n.units, active = c.active + n.slots,
      queued = c.queued + n.units - n.slots, overage_reserved = c.overage_reserved + n.amount
    FROM (SELECT organization_id, count(*) AS units, count(*) FILTER (WHERE mode = 'sync') AS slots,
            sum(overage_reserved) AS amount FROM admitted GROUP BY organization_id) n
    WHERE c.organization_id = n.organization_id AND c.organization_id = ANY (v_ids);
    IF 'async' = ANY (_modes) THEN
      PERFORM pg_notify('jobs_queued', '');
    END IF;
  END IF;
  RETURN QUERY SELECT * FROM unnest(v_decisions);
END $$;
