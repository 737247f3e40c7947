import type { Clock } from './clock.ts';
import type { Database } from './db/pool.ts';
import { sql } from './db/sql.ts';

/** Business time: the machine's clock plus the offset that all processes share. Never goes back. */
export class PlatformClock implements Clock {
  #offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }

  /** Takes over the offset as the database has it; each process does so once a second. */
  async read(db: Database): Promise<void> {
    const [row] = await db.query<{ offset_ms: number }>(sql`SELECT offset_ms FROM platform_clock`);
    this.#offsetMs = Math.max(this.#offsetMs, row?.offset_ms ?? 0);
  }

  /** Moves all processes' time forward to a moment; one that is past changes nothing. */
  async moveTo(db: Database, to: Date): Promise<void> {
    const offsetMs = to.getTime() - Date.now();
    await db.query(sql`UPDATE platform_clock
      SET offset_ms = greatest(offset_ms, ${offsetMs}::bigint)`);
    await this.read(db);
  }
}

/** The clock as the database has it. */
export async function readPlatformClock(db: Database): Promise<PlatformClock> {
  const clock = new PlatformClock();
  await clock.read(db);
  return clock;
}
