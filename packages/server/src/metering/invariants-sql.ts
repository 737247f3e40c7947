import { sql, type Statement } from '../db/sql.ts';

/** Rows of one organization, or with null of all of them: no condition, so that no plan is shared. */
function within(organizationId: string | null): Statement {
  return organizationId === null ? sql`true` : sql`organization_id = ${organizationId}`;
}

/** All periods of the counters, closed ones too. */
const periods = (scope: Statement) => sql`
  SELECT organization_id, period_start, used AS conversions, overage, reserved, overage_accrued,
    overage_reserved
  FROM usage_counters WHERE ${scope}
  UNION ALL
  SELECT organization_id, period_start, conversion_count, overage_count, reserved,
    overage_accrued, overage_reserved
  FROM usage_records WHERE ${scope}`;

const countedPeriods = (scope: Statement) => sql`
  SELECT 1 AS invariant, 'counters' AS kind,
    coalesce(p.organization_id, e.organization_id) AS organization_id,
    format('period %s: counters say %s conversions, %s overage, %s accrued; events say %s, %s, %s',
      rfc3339(coalesce(p.period_start, e.period_start)), coalesce(p.conversions, 0),
      coalesce(p.overage, 0), coalesce(p.overage_accrued, 0), coalesce(e.conversions, 0),
      coalesce(e.overage, 0), coalesce(e.amount, 0)) AS detail
  FROM periods p
  FULL JOIN (
    SELECT organization_id, period_start, count(*) AS conversions,
      count(*) FILTER (WHERE billed_as = 'overage') AS overage,
      coalesce(sum(unit_amount), 0) AS amount
    FROM usage_events WHERE ${scope} GROUP BY 1, 2
  ) e ON e.organization_id = p.organization_id AND e.period_start = p.period_start
  WHERE (coalesce(p.conversions, 0), coalesce(p.overage, 0), coalesce(p.overage_accrued, 0))
     <> (coalesce(e.conversions, 0), coalesce(e.overage, 0), coalesce(e.amount, 0))`;

const rollups = (scope: Statement) => sql`
  SELECT 1, 'rollup', coalesce(r.organization_id, e.organization_id),
    format('%s %s, hour %s: the rollup says %s conversions, %s overage, %s bytes in, %s out, %s ms; '
      'events say %s, %s, %s, %s, %s', coalesce(r.rollup, e.rollup),
      coalesce(nullif(coalesce(r.key, e.key), ''), '(operator)'),
      rfc3339(coalesce(r.hour, e.hour)), coalesce(r.conversions, 0), coalesce(r.overage, 0),
      coalesce(r.bytes_in, 0), coalesce(r.bytes_out, 0), coalesce(r.duration_ms, 0),
      coalesce(e.conversions, 0), coalesce(e.overage, 0), coalesce(e.bytes_in, 0),
      coalesce(e.bytes_out, 0), coalesce(e.duration_ms, 0))
  FROM (
    SELECT 'type' AS rollup, organization_id, period_start, hour, type AS key, conversions,
      overage, bytes_in, bytes_out, duration_ms FROM usage_hourly WHERE ${scope}
    UNION ALL
    SELECT 'actor', organization_id, period_start, hour, actor_id, conversions, overage,
      bytes_in, bytes_out, 0 FROM api_key_usage WHERE ${scope}
  ) r
  FULL JOIN (
    SELECT x.rollup, e.organization_id, e.period_start,
      date_trunc('hour', e.admitted_at, 'UTC') AS hour, x.key, count(*) AS conversions,
      count(*) FILTER (WHERE e.billed_as = 'overage') AS overage, sum(e.bytes_in) AS bytes_in,
      sum(e.bytes_out) AS bytes_out, sum(x.duration_ms) AS duration_ms
    FROM usage_events e
    CROSS JOIN LATERAL (VALUES ('type', e.type, e.duration_ms),
      ('actor', coalesce(e.api_key_id, e.member_id, ''), 0)) AS x (rollup, key, duration_ms)
    WHERE ${scope}
    GROUP BY 1, 2, 3, 4, 5
  ) e ON e.rollup = r.rollup AND e.organization_id = r.organization_id
    AND e.period_start = r.period_start AND e.hour = r.hour AND e.key = r.key
  WHERE (coalesce(r.conversions, 0), coalesce(r.overage, 0), coalesce(r.bytes_in, 0),
         coalesce(r.bytes_out, 0), coalesce(r.duration_ms, 0))
     <> (coalesce(e.conversions, 0), coalesce(e.overage, 0), coalesce(e.bytes_in, 0),
         coalesce(e.bytes_out, 0), coalesce(e.duration_ms, 0))`;

const reservedUnits = (scope: Statement) => sql`
  SELECT 2, 'reserved', coalesce(p.organization_id, a.organization_id),
    format('period %s: counters say %s reserved, %s of money; reservations say %s, %s',
      rfc3339(coalesce(p.period_start, a.period_start)), coalesce(p.reserved, 0),
      coalesce(p.overage_reserved, 0), coalesce(a.units, 0), coalesce(a.amount, 0))
  FROM periods p
  FULL JOIN (
    SELECT organization_id, period_start, count(*) AS units, sum(overage_reserved) AS amount
    FROM active_conversions WHERE ${scope} GROUP BY 1, 2
  ) a ON a.organization_id = p.organization_id AND a.period_start = p.period_start
  WHERE (coalesce(p.reserved, 0), coalesce(p.overage_reserved, 0))
     <> (coalesce(a.units, 0), coalesce(a.amount, 0))`;

