import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { sweepExpiredLeases } from './sql.ts';

export interface SweepOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Attempts at an asynchronous job before it fails for good. */
  readonly attemptsMax: number;
}

/**
 * Frees what workers held that are gone. Any number of processes may do it: each organization's
 * part happens under its lock. Answers how many reservations were freed.
 */
export async function sweep({ db, clock, log, attemptsMax }: SweepOptions): Promise<number> {
  const [row] = await db.query<{ freed: number }>(sweepExpiredLeases(attemptsMax, clock.now()));
  if (row && row.freed > 0) log.info({ freed: row.freed }, 'freed what dead workers held');
  return row?.freed ?? 0;
}
