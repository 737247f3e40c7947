import { sql, type Statement } from '../db/sql.ts';
import type { TimeRange } from './time-range.ts';

export type Interval = 'period' | 'month' | 'day' | 'hour';
export type GroupBy = 'type' | 'api_key' | 'member';

export interface HistoryPage {
  readonly organizationId: string;
  readonly interval: Interval;
  /** Buckets that overlap it are whole. */
  readonly range: TimeRange;
  readonly groupBy: GroupBy | null;
  /** The last row of the page before. */
  readonly after: { readonly start: Date; readonly group: string } | null;
  readonly rowsMax: number;
  readonly asOf: Date;
}

/** Newest first; one row more than asked for tells whether there are more. */
export function listHistory(page: HistoryPage): Statement {
  return page.groupBy === null ? listBuckets(page) : listGroups(page, page.groupBy);
}

/** Every bucket of the range, used or not, with the sums of all types. */
function listBuckets(page: HistoryPage): Statement {
  const before = page.after?.start ?? null;
  return sql`WITH buckets AS MATERIALIZED (
      SELECT * FROM (${bucketsOf(page)}) b WHERE coalesce(b.start < ${before}::timestamptz, true)
      ORDER BY b.start DESC LIMIT ${page.rowsMax + 1}::integer
    ), bounds AS MATERIALIZED (${boundsOf(page)}), sums AS MATERIALIZED (${sumByType(page)})
    SELECT b.start, b."end", coalesce(s.conversions, 0)::bigint AS conversions,
      coalesce(s.overage, 0)::bigint AS overage, coalesce(s.failed, 0)::bigint AS failed,
      coalesce(s.bytes_in, 0)::bigint AS bytes_in, coalesce(s.bytes_out, 0)::bigint AS bytes_out,
      coalesce(s.breakdown, '{}') AS breakdown
    FROM buckets b
    LEFT JOIN (
      SELECT start, sum(conversions) AS conversions, sum(overage) AS overage,
        sum(failed) AS failed, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,
        json_object_agg("group", conversions) FILTER (WHERE conversions > 0) AS breakdown
      FROM sums GROUP BY start
    ) s ON s.start = b.start
    ORDER BY b.start DESC`;
}

/** The groups of each bucket that did something in it. */
function listGroups(page: HistoryPage, groupBy: GroupBy): Statement {
  const { after } = page;
  const [sums, breakdown] =
    groupBy === 'type'
      ? [
          sumByType(page),
          sql`CASE WHEN s.conversions > 0 THEN json_build_object(s."group", s.conversions)
              ELSE '{}' END`,
        ]
      : [sumByActor(page, groupBy), sql`NULL::json`];
  return sql`WITH RECURSIVE buckets AS MATERIALIZED (
      SELECT * FROM (${bucketsOf(page)}) b
      WHERE coalesce(b.start <= ${after?.start ?? null}::timestamptz, true)
    ), bounds AS MATERIALIZED (${boundsOf(page)}), actors AS (${actorsOf(page)}),
      sums AS MATERIALIZED (${sums})
    SELECT b.start, b."end", s."group", s.conversions, s.overage, s.failed, s.bytes_in,
      s.bytes_out, ${breakdown} AS breakdown
    FROM buckets b JOIN sums s ON s.start = b.start
    WHERE ${after?.start ?? null}::timestamptz IS NULL OR b.start < ${after?.start ?? null}
       OR (b.start = ${after?.start ?? null} AND coalesce(s."group", '') COLLATE "C"
           > ${after?.group ?? null}::text)
    ORDER BY b.start DESC, coalesce(s."group", '') COLLATE "C"
    LIMIT ${page.rowsMax + 1}::integer`;
}

/** `start` and `"end"` of each bucket that overlaps the range. */
function bucketsOf({ organizationId, interval, range, asOf }: HistoryPage): Statement {
  const { from, to } = range;
  if (interval !== 'period') {
    const length = lengths[interval];
    return sql`SELECT b AS start, b + ${length}::interval AS "end" FROM generate_series(
      date_trunc(${interval}, ${from}::timestamptz, 'UTC'),
      ${to}::timestamptz - interval '1 microsecond', ${length}::interval) b`;
  }
  // Closed ones, the counters' own, the current one; and those in which nothing was asked for, as
  // far as they are counted from today's anchor.
  return sql`WITH known AS (
      SELECT period_start, period_end FROM usage_records WHERE organization_id = ${organizationId}
      UNION
      SELECT period_start, period_end FROM usage_counters WHERE organization_id = ${organizationId}
      UNION
      SELECT period_start, period_end
      FROM current_usage(ARRAY[${organizationId}::text], ${asOf}::timestamptz)
    ), idle AS (
      SELECT DISTINCT p.period_start, p.period_end
      FROM organization_subscriptions s
      CROSS JOIN generate_series(greatest(s.usage_anchor, ${from}::timestamptz),
        least(${to}::timestamptz, ${asOf}::timestamptz), interval '14 days') t
      CROSS JOIN usage_period(s.usage_anchor, t) p
      WHERE s.organization_id = ${organizationId} AND NOT EXISTS (
        SELECT FROM known k WHERE k.period_start < p.period_end AND k.period_end > p.period_start)
    )
    SELECT period_start AS start, period_end AS "end"
    FROM (SELECT * FROM known UNION ALL SELECT * FROM idle) p
    WHERE period_end > ${from} AND period_start < ${to}`;
}

