import type { Clock } from './clock.ts';
import type { Database } from './db/pool.ts';
import { sql } from './db/sql.ts';

/** Business time: the machine's clock plus the offset that all processes share. */
class PlatformClock implements Clock {
  readonly #offsetMs: number;

  constructor(offsetMs: number) {
    this.#offsetMs = offsetMs;
  }

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }
}

/** The clock as the database has it. */
export async function readPlatformClock(db: Database): Promise<Clock> {
  const [row] = await db.query<{ offset_ms: number }>(sql`SELECT offset_ms FROM platform_clock`);
  return new PlatformClock(row?.offset_ms ?? 0);
}
