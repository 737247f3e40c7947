import { z } from 'zod';
import type { Context } from '../context.ts';
import { type List, listOf } from '../http/list.ts';
import { invalidRequest } from '../http/validation.ts';
import { type HistoryPage, type Interval, listHistory } from './history-sql.ts';
import { momentSchema, parseRange, type TimeRange } from './time-range.ts';

export const historyQuery = z.strictObject({
  interval: z.enum(['period', 'month', 'day', 'hour']).default('day'),
  from: momentSchema.optional().describe('The first bucket has it. RFC 3339, or a date in UTC.'),
  to: momentSchema.optional().describe('Before it the last bucket begins; now, if absent.'),
  group_by: z.enum(['type', 'api_key', 'member']).optional(),
  limit: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).optional(),
  starting_after: z.string().min(1).max(200).optional(),
});

const bucketSchema = z
  .object({
    object: z.literal('usage_bucket'),
    start: z.string(),
    end: z.string(),
    group: z
      .string()
      .nullable()
      .optional()
      .describe('With `group_by`: the type, key or member; null: asked for in another way.'),
    conversions: z.int(),
    overage: z.int(),
    failed: z.int(),
    bytes_in: z.int(),
    bytes_out: z.int(),
    breakdown: z
      .record(z.string(), z.int())
      .nullable()
      .describe('Conversions by type; null when grouped by key or member.'),
  })
  .meta({ id: 'UsageBucket' });

export const historySchema = listOf(bucketSchema);

type Bucket = z.infer<typeof bucketSchema>;
type Row = Omit<Bucket, 'object'>;

/** A year of days, or a month of hours, in one reply. */
const rowsMax = 1_000;
const portionBuckets = 100;
const dayMs = 86_400_000;
const defaultDays: Readonly<Record<Interval, number>> = {
  hour: 1,
  day: 30,
  month: 365,
  period: 365,
};

/**
 * What was used, in buckets of an interval, newest first. Buckets are whole: the range reaches out
 * to their bounds, which are those of UTC. Each bucket has a row, with zeros where nothing happened;
 * grouped, only the groups that did something have one. A page without `limit` has up to 1,000 rows.
 *
 * @throws AppError `invalid_request` for a range above 731 days (hours: 31), or that is empty
 */
export async function listUsageHistory(
  ctx: Context,
  query: z.infer<typeof historyQuery>,
): Promise<List<Bucket>> {
  const { interval, group_by: groupBy = null } = query;
  const limit = query.limit ?? rowsMax;
  const rows = await listRows(ctx, {
    organizationId: ctx.organization.id,
    interval,
    groupBy,
    range: rangeOf(ctx, query),
    after: query.starting_after === undefined ? null : parseCursor(query.starting_after),
    rowsMax: limit,
    asOf: ctx.clock.now(),
  });
  const data = rows.slice(0, limit).map((row) => ({ object: 'usage_bucket' as const, ...row }));
  const last = rows.length > limit ? data.at(-1) : undefined;
  return {
    object: 'list',
    data,
    has_more: last !== undefined,
    next_cursor: last === undefined ? null : toCursor(last),
  };
}

/** One row more than asked for, where there are more. */
async function listRows(ctx: Context, page: HistoryPage): Promise<Row[]> {
  const rows: Row[] = [];
  for (const range of portionsOf(page)) {
    const rowsLeft = page.rowsMax - rows.length;
    rows.push(...(await ctx.db.query<Row>(listHistory({ ...page, range, rowsMax: rowsLeft }))));
    if (rows.length > page.rowsMax) break;
  }
  return rows;
}

/**
 * The range in portions, newest first. How many groups a bucket has shows only when it is read: of a
 * month of hours and twenty keys one page is a tenth, and the rest need not be summed up.
 */
function* portionsOf({ interval, groupBy, range, after }: HistoryPage): Generator<TimeRange> {
  const lengthMs = { hour: dayMs / 24, day: dayMs, month: null, period: null }[interval];
  if (groupBy === null || lengthMs === null) {
    yield range;
    return;
  }
  const endMs = Math.min(range.to.getTime(), (after?.start.getTime() ?? Infinity) + lengthMs);
  const firstMs = Math.floor(range.from.getTime() / lengthMs) * lengthMs;
  let toMs = Math.ceil(endMs / lengthMs) * lengthMs;
  while (toMs > firstMs) {
    const fromMs = Math.max(firstMs, toMs - portionBuckets * lengthMs);
    yield { from: new Date(fromMs), to: new Date(toMs) };
    toMs = fromMs;
  }
}

function rangeOf(ctx: Context, query: z.infer<typeof historyQuery>): TimeRange {
  const { interval } = query;
  const missing = (given: Date | null): TimeRange => {
    const to = given ?? ctx.clock.now();
    return { from: new Date(to.getTime() - defaultDays[interval] * dayMs), to };
  };
  return parseRange(
    query,
    missing,
    interval === 'hour'
      ? { daysMax: 31, why: 'with interval=hour' }
      : { daysMax: 731, why: 'with this interval' },
  );
}

/** `2026-11-23T00:00:00.000Z`, and with a group `2026-11-23T00:00:00.000Z~XLSX_TO_CSV`. */
function toCursor({ start, group }: Bucket): string {
  return group === undefined ? start : `${start}~${group ?? ''}`;
}

function parseCursor(cursor: string): { start: Date; group: string } {
  const [time = '', group = ''] = cursor.split('~', 2);
  if (z.iso.datetime().safeParse(time).success) return { start: new Date(time), group };
  const detail = 'must be the next_cursor of a page before';
  throw invalidRequest([{ pointer: '/query/starting_after', detail }]);
}
