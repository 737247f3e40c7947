import type { Queryable } from '../db/pool.ts';
import { sql, type Statement } from '../db/sql.ts';

/** Something in the ledger that does not add up. */
export interface Violation {
  /** Its number in METERING's list. */
  readonly invariant: number;
  readonly organization_id: string;
  readonly detail: string;
}

/**
 * Checks the ledger against itself: counters against events, rollups and reservations, jobs against
 * events. Reads everything of the organization (null: of all). No rows: it adds up.
 *
 * One snapshot, so it may run beside traffic; a long one on a busy server slows the hot rows.
 */
export async function findViolations(
  db: Queryable,
  organizationId: string | null,
): Promise<Violation[]> {
  return db.query<Violation>(listViolations(organizationId));
}

/**
 * What is in use above the limit in force. Only a mistake while no limit was lowered meanwhile, and
 * never for a policy that admits past the limit.
 */
export async function findLimitBreaches(
  db: Queryable,
  organizationId: string | null,
  asOf: Date,
): Promise<Violation[]> {
  return db.query<Violation>(listLimitBreaches(organizationId, asOf));
}

/** All periods of the counters, closed ones too, beside what the events say. */
const periods = sql`
  SELECT organization_id, period_start, used AS conversions, overage, reserved, overage_accrued,
    overage_reserved
  FROM usage_counters
  UNION ALL
  SELECT organization_id, period_start, conversion_count, overage_count, reserved,
    overage_accrued, overage_reserved
  FROM usage_records`;

const countedPeriods = sql`
  SELECT 1 AS invariant, coalesce(p.organization_id, e.organization_id) AS organization_id,
    format('period %s: counters say %s conversions, %s overage, %s accrued; events say %s, %s, %s',
      coalesce(p.period_start, e.period_start), p.conversions, p.overage, p.overage_accrued,
      e.conversions, e.overage, e.amount) AS detail
  FROM periods p
  FULL JOIN (
    SELECT organization_id, period_start, count(*) AS conversions,
      count(*) FILTER (WHERE billed_as = 'overage') AS overage, coalesce(sum(unit_amount), 0) AS amount
    FROM usage_events GROUP BY 1, 2
  ) e ON e.organization_id = p.organization_id AND e.period_start = p.period_start
  WHERE (coalesce(p.conversions, 0), coalesce(p.overage, 0), coalesce(p.overage_accrued, 0))
     <> (coalesce(e.conversions, 0), coalesce(e.overage, 0), coalesce(e.amount, 0))`;

const rollups = sql`
  SELECT 1, coalesce(r.organization_id, e.organization_id),
    format('%s, period %s, %s: the rollup says %s conversions, %s overage, %s bytes in, %s out; '
      'events say %s, %s, %s, %s', coalesce(r.rollup, e.rollup),
      coalesce(r.period_start, e.period_start), coalesce(r.key, e.key), r.conversions, r.overage,
      r.bytes_in, r.bytes_out, e.conversions, e.overage, e.bytes_in, e.bytes_out)
  FROM (
    SELECT 'by type' AS rollup, organization_id, period_start, hour, type AS key, conversions,
      overage, bytes_in, bytes_out FROM usage_hourly WHERE conversions > 0
    UNION ALL
    SELECT 'by actor', organization_id, period_start, hour, actor_id, conversions, overage,
      bytes_in, bytes_out FROM api_key_usage WHERE conversions > 0
  ) r
  FULL JOIN (
    SELECT x.rollup, e.organization_id, e.period_start, date_trunc('hour', e.admitted_at, 'UTC')
        AS hour, x.key, count(*) AS conversions,
      count(*) FILTER (WHERE e.billed_as = 'overage') AS overage,
      sum(e.bytes_in) AS bytes_in, sum(e.bytes_out) AS bytes_out
    FROM usage_events e
    CROSS JOIN LATERAL (VALUES ('by type', e.type),
      ('by actor', coalesce(e.api_key_id, e.member_id, ''))) AS x (rollup, key)
    GROUP BY 1, 2, 3, 4, 5
  ) e ON e.rollup = r.rollup AND e.organization_id = r.organization_id
    AND e.period_start = r.period_start AND e.hour = r.hour AND e.key = r.key
  WHERE (coalesce(r.conversions, 0), coalesce(r.overage, 0), coalesce(r.bytes_in, 0),
         coalesce(r.bytes_out, 0))
     <> (coalesce(e.conversions, 0), coalesce(e.overage, 0), coalesce(e.bytes_in, 0),
         coalesce(e.bytes_out, 0))`;