const lengths = { month: '1 month', day: '1 day', hour: '1 hour' } as const;

/** What has to be read: whole days, and from which moment on by the hour. */
function boundsOf({ organizationId, interval, groupBy }: HistoryPage): Statement {
  const daily =
    groupBy === null || groupBy === 'type' ? sql`usage_daily` : sql`api_key_usage_daily`;
  const summed =
    interval === 'hour'
      ? sql`NULL::timestamptz`
      : sql`(SELECT max(day) + interval '1 day' FROM ${daily}
             WHERE organization_id = ${organizationId})`;
  return sql`SELECT first, past, greatest(first, ${summed}) AS hourly_from
    FROM (SELECT date_trunc('day', min(start), 'UTC') AS first, max("end") AS past FROM buckets) b`;
}

/** The bucket of a row of a rollup; `hour` is the day's start in a daily one. */
const bucketOf: Readonly<Record<Interval, Statement>> = {
  hour: sql`r.hour`,
  day: sql`date_bin('1 day', r.hour, '2000-01-01Z')`,
  month: sql`date_trunc('month', r.hour, 'UTC')`,
  period: sql`r.period_start`,
};

const sums = sql`sum(r.conversions)::bigint AS conversions, sum(r.overage)::bigint AS overage,
  sum(r.failed)::bigint AS failed, sum(r.bytes_in)::bigint AS bytes_in,
  sum(r.bytes_out)::bigint AS bytes_out`;

const inDays = sql`r.day >= (SELECT first FROM bounds) AND r.day < (SELECT hourly_from FROM bounds)
  AND r.day < (SELECT past FROM bounds)`;
const inHours = sql`r.hour >= (SELECT hourly_from FROM bounds)
  AND r.hour < (SELECT past FROM bounds)`;
const counts = sql`r.period_start, r.conversions, r.overage, r.failed, r.bytes_in, r.bytes_out`;

function sumByType({ organizationId, interval }: HistoryPage): Statement {
  return sql`SELECT ${bucketOf[interval]} AS start, r.type AS "group", ${sums}
    FROM (
      SELECT r.day AS hour, r.type, ${counts} FROM usage_daily r
      WHERE r.organization_id = ${organizationId} AND ${inDays}
      UNION ALL
      SELECT r.hour, r.type, ${counts} FROM usage_hourly r
      WHERE r.organization_id = ${organizationId} AND ${inHours}
    ) r
    GROUP BY 1, 2`;
}

/**
 * Everybody who ever did something here, by a loose scan of the index: the hourly rollup's key has
 * the actor before the hour, so that each actor's hours are read apart.
 */
function actorsOf({ organizationId }: HistoryPage): Statement {
  return sql`(SELECT actor_id FROM api_key_usage WHERE organization_id = ${organizationId}
       ORDER BY actor_id LIMIT 1)
    UNION ALL
    SELECT next.actor_id FROM actors a
    CROSS JOIN LATERAL (SELECT u.actor_id FROM api_key_usage u
      WHERE u.organization_id = ${organizationId} AND u.actor_id > a.actor_id
      ORDER BY u.actor_id LIMIT 1) next`;
}

/** What was asked for in another way than the one grouped by comes together under NULL. */
function sumByActor(
  { organizationId, interval }: HistoryPage,
  groupBy: 'api_key' | 'member',
): Statement {
  const isWanted =
    groupBy === 'api_key'
      ? sql`r.actor_id LIKE 'key\\_%'`
      : sql`r.actor_id NOT LIKE 'key\\_%' AND r.actor_id <> ''`;
  return sql`SELECT ${bucketOf[interval]} AS start, CASE WHEN ${isWanted} THEN r.actor_id END
      AS "group", ${sums}
    FROM (
      SELECT r.day AS hour, r.actor_id, ${counts} FROM api_key_usage_daily r
      WHERE r.organization_id = ${organizationId} AND ${inDays}
      UNION ALL
      SELECT r.hour, r.actor_id, ${counts} FROM actors a
      CROSS JOIN LATERAL (SELECT * FROM api_key_usage r
        WHERE r.organization_id = ${organizationId} AND r.actor_id = a.actor_id AND ${inHours}) r
    ) r
    GROUP BY 1, 2`;
}
