import type pg from 'pg';
import { systemClock } from '../../packages/server/src/clock.ts';
import { Pool } from '../../packages/server/src/db/pool.ts';
import type { Contender } from './contender.ts';
import * as statements from './naive-sql.ts';

/** On a slow disk 512 callers wait their turn for long; nobody is to be turned away. */
export const patienceMs = 600_000;

/**
 * The transaction that one would write by hand: one an admission and one a completion, on a pool,
 * every commit on disk. It writes the same rows as ours and checks the same limits of the plan; it
 * knows neither prices, nor key limits, nor periods that end.
 */
export function openNaive(connection: pg.ClientConfig): Contender {
  const pool = new Pool({
    connection,
    connectionsMax: 20,
    connectTimeoutMs: patienceMs,
    queryTimeoutMs: patienceMs,
  });
  return {
    admit: (call) =>
      pool.transaction(async (tx) => {
        const asOf = systemClock.now();
        const [usage] = await tx.query<statements.Usage>(statements.lockUsage(call.organizationId));
        if (usage === undefined) throw new Error('there is no such organization');
        refuse(usage, call.sizeBytes);
        await tx.query(statements.insertJob(call, usage.period_start, asOf));
        await tx.query(statements.insertReservation(call, usage, asOf));
        await tx.query(statements.reserveUnit(call.organizationId));
      }),
    complete: (call) =>
      pool.transaction(async (tx) => {
        const asOf = systemClock.now();
        const [usage] = await tx.query<statements.Usage>(statements.lockUsage(call.organizationId));
        const [job] = await tx.query<statements.FinishedJob>(statements.finishJob(call, asOf));
        if (usage === undefined || job === undefined) throw new Error('not counted: stale');
        const [held] = await tx.query<statements.Held>(statements.deleteReservation(call));
        if (held === undefined) throw new Error('the job has no reservation');
        await tx.query(statements.insertEvent(call, job, held, asOf));
        await tx.query(statements.countByType(call, job));
        await tx.query(statements.countByActor(call, job));
        await tx.query(statements.countUnit(call.organizationId));
        if (reachesThreshold(usage)) {
          await tx.query(statements.insertAlert(call.organizationId, usage, asOf));
        }
      }),
    close: () => pool.close(),
  };
}

function refuse(usage: statements.Usage, sizeBytes: number): void {
  const { file_bytes_max: bytesMax, monthly_limit: limit, concurrent_limit: slots } = usage;
  if (usage.suspended) throw new Error('refused: suspended');
  if (bytesMax !== null && sizeBytes > bytesMax) throw new Error('refused: file_too_large');
  if (limit !== null && usage.used + usage.reserved >= limit) throw new Error('refused: quota');
  if (slots !== null && usage.active >= slots) throw new Error('refused: concurrency');
}

function reachesThreshold({ used, monthly_limit: limit }: statements.Usage): boolean {
  return limit !== null && (used + 1) * 100 >= 80 * limit;
}