const reservedUnits = sql`
  SELECT 2, coalesce(p.organization_id, a.organization_id),
    format('period %s: counters say %s reserved, %s of money; reservations say %s, %s',
      coalesce(p.period_start, a.period_start), p.reserved, p.overage_reserved, a.units, a.amount)
  FROM periods p
  FULL JOIN (
    SELECT organization_id, period_start, count(*) AS units, sum(overage_reserved) AS amount
    FROM active_conversions GROUP BY 1, 2
  ) a ON a.organization_id = p.organization_id AND a.period_start = p.period_start
  WHERE (coalesce(p.reserved, 0), coalesce(p.overage_reserved, 0))
     <> (coalesce(a.units, 0), coalesce(a.amount, 0))`;

const slots = sql`
  SELECT 2, coalesce(c.organization_id, a.organization_id),
    format('counters say %s active, %s queued; reservations say %s, %s', c.active, c.queued,
      a.running, a.waiting)
  FROM usage_counters c
  FULL JOIN (
    SELECT organization_id, count(*) FILTER (WHERE state = 'running') AS running,
      count(*) FILTER (WHERE state = 'queued') AS waiting
    FROM active_conversions GROUP BY 1
  ) a USING (organization_id)
  WHERE (coalesce(c.active, 0), coalesce(c.queued, 0))
     <> (coalesce(a.running, 0), coalesce(a.waiting, 0))`;

const liveJobs = sql`
  SELECT 2, coalesce(a.organization_id, j.organization_id),
    format('job %s is %s, its reservation %s', coalesce(a.job_id, j.id),
      coalesce(j.status, 'not there'), coalesce(a.state, 'not there'))
  FROM active_conversions a
  FULL JOIN (SELECT * FROM jobs WHERE status IN ('queued', 'processing')) j
    ON j.organization_id = a.organization_id AND j.id = a.job_id
  WHERE coalesce(CASE a.state WHEN 'queued' THEN 'queued' ELSE 'processing' END <> j.status, true)
     OR a.state IS NULL`;

const countedJobs = sql`
  SELECT 5, coalesce(j.organization_id, e.organization_id),
    format('job %s is %s (counted: %s) and has %s usage events', coalesce(j.id, e.job_id),
      coalesce(j.status, 'not there'), j.counted, coalesce(e.events, 0))
  FROM (SELECT organization_id, id, status, counted FROM jobs) j
  FULL JOIN (
    SELECT organization_id, job_id, count(*) AS events FROM usage_events GROUP BY 1, 2
  ) e ON e.organization_id = j.organization_id AND e.job_id = j.id
  WHERE coalesce(e.events, 0) <> coalesce(j.counted, false)::integer
     OR (j.status IN ('succeeded', 'expired')) <> j.counted`;

function listViolations(organizationId: string | null): Statement {
  return sql`WITH periods AS (${periods})
    SELECT v.* FROM (${countedPeriods} UNION ALL ${rollups} UNION ALL ${reservedUnits}
      UNION ALL ${slots} UNION ALL ${liveJobs} UNION ALL ${countedJobs}) v
    WHERE ${organizationId}::text IS NULL OR v.organization_id = ${organizationId}
    ORDER BY v.organization_id, v.invariant, v.detail LIMIT 100`;
}

function listLimitBreaches(organizationId: string | null, asOf: Date): Statement {
  return sql`WITH ids AS (
      SELECT array_agg(organization_id) AS ids FROM usage_counters
      WHERE ${organizationId}::text IS NULL OR organization_id = ${organizationId}
    ), now AS (
      SELECT * FROM ids, effective_limits(ids.ids, ${asOf}::timestamptz) l
      JOIN current_usage(ids.ids, ${asOf}::timestamptz) u USING (organization_id)
    )
    SELECT 3 AS invariant, organization_id,
      format('%s used and %s reserved of %s', used, reserved, monthly_limit) AS detail
    FROM now WHERE overage_policy = 'block' AND used + reserved > monthly_limit
    UNION ALL
    SELECT 4, organization_id, format('%s active of %s', active, concurrent_limit)
    FROM now WHERE active > concurrent_limit
    ORDER BY organization_id, invariant`;
}
