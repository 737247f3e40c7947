import { sql, type Statement } from '../../packages/server/src/db/sql.ts';
import type { AdmitCall, CompleteCall } from '../../packages/server/src/metering/schema.ts';

export interface Usage {
  readonly period_start: string;
  readonly used: number;
  readonly reserved: number;
  readonly active: number;
  readonly suspended: boolean;
  readonly monthly_limit: number | null;
  readonly concurrent_limit: number | null;
  readonly file_bytes_max: number | null;
  readonly plan_id: string;
  readonly plan_version: number;
  readonly override_id: string | null;
  readonly overage_policy: string;
  readonly currency: string;
}

export interface FinishedJob {
  readonly type: string;
  readonly bytes_in: number;
  readonly hour: string;
  readonly period_start: string;
  readonly api_key_id: string | null;
}

export interface Held {
  readonly admitted_at: string;
  readonly plan_id: string;
  readonly plan_version: number;
  readonly override_id: string | null;
  readonly currency: string;
}

/** The counter's row, locked, with the limits of plan and override. */
export function lockUsage(organizationId: string): Statement {
  return sql`SELECT c.period_start, c.used, c.reserved, c.active,
      o.suspended_at IS NOT NULL AS suspended,
      coalesce(s.override_monthly_limit, v.monthly_conversion_limit) AS monthly_limit,
      coalesce(s.override_concurrent_limit, v.concurrent_conversion_limit) AS concurrent_limit,
      coalesce(s.override_max_file_size_mb, v.max_file_size_mb) * 1048576::bigint
        AS file_bytes_max,
      s.plan_id, s.plan_version, s.override_id, s.overage_policy, s.currency
    FROM usage_counters c
    JOIN organization o ON o.id = c.organization_id
    JOIN organization_subscriptions s ON s.organization_id = c.organization_id
    JOIN subscription_plan_versions v ON v.plan_id = s.plan_id AND v.version = s.plan_version
    WHERE c.organization_id = ${organizationId} FOR UPDATE OF c`;
}

export function insertJob(call: AdmitCall, periodStart: string, asOf: Date): Statement {
  return sql`INSERT INTO jobs (organization_id, id, kind, mode, status, type, "from", "to", options,
      metadata, input, period_start, api_key_id, member_id, request_id, created_at, started_at)
    VALUES (${call.organizationId}, ${call.jobId}, ${call.kind}, ${call.mode}, 'processing',
      ${call.type}, ${call.from}, ${call.to}, ${call.options}::jsonb, ${call.metadata}::jsonb,
      ${call.input}::jsonb, ${periodStart}::timestamptz, ${call.apiKeyId}, ${call.memberId},
      ${call.requestId}, ${asOf}::timestamptz, ${asOf}::timestamptz)`;
}

export function insertReservation(call: AdmitCall, usage: Usage, asOf: Date): Statement {
  return sql`INSERT INTO active_conversions (organization_id, job_id, state, lease_expires_at,
      started_at, admitted_at, period_start, monthly_limit, overage_policy, currency, plan_id,
      plan_version, override_id, api_key_id)
    VALUES (${call.organizationId}, ${call.jobId}, 'running',
      clock_timestamp() + make_interval(secs => ${call.leaseSeconds}), clock_timestamp(),
      ${asOf}::timestamptz, ${usage.period_start}::timestamptz, ${usage.monthly_limit}::bigint,
      ${usage.overage_policy}, ${usage.currency}, ${usage.plan_id},
      ${usage.plan_version}::integer, ${usage.override_id}, ${call.apiKeyId})`;
}

export function reserveUnit(organizationId: string): Statement {
  return sql`UPDATE usage_counters SET reserved = reserved + 1, active = active + 1
    WHERE organization_id = ${organizationId}`;
}

export function finishJob(call: CompleteCall, asOf: Date): Statement {
  return sql`UPDATE jobs SET status = 'succeeded', output = ${call.output}::jsonb,
      warnings = ${JSON.stringify(call.warnings)}::jsonb, counted = true, billed_as = 'included',
      currency = 'usd', finished_at = ${asOf}::timestamptz,
      duration_ms = ${call.durationMs}::integer
    WHERE organization_id = ${call.organizationId} AND id = ${call.jobId}
      AND status = 'processing' AND fence = ${call.fence}::integer
    RETURNING type, (input ->> 'size_bytes')::bigint AS bytes_in, period_start, api_key_id,
      date_trunc('hour', created_at, 'UTC') AS hour`;
}

export function deleteReservation(call: CompleteCall): Statement {
  return sql`DELETE FROM active_conversions
    WHERE organization_id = ${call.organizationId} AND job_id = ${call.jobId}
    RETURNING admitted_at, plan_id, plan_version, override_id, currency`;
}

export function insertEvent(
  call: CompleteCall,
  job: FinishedJob,
  held: Held,
  asOf: Date,
): Statement {
  return sql`INSERT INTO usage_events (organization_id, job_id, admitted_at, completed_at,
      period_start, type, billed_as, currency, plan_id, plan_version, override_id, bytes_in,
      bytes_out, duration_ms, api_key_id)
    VALUES (${call.organizationId}, ${call.jobId}, ${held.admitted_at}::timestamptz,
      ${asOf}::timestamptz, ${job.period_start}::timestamptz, ${job.type}, 'included',
      ${held.currency}, ${held.plan_id}, ${held.plan_version}::integer, ${held.override_id},
      ${job.bytes_in}::bigint, ${call.bytesOut}::bigint, ${call.durationMs}::integer,
      ${job.api_key_id})`;
}

export function countByType(call: CompleteCall, job: FinishedJob): Statement {
  return sql`INSERT INTO usage_hourly AS t (organization_id, hour, type, period_start, conversions,
      bytes_in, bytes_out, duration_ms)
    VALUES (${call.organizationId}, ${job.hour}::timestamptz, ${job.type},
      ${job.period_start}::timestamptz, 1, ${job.bytes_in}::bigint, ${call.bytesOut}::bigint,
      ${call.durationMs}::bigint)
    ON CONFLICT (organization_id, hour, type, period_start) DO UPDATE SET
      conversions = t.conversions + 1, bytes_in = t.bytes_in + excluded.bytes_in,
      bytes_out = t.bytes_out + excluded.bytes_out,
      duration_ms = t.duration_ms + excluded.duration_ms`;
}

export function countByActor(call: CompleteCall, job: FinishedJob): Statement {
  return sql`INSERT INTO api_key_usage AS t (organization_id, actor_id, hour, period_start,
      conversions, bytes_in, bytes_out)
    VALUES (${call.organizationId}, ${job.api_key_id ?? ''}, ${job.hour}::timestamptz,
      ${job.period_start}::timestamptz, 1, ${job.bytes_in}::bigint, ${call.bytesOut}::bigint)
    ON CONFLICT (organization_id, actor_id, hour, period_start) DO UPDATE SET
      conversions = t.conversions + 1, bytes_in = t.bytes_in + excluded.bytes_in,
      bytes_out = t.bytes_out + excluded.bytes_out`;
}

export function countUnit(organizationId: string): Statement {
  return sql`UPDATE usage_counters
    SET used = used + 1, reserved = reserved - 1, active = active - 1
    WHERE organization_id = ${organizationId}`;
}

export function insertAlert(organizationId: string, usage: Usage, asOf: Date): Statement {
  return sql`INSERT INTO usage_alerts
    VALUES (${organizationId}, ${usage.period_start}::timestamptz, 'monthly_limit', 80,
      ${asOf}::timestamptz)
    ON CONFLICT DO NOTHING`;
}