const slots = (scope: Statement) => sql`
  SELECT 2, 'slots', coalesce(c.organization_id, a.organization_id),
    format('counters say %s active, %s queued; reservations say %s, %s', coalesce(c.active, 0),
      coalesce(c.queued, 0), coalesce(a.running, 0), coalesce(a.waiting, 0))
  FROM (SELECT * FROM usage_counters WHERE ${scope}) c
  FULL JOIN (
    SELECT organization_id, count(*) FILTER (WHERE state = 'running') AS running,
      count(*) FILTER (WHERE state = 'queued') AS waiting
    FROM active_conversions WHERE ${scope} GROUP BY 1
  ) a USING (organization_id)
  WHERE (coalesce(c.active, 0), coalesce(c.queued, 0))
     <> (coalesce(a.running, 0), coalesce(a.waiting, 0))`;

const liveJobs = (scope: Statement) => sql`
  SELECT 2, 'live_job', coalesce(a.organization_id, j.organization_id),
    format('job %s is %s, its reservation %s', coalesce(a.job_id, j.id),
      coalesce(j.status, 'not alive'), coalesce(a.state, 'not there'))
  FROM (SELECT * FROM active_conversions WHERE ${scope}) a
  FULL JOIN (
    SELECT * FROM jobs WHERE status IN ('queued', 'processing') AND ${scope}
  ) j ON j.organization_id = a.organization_id AND j.id = a.job_id
  WHERE coalesce(CASE a.state WHEN 'queued' THEN 'queued' ELSE 'processing' END <> j.status, true)
     OR a.state IS NULL`;

const countedJobs = (scope: Statement) => sql`
  SELECT 5, 'counted_job', coalesce(j.organization_id, e.organization_id),
    format('job %s is %s (counted: %s) and has %s usage events', coalesce(j.id, e.job_id),
      coalesce(j.status, 'not there'), coalesce(j.counted, false), coalesce(e.events, 0))
  FROM (SELECT organization_id, id, status, counted FROM jobs WHERE ${scope}) j
  FULL JOIN (
    SELECT organization_id, job_id, count(*) AS events FROM usage_events
    WHERE ${scope} GROUP BY 1, 2
  ) e ON e.organization_id = j.organization_id AND e.job_id = j.id
  WHERE coalesce(e.events, 0) <> coalesce(j.counted, false)::integer
     OR (j.status IN ('succeeded', 'expired')) <> j.counted`;

/** What costs something stands on one bill; a bill that is computed has just those on its lines. */
const bills = (scope: Statement) => sql`
  SELECT 6, 'bill', coalesce(e.organization_id, l.organization_id),
    format('bill %s (%s), %s at %s %s: its line says %s conversions; events say %s',
      coalesce(rfc3339(coalesce(e.bill_start, l.usage_period_start)), 'none'),
      coalesce(b.state, 'not there'), coalesce(e.type, l.type),
      coalesce(e.unit_amount, l.unit_amount), coalesce(e.currency, l.currency),
      coalesce(l.quantity, 0), coalesce(e.quantity, 0))
  FROM (
    SELECT organization_id, bill_start, type, trim_scale(unit_amount) AS unit_amount, currency,
      period_start, count(*) AS quantity
    FROM usage_events WHERE billed_as = 'overage' AND unit_amount > 0 AND ${scope}
    GROUP BY 1, 2, 3, 4, 5, 6
  ) e
  FULL JOIN (SELECT * FROM overage_bill_lines WHERE ${scope}) l
    ON l.organization_id = e.organization_id AND l.usage_period_start = e.bill_start
    AND l.type = e.type AND l.unit_amount = e.unit_amount AND l.currency = e.currency
    AND l.period_start = e.period_start
  LEFT JOIN overage_bills b ON b.organization_id = coalesce(e.organization_id, l.organization_id)
    AND b.usage_period_start = coalesce(e.bill_start, l.usage_period_start)
  WHERE CASE b.state WHEN 'open' THEN l.quantity IS NOT NULL
    ELSE b.state IS NULL OR e.quantity IS DISTINCT FROM l.quantity END`;

/** What does not add up, at most a hundred rows, in one snapshot. */
export function listViolations(organizationId: string | null): Statement {
  const scope = within(organizationId);
  return sql`WITH periods AS (${periods(scope)})
    ${countedPeriods(scope)} UNION ALL ${rollups(scope)} UNION ALL ${reservedUnits(scope)}
    UNION ALL ${slots(scope)} UNION ALL ${liveJobs(scope)} UNION ALL ${countedJobs(scope)}
    UNION ALL ${bills(scope)}
    ORDER BY organization_id, invariant, detail LIMIT 100`;
}

/** Who uses more than the limits of this moment allow. */
export function listLimitBreaches(organizationId: string | null, asOf: Date): Statement {
  return sql`WITH ids AS (
      SELECT array_agg(organization_id) AS ids FROM usage_counters WHERE ${within(organizationId)}
    ), now AS (
      SELECT * FROM ids, effective_limits(ids.ids, ${asOf}::timestamptz) l
      JOIN current_usage(ids.ids, ${asOf}::timestamptz) u USING (organization_id)
    )
    SELECT 3 AS invariant, 'limit' AS kind, organization_id,
      format('%s used and %s reserved of %s', used, reserved, monthly_limit) AS detail
    FROM now WHERE overage_policy = 'block' AND used + reserved > monthly_limit
    UNION ALL
    SELECT 4, 'limit', organization_id, format('%s active of %s', active, concurrent_limit)
    FROM now WHERE active > concurrent_limit
    ORDER BY organization_id, invariant`;
}
