import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { sql } from '../db/sql.ts';

const pageSize = 200;

/**
 * Sums finished days of all organizations, so that charts over months read few rows. Any number of
 * processes may run it, at any time; what is not summed yet is read by the hour.
 *
 * @returns how many organizations had days to sum
 */
export async function summarizeDays(db: Database, clock: Clock): Promise<number> {
  let summarized = 0;
  for (let after = ''; ;) {
    const ids: { id: string }[] = await db.query<{ id: string }>(
      sql`SELECT id FROM organization WHERE id > ${after} ORDER BY id LIMIT ${pageSize}::integer`,
    );
    const last = ids.at(-1);
    if (last === undefined) return summarized;
    const [row] = await db.query<{ organizations: number }>(
      sql`SELECT summarize_usage_days(${ids.map(({ id }) => id)}::text[],
        ${clock.now()}::timestamptz) AS organizations`,
    );
    summarized += row?.organizations ?? 0;
    after = last.id;
  }
}
