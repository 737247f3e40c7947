import type { Pool } from '../../packages/server/src/db/pool.ts';
import { sql } from '../../packages/server/src/db/sql.ts';
import { newId } from '../../packages/server/src/ids.ts';
import { summarizeDays } from '../../packages/server/src/metering/daily-rollup.ts';

export interface History {
  /** Half of all events are its. */
  readonly largeId: string;
  /** One of those that share the other half. */
  readonly smallId: string;
  /** Of a refusal, and of a conversion past the limit, both the large one's. */
  readonly refusedRequestId: string;
  readonly chargedRequestId: string;
}

const [dayMs, days] = [86_400_000, 365];
/** Jobs as the product makes them, the latest ones: explaining a charge reads them. */
const recentJobs = 5_000;

/**
 * A year of usage: events spread evenly over time, twelve types, twenty actors in the large
 * organization; partitions, rollups, periods and counters as completions would have left them.
 */
export async function makeHistory(
  owner: Pool,
  organizationIds: readonly string[],
  events: number,
  now: Date,
): Promise<History> {
  const [largeId = '', smallId = ''] = organizationIds;
  const start = new Date(now.getTime() - days * dayMs);
  // The current period is then nearly over, the most that the usage page ever has to sum up.
  const anchor = new Date(start.getTime() + 3 * dayMs);
  await owner.query(sql`SELECT ensure_usage_partitions(${start}::timestamptz, 14)`);
  await owner.query(sql`UPDATE organization_subscriptions SET usage_anchor = ${anchor}::timestamptz,
    overage_policy = 'charge'`);
  const half = Math.floor(events / 2);
  const chunk = 500_000;
  for (let done = 0; done < half; done += chunk) {
    const count = Math.min(chunk, half - done);
    const span = { from: done / half, share: count / half };
    await Promise.all([
      insertEvents(owner, [largeId], count, span, { start, anchor }),
      insertEvents(owner, organizationIds.slice(1), count, span, { start, anchor }),
    ]);
    console.log(`${Math.round(((done + count) / half) * 100)} % of the events`);
  }
  const chargedRequestId = await insertJobs(owner, largeId, now);
  await sumUp(owner, now);
  await summarizeDays(owner, { now: () => now });
  console.log('days');
  const refusedRequestId = await insertDecisions(owner, organizationIds, now);
  await owner.query(sql`VACUUM ANALYZE`);
  return { largeId, smallId, refusedRequestId, chargedRequestId };
}

/** Evenly over the organizations and over a part of the year. */
async function insertEvents(
  owner: Pool,
  ids: readonly string[],
  count: number,
  span: { from: number; share: number },
  { start, anchor }: { start: Date; anchor: Date },
): Promise<void> {
  await owner.query(sql`INSERT INTO usage_events
    SELECT (${ids}::text[])[1 + i % ${ids.length}::integer],
      'job_' || lpad(to_hex((extract(epoch FROM t.at) * 1000)::bigint), 12, '0')
        || lpad(to_hex(i), 14, '0'),
      t.at, t.at + interval '2 seconds', p.period_start,
      (ARRAY['XLSX_TO_CSV', 'DOCX_TO_PDF', 'CSV_TO_JSON', 'JSON_TO_CSV', 'PDF_TO_TXT',
        'MD_TO_HTML', 'XLSX_TO_PDF', 'PPTX_TO_PDF', 'PNG_TO_WEBP', 'HTML_TO_PDF', 'DOCX_TO_MD',
        'CSV_TO_XLSX'])[1 + (hashint4(i) & 65535) % 12],
      'included', NULL, 'usd', 'plan_enterprise', 1, NULL, 20000 + i % 1000, 30000, 250,
      CASE WHEN i % 4 > 0 THEN 'key_0' || (hashint4(i + 1) & 65535) % 15 END,
      CASE WHEN i % 4 = 0 THEN 'mem_0' || (hashint4(i + 2) & 65535) % 5 END
    FROM generate_series(0, ${count - 1}::integer) i
    CROSS JOIN LATERAL (SELECT date_bin('1 ms', ${start}::timestamptz + interval '365 days'
      * (${span.from}::float8 + ${span.share}::float8 * i / ${count}), '2000-01-01Z') AS at) t
    CROSS JOIN LATERAL usage_period(${anchor}::timestamptz, t.at) p`);
}

