import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { csvRecord, csvType, ndjsonType } from '../http/csv.ts';
import { findCurrentPeriod, listEvents } from './export-sql.ts';
import { momentSchema, parseRange, type TimeRange } from './time-range.ts';

export const exportQuery = z.strictObject({
  format: z.enum(['csv', 'ndjson']).default('csv'),
  from: momentSchema.optional().describe('Admitted then or later; the current period, if absent.'),
  to: momentSchema.optional().describe('Admitted before that.'),
});

/** Names and order of the columns; the members of a line of NDJSON are the same. */
const columns = [
  'job_id',
  'type',
  'admitted_at',
  'completed_at',
  'period_start',
  'billed_as',
  'unit_amount',
  'currency',
  'plan_id',
  'plan_version',
  'override_id',
  'bytes_in',
  'bytes_out',
  'duration_ms',
  'api_key_id',
  'member_id',
] as const;

interface ExportRow extends Readonly<Record<(typeof columns)[number], string | number | null>> {
  readonly admitted_at: string;
  readonly job_id: string;
}

/** A page is what an export holds in memory, however slowly it is read: half a megabyte. */
const pageRows = 2_000;

export interface UsageExport {
  readonly contentType: string;
  readonly filename: string;
  readonly stream: Readable;
}

/**
 * One row a counted conversion, in the order of admission, read as fast as the client takes it. A
 * conversion that is counted while the export runs is in it where its place has not been passed.
 *
 * @throws AppError `invalid_request` for a range that is empty
 */
export async function exportUsage(
  ctx: Context,
  query: z.infer<typeof exportQuery>,
): Promise<UsageExport> {
  const statement = findCurrentPeriod(ctx.organization.id, ctx.clock.now());
  const [period] = await ctx.db.query<{ period_start: string; period_end: string }>(statement);
  if (period === undefined) throw notFound('workspace');
  const current = { from: new Date(period.period_start), to: new Date(period.period_end) };
  const range = parseRange(query, () => current, null);
  const format = formats[query.format];
  const [from, to] = [range.from, range.to].map((time) => time.toISOString().slice(0, 10));
  return {
    contentType: format.contentType,
    filename: `usage-${from}-${to}.${query.format}`,
    // Asks for a page only when the one before has gone into the socket; destroyed with it.
    stream: Readable.from(writeRows(ctx, range, format), { objectMode: false }),
  };
}

interface Format {
  readonly contentType: string;
  readonly head: string;
  line(row: ExportRow): string;
}

async function* writeRows(ctx: Context, range: TimeRange, format: Format): AsyncGenerator<string> {
  if (format.head !== '') yield format.head;
  let last: ExportRow | null = null;
  for (;;) {
    const rows: ExportRow[] = await ctx.db.query<ExportRow>(
      listEvents(ctx.organization.id, range, last, pageRows),
    );
    last = rows.at(-1) ?? null;
    if (last === null) return;
    yield rows.map((row) => format.line(row)).join('');
    if (rows.length < pageRows) return;
  }
}

const formats: Readonly<Record<'csv' | 'ndjson', Format>> = {
  csv: {
    contentType: csvType,
    head: csvRecord(columns),
    line: (row) => csvRecord(columns.map((column) => row[column])),
  },
  ndjson: {
    contentType: ndjsonType,
    head: '',
    line: (row) => `${JSON.stringify(row)}\n`,
  },
};
