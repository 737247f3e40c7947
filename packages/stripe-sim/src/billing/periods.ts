import { Temporal } from 'temporal-polyfill';
import type { Interval, Period } from '../store/documents.ts';

export interface Cycle {
  readonly interval: Interval;
  readonly interval_count: number;
}

const units = { day: 'days', week: 'weeks', month: 'months', year: 'years' } as const;

/**
 * The `n`th boundary of a cycle, counted from its anchor, never from the boundary before: 31 January
 * is followed by 28 February and then by 31 March. UTC, unix seconds.
 */
export function boundaryOf(anchor: number, cycle: Cycle, n: number): number {
  const start = Temporal.Instant.fromEpochMilliseconds(anchor * 1000).toZonedDateTimeISO('UTC');
  const moved = start.add({ [units[cycle.interval]]: n * cycle.interval_count });
  return moved.epochMilliseconds / 1000;
}

const secondsOf: Readonly<Record<Interval, number>> = {
  day: 86_400,
  week: 604_800,
  month: 2_629_746,
  year: 31_556_952,
};

/** The half-open period `[start, end)` of the cycle that holds `at`; the anchor may lie after it. */
export function periodAt(anchor: number, cycle: Cycle, at: number): Period {
  const length = secondsOf[cycle.interval] * cycle.interval_count;
  let n = Math.floor((at - anchor) / length);
  while (boundaryOf(anchor, cycle, n) > at) n -= 1;
  while (boundaryOf(anchor, cycle, n + 1) <= at) n += 1;
  return { start: boundaryOf(anchor, cycle, n), end: boundaryOf(anchor, cycle, n + 1) };
}

/** `at` plus some days, weeks, months or years. */
export function after(at: number, cycle: Cycle): number {
  return boundaryOf(at, cycle, 1);
}