/** Gives the latest events of an organization their jobs; one past the limit is among them. */
async function insertJobs(owner: Pool, organizationId: string, now: Date): Promise<string> {
  const fromMs = now.getTime() - dayMs;
  const rows = Array.from({ length: recentJobs }, (_, index) => {
    const atMs = fromMs + Math.floor((index / recentJobs) * 80_000_000);
    return { at: new Date(atMs), job: newId('job', atMs), request: newId('req', atMs) };
  });
  await owner.query(sql`WITH made AS (
      SELECT * FROM unnest(${rows.map((row) => row.at)}::timestamptz[],
        ${rows.map((row) => row.job)}::text[], ${rows.map((row) => row.request)}::text[])
        WITH ORDINALITY AS m (at, job_id, request_id, n)
      CROSS JOIN LATERAL usage_period((SELECT usage_anchor FROM organization_subscriptions
        WHERE organization_id = ${organizationId}), m.at) p
    ), jobs AS (
      INSERT INTO jobs (organization_id, id, kind, mode, status, type, input, counted, billed_as,
        unit_amount, currency, period_start, request_id, created_at, started_at, finished_at)
      SELECT ${organizationId}, job_id, 'conversion', 'sync', 'succeeded', 'XLSX_TO_CSV', '{}', true,
        CASE WHEN n > 2500 THEN 'overage' ELSE 'included' END, 0.01, 'usd', period_start,
        request_id, at, at, at FROM made
    )
    INSERT INTO usage_events
    SELECT ${organizationId}, job_id, at, at, period_start, 'XLSX_TO_CSV',
      CASE WHEN n > 2500 THEN 'overage' ELSE 'included' END, 0.01, 'usd', 'plan_enterprise', 1,
      NULL, 20000, 30000, 250, 'key_00', NULL
    FROM made`);
  return rows[recentJobs - 1_000]?.request ?? '';
}

/** Rollups, closed periods and counters, from the events. */
async function sumUp(owner: Pool, now: Date): Promise<void> {
  await owner.query(sql`INSERT INTO usage_hourly
    SELECT organization_id, date_bin('1 hour', admitted_at, '2000-01-01Z'), type, period_start,
      count(*), count(*) FILTER (WHERE billed_as = 'overage'), 1, sum(bytes_in), sum(bytes_out),
      sum(duration_ms)
    FROM usage_events GROUP BY 1, 2, 3, 4 ORDER BY 2, 1`);
  console.log('usage by type');
  await owner.query(sql`INSERT INTO api_key_usage
    SELECT organization_id, coalesce(api_key_id, member_id, ''),
      date_bin('1 hour', admitted_at, '2000-01-01Z'), period_start,
      count(*), count(*) FILTER (WHERE billed_as = 'overage'), 1, sum(bytes_in), sum(bytes_out)
    FROM usage_events GROUP BY 1, 2, 3, 4 ORDER BY 3, 1`);
  console.log('usage by actor');
  await owner.query(sql`UPDATE usage_counters c SET period_start = p.period_start,
      period_end = p.period_end, used = coalesce(h.used, 0), overage = coalesce(h.overage, 0)
    FROM organization_subscriptions s
    CROSS JOIN LATERAL usage_period(s.usage_anchor, ${now}::timestamptz) p
    LEFT JOIN LATERAL (
      SELECT sum(conversions) AS used, sum(overage) AS overage FROM usage_hourly h
      WHERE h.organization_id = s.organization_id AND h.period_start = p.period_start
    ) h ON true
    WHERE s.organization_id = c.organization_id`);
  await owner.query(sql`INSERT INTO usage_records
    SELECT h.organization_id, h.period_start, p.period_end,
      extract(month FROM h.period_start), extract(year FROM h.period_start), sum(h.conversions),
      sum(h.overage), 0, 0, 0
    FROM usage_hourly h
    JOIN usage_counters c ON c.organization_id = h.organization_id
    JOIN organization_subscriptions s ON s.organization_id = h.organization_id
    CROSS JOIN LATERAL usage_period(s.usage_anchor, h.period_start) p
    WHERE h.period_start < c.period_start GROUP BY 1, 2, 3`);
}

/** As many as may be kept of one minute, for each organization. */
async function insertDecisions(
  owner: Pool,
  organizationIds: readonly string[],
  now: Date,
): Promise<string> {
  const ids = Array.from({ length: 100 }, () => newId('req', now.getTime()));
  await owner.query(sql`INSERT INTO usage_decisions
    SELECT o.id, r.id, 'quota_exceeded', jsonb_build_object('verdict', 'quota_exceeded',
      'organization_id', o.id, 'plan_id', 'plan_enterprise', 'plan_version', 1,
      'plan_name', 'Enterprise', 'override_id', NULL, 'monthly_limit', 5, 'used', 5, 'reserved', 0,
      'concurrent_limit', NULL, 'active', 0, 'queued', 0, 'file_bytes_max', NULL,
      'key_limit', NULL, 'key_used', NULL, 'spend_cap_minor', NULL, 'currency', 'usd',
      'period_start', '2026-11-01T00:00:00.000Z', 'period_end', '2026-12-01T00:00:00.000Z'),
      NULL, ${now}::timestamptz
    FROM unnest(${organizationIds}::text[]) AS o (id), unnest(${ids}::text[]) AS r (id)`);
  return ids[50] ?? '';
}
