import { sql, type Statement } from '../db/sql.ts';
import { integerArray, textArray } from './array-literal.ts';
import type { AdmitCall, CompleteCall, LookCall, ReleaseCall } from './schema.ts';

/** Every statement of the hot path is one call of a SQL function; see packages/server/db/functions. */
export function admitBatch(
  calls: readonly AdmitCall[],
  settings: { queuedMax: number; attemptsMax: number; asOf: Date },
): Statement {
  return sql`SELECT * FROM admit(
    _organization_ids => ${textArray(calls.map((call) => call.organizationId))}::text[],
    _job_ids => ${textArray(calls.map((call) => call.jobId))}::text[],
    _kinds => ${textArray(calls.map((call) => call.kind))}::text[],
    _modes => ${textArray(calls.map((call) => call.mode))}::text[],
    _types => ${textArray(calls.map((call) => call.type))}::text[],
    _froms => ${textArray(calls.map((call) => call.from))}::text[],
    _tos => ${textArray(calls.map((call) => call.to))}::text[],
    _bytes => ${integerArray(calls.map((call) => call.sizeBytes))}::bigint[],
    _options => ${textArray(calls.map((call) => json(call.options)))}::text[],
    _metadata => ${textArray(calls.map((call) => json(call.metadata)))}::text[],
    _inputs => ${textArray(calls.map((call) => json(call.input)))}::text[],
    _api_key_ids => ${textArray(calls.map((call) => call.apiKeyId))}::text[],
    _member_ids => ${textArray(calls.map((call) => call.memberId))}::text[],
    _request_ids => ${textArray(calls.map((call) => call.requestId))}::text[],
    _lease_seconds => ${integerArray(calls.map((call) => call.leaseSeconds))}::integer[],
    _unit_seconds => ${integerArray(calls.map((call) => call.unitSeconds))}::integer[],
    _queued_max => ${settings.queuedMax}::integer,
    _attempts_max => ${settings.attemptsMax}::integer,
    _as_of => ${settings.asOf}::timestamptz)`;
}

export function lookBatch(
  calls: readonly LookCall[],
  settings: { queuedMax: number; asOf: Date },
): Statement {
  return sql`SELECT * FROM decide_admissions(
    _organization_ids => ${textArray(calls.map((call) => call.organizationId))}::text[],
    _modes => ${textArray(calls.map((call) => call.mode))}::text[],
    _types => ${textArray(calls.map((call) => call.type))}::text[],
    _bytes => ${integerArray(calls.map((call) => call.sizeBytes))}::bigint[],
    _api_key_ids => ${textArray(calls.map((call) => call.apiKeyId))}::text[],
    _duplicates => ${calls.map(() => false)}::boolean[],
    _queued_max => ${settings.queuedMax}::integer,
    _as_of => ${settings.asOf}::timestamptz,
    _apart => true)`;
}

export function completeBatch(calls: readonly CompleteCall[], asOf: Date): Statement {
  return sql`SELECT * FROM complete(
    _organization_ids => ${textArray(calls.map((call) => call.organizationId))}::text[],
    _job_ids => ${textArray(calls.map((call) => call.jobId))}::text[],
    _fences => ${integerArray(calls.map((call) => call.fence))}::integer[],
    _outputs => ${textArray(calls.map((call) => json(call.output)))}::text[],
    _warnings => ${textArray(calls.map((call) => json(call.warnings)))}::text[],
    _bytes_out => ${integerArray(calls.map((call) => call.bytesOut))}::bigint[],
    _duration_ms => ${integerArray(calls.map((call) => call.durationMs))}::integer[],
    _as_of => ${asOf}::timestamptz) ORDER BY ordinal`;
}

export function releaseBatch(calls: readonly ReleaseCall[], asOf: Date): Statement {
  return sql`SELECT * FROM release(
    _organization_ids => ${textArray(calls.map((call) => call.organizationId))}::text[],
    _job_ids => ${textArray(calls.map((call) => call.jobId))}::text[],
    _fences => ${integerArray(calls.map((call) => call.fence))}::integer[],
    _statuses => ${textArray(calls.map((call) => call.status))}::text[],
    _errors => ${textArray(calls.map((call) => json(call.error)))}::text[],
    _reasons => ${textArray(calls.map((call) => call.reason))}::text[],
    _as_of => ${asOf}::timestamptz)`;
}

