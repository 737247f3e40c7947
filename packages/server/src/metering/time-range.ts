import { z } from 'zod';
import { invalidRequest } from '../http/validation.ts';

/** A moment in a query: RFC 3339 with its offset, or a date, which is its midnight in UTC. */
export const momentSchema = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: 'must be a time such as 2026-11-23T10:00:00Z or a date such as 2026-11-23',
});

/** Half-open: `[from, to)`. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

export interface RangeQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What the calendar of PostgreSQL and of JavaScript agree upon, and more than anybody has data for. */
const [earliest, latest] = ['2000-01-01', '2100-01-01'];
const dayMs = 86_400_000;

/**
 * The range that a query asks for; what is absent comes from `missing`.
 *
 * @param daysMax how much may be asked for at once; null: any amount
 * @throws AppError `invalid_request` that names the field and the bound
 */
export function parseRange(
  query: RangeQuery,
  missing: (to: Date | null) => TimeRange,
  limit: { daysMax: number; why: string } | null,
): TimeRange {
  const given = { from: parseMoment('from', query.from), to: parseMoment('to', query.to) };
  const otherwise = missing(given.to);
  const range = { from: given.from ?? otherwise.from, to: given.to ?? otherwise.to };
  if (range.from >= range.to) {
    const detail = `must be before to (${range.to.toISOString()})`;
    throw invalidRequest([{ pointer: '/query/from', detail }]);
  }
  if (limit !== null && range.to.getTime() - range.from.getTime() > limit.daysMax * dayMs) {
    const detail = `must be at most ${limit.daysMax} days before to (${range.to.toISOString()})`;
    throw invalidRequest([{ pointer: '/query/from', detail: `${detail} ${limit.why}` }]);
  }
  return range;
}

function parseMoment(name: 'from' | 'to', text: string | undefined): Date | null {
  if (text === undefined) return null;
  const moment = new Date(text);
  if (moment < new Date(earliest) || moment > new Date(latest)) {
    const detail = `must be from ${earliest} to ${latest}`;
    throw invalidRequest([{ pointer: `/query/${name}`, detail }]);
  }
  return moment;
}
