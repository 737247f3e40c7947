import { sql, type Statement } from '../db/sql.ts';

/** The override of that id as it was set, be it in force or long gone. */
function overrideOf(organizationId: string, id: Statement): Statement {
  return sql`(SELECT b.data -> 'after' FROM billing_events b
    WHERE b.organization_id = ${organizationId} AND b.type = 'overrides.set'
      AND b.data #>> '{after,id}' = ${id} LIMIT 1)`;
}

export function findRefusal(organizationId: string, requestId: string, since: Date): Statement {
  return sql`SELECT d.created_at, d.decision, d.slot_seconds, v.max_file_size_mb,
      ${overrideOf(organizationId, sql`d.decision ->> 'override_id'`)} AS override
    FROM usage_decisions d
    LEFT JOIN subscription_plan_versions v ON v.plan_id = d.decision ->> 'plan_id'
      AND v.version = (d.decision ->> 'plan_version')::integer
    WHERE d.organization_id = ${organizationId} AND d.request_id = ${requestId}
      AND d.created_at >= ${since}::timestamptz`;
}

/** Ids of one kind, `[first, end)`: ids sort by time. */
export interface IdRange {
  readonly first: string;
  readonly end: string;
}

function jobsOfRequest(
  organizationId: string,
  requestId: string,
  ranges: readonly IdRange[],
): Statement {
  return sql`SELECT j.id, j.created_at
    FROM unnest(${ranges.map((range) => range.first)}::text[],
      ${ranges.map((range) => range.end)}::text[]) AS ids (first, past)
    CROSS JOIN LATERAL (
      SELECT id, created_at FROM jobs
      WHERE organization_id = ${organizationId} AND id >= ids.first AND id < ids.past
        AND request_id = ${requestId} AND billed_as = 'overage'
      ORDER BY id LIMIT 1
    ) j
    UNION ALL
    SELECT j.id, j.created_at FROM taken_over_requests t
    JOIN jobs j ON j.organization_id = ${organizationId} AND j.id = t.job_id
    WHERE t.organization_id = ${organizationId} AND t.request_id = ${requestId}
      AND j.billed_as = 'overage'`;
}

/**
 * The overage conversion of a request. The job is looked for among those made about then, so that
 * no index on the request id has to be kept by every admission; the job of a request that took over
 * an idempotency key is older, and noted.
 *
 * `used` is exact where no conversion of the period took more than a day: what was admitted a day
 * and more before comes from the rollup, the rest is counted. In one batch the included ones come
 * before those past the limit.
 */
export function findCharge(
  organizationId: string,
  requestId: string,
  ranges: readonly IdRange[],
): Statement {
  return sql`SELECT j.id AS job_id, e.completed_at, e.type, e.plan_id, e.plan_version,
      p.name AS plan_name, v.monthly_conversion_limit AS plan_limit,
      trim_scale(e.unit_amount)::text AS unit_amount, e.currency, e.period_start,
      coalesce(r.period_end, c.period_end) AS period_end,
      ${overrideOf(organizationId, sql`e.override_id`)} AS override,
      (SELECT coalesce(sum(h.conversions), 0)::bigint FROM usage_hourly h
       WHERE h.organization_id = ${organizationId} AND h.period_start = e.period_start
         AND h.hour >= date_trunc('hour', e.period_start, 'UTC') AND h.hour < w.counted_from)
      + (SELECT count(*) FROM usage_events x
         WHERE x.organization_id = ${organizationId} AND x.admitted_at >= w.counted_from
           AND x.admitted_at <= e.completed_at AND x.period_start = e.period_start
           AND (x.completed_at, x.billed_as, x.job_id) < (e.completed_at, e.billed_as, e.job_id))
      AS used
    FROM (${jobsOfRequest(organizationId, requestId, ranges)}) j
    JOIN usage_events e ON e.organization_id = ${organizationId} AND e.job_id = j.id
      AND e.admitted_at = j.created_at
    JOIN subscription_plans p ON p.id = e.plan_id
    JOIN subscription_plan_versions v ON v.plan_id = e.plan_id AND v.version = e.plan_version
    CROSS JOIN LATERAL (SELECT date_trunc('hour', greatest(e.period_start,
      e.admitted_at - interval '1 day'), 'UTC') AS counted_from) w
    LEFT JOIN usage_records r ON r.organization_id = ${organizationId}
      AND r.period_start = e.period_start
    LEFT JOIN usage_counters c ON c.organization_id = ${organizationId}
      AND c.period_start = e.period_start
    LIMIT 1`;
}
