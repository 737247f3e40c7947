import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { sql } from '../db/sql.ts';

const monthsAhead = 2;

/**
 * Makes the monthly partitions of the usage events before they are needed. What falls outside
 * meanwhile lands in the default partition and is moved later.
 *
 * @param owner connected as the owner of the tables: the application may not change the schema
 */
export async function makePartitions(owner: Database, clock: Clock): Promise<void> {
  await owner.query(
    sql`SELECT ensure_usage_partitions(${clock.now()}::timestamptz, ${monthsAhead}::integer)`,
  );
}
