import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { sql } from '../db/sql.ts';

const monthsAhead = 2;
const everyMs = 6 * 3_600_000;

/**
 * Makes the monthly partitions of the usage events before they are needed, now and every few
 * hours. What falls outside meanwhile lands in the default partition and is moved later.
 *
 * @param owner connected as the owner of the tables: the application may not change the schema
 */
export async function keepPartitionsAhead(
  owner: Database,
  clock: Clock,
  log: Log,
): Promise<{ stop(): void }> {
  await makePartitions(owner, clock);
  const timer = setInterval(() => {
    makePartitions(owner, clock).catch((error: unknown) => {
      log.warn({ err: error }, 'no partitions could be made for the coming months');
    });
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function makePartitions(owner: Database, clock: Clock): Promise<void> {
  await owner.query(
    sql`SELECT ensure_usage_partitions(${clock.now()}::timestamptz, ${monthsAhead}::integer)`,
  );
}