export function renewLeases(
  attempts: readonly { organizationId: string; jobId: string; fence: number }[],
  leaseSeconds: number,
): Statement {
  return sql`SELECT job_id FROM renew_leases(
    _organization_ids => ${textArray(attempts.map((attempt) => attempt.organizationId))}::text[],
    _job_ids => ${textArray(attempts.map((attempt) => attempt.jobId))}::text[],
    _fences => ${integerArray(attempts.map((attempt) => attempt.fence))}::integer[],
    _lease_seconds => ${leaseSeconds}::integer)`;
}

export function sweepExpiredLeases(attemptsMax: number, asOf: Date): Statement {
  return sql`SELECT sweep_expired_leases(
    _organizations_max => 200, _attempts_max => ${attemptsMax}::integer,
    _as_of => ${asOf}::timestamptz) AS freed`;
}

function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

export function findUsageOfOrganization(organizationId: string, asOf: Date): Statement {
  const ids = [organizationId];
  return sql`SELECT
      l.plan_id, l.plan_name, l.monthly_limit, l.concurrent_limit, l.max_file_size_mb,
      l.rate_limit_per_minute, l.overage_policy, l.currency, l.spend_cap_minor,
      coalesce(overage_tier_amount(l.overage_tiers, u.overage + 1), l.unit_amount) AS unit_amount,
      l.unit_amounts_by_type, l.overage_tiers,
      u.period_start, u.period_end, u.used, u.reserved, u.overage, u.active, u.queued,
      round(u.overage_accrued * power(10::numeric, minor_unit_exponent(l.currency)))::bigint
        AS overage_minor,
      (SELECT coalesce(jsonb_object_agg(h.type, h.conversions), '{}') FROM (
        SELECT type, sum(conversions) AS conversions FROM usage_hourly
        WHERE organization_id = ${organizationId} AND period_start = u.period_start
          AND hour >= date_trunc('hour', u.period_start, 'UTC') AND hour < u.period_end
        GROUP BY type HAVING sum(conversions) > 0) h) AS breakdown,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('threshold', a.threshold, 'reached_at',
          to_char(a.reached_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY a.threshold), '[]')
        FROM usage_alerts a
        WHERE a.organization_id = ${organizationId} AND a.period_start = u.period_start
          AND a.limit_name = 'monthly_limit') AS alerts,
      CASE WHEN l.override_id IS NULL THEN NULL ELSE jsonb_build_object(
        'monthly_limit', s.override_monthly_limit,
        'concurrent_limit', s.override_concurrent_limit,
        'max_file_size_mb', s.override_max_file_size_mb,
        'overage_price', s.override_overage_price::text,
        'rate_limit_per_minute', s.override_rate_limit_per_minute,
        'reason', s.override_reason,
        'expires_at', to_char(s.override_expires_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END
        AS overrides
    FROM effective_limits(${ids}::text[], ${asOf}::timestamptz) l
    JOIN current_usage(${ids}::text[], ${asOf}::timestamptz) u USING (organization_id)
    JOIN organization_subscriptions s ON s.organization_id = l.organization_id`;
}

/** Seconds until a slot is likely to be free: what the oldest running job still has to go. */
export function findSecondsToNextSlot(organizationId: string, asOf: Date): Statement {
  return sql`SELECT least(60, greatest(1, ceil(coalesce(
      (SELECT sum(duration_ms) / nullif(sum(conversions), 0) / 1000 FROM usage_hourly
       WHERE organization_id = ${organizationId}
         AND hour >= ${asOf}::timestamptz - interval '24 hours'), 1)
      - coalesce((SELECT extract(epoch FROM clock_timestamp() - min(started_at))
                  FROM active_conversions
                  WHERE organization_id = ${organizationId} AND state = 'running'), 0)
    )))::integer AS seconds`;
}

/** Whether somebody who is gone still holds room: then a refusal is not certain yet. */
export function findExpiredLease(organizationId: string): Statement {
  return sql`SELECT EXISTS (SELECT FROM active_conversions
    WHERE organization_id = ${organizationId} AND lease_expires_at <= clock_timestamp()) AS expired`;
}

export function addRefusals(
  rows: readonly { organizationId: string; reason: string; count: number }[],
  asOf: Date,
): Statement {
  return sql`INSERT INTO usage_outcomes AS t (organization_id, hour, outcome, reason, count)
    SELECT organization_id, date_trunc('hour', ${asOf}::timestamptz, 'UTC'), 'refused', reason, n
    FROM unnest(${rows.map((row) => row.organizationId)}::text[],
      ${rows.map((row) => row.reason)}::text[], ${rows.map((row) => row.count)}::bigint[])
      AS r (organization_id, reason, n)
    ORDER BY organization_id, reason
    ON CONFLICT (organization_id, hour, outcome, reason)
    DO UPDATE SET count = t.count + excluded.count`;
}
