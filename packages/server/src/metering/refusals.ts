import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { addRefusals } from './sql.ts';

/** Counts refused requests by organization and reason, off the hot path: a chore writes them. */
export class RefusalCounter {
  readonly #options: { db: Database; clock: Clock; log: Log };
  #counts = new Map<string, { organizationId: string; reason: string; count: number }>();

  constructor(options: { db: Database; clock: Clock; log: Log }) {
    this.#options = options;
  }

  add(organizationId: string, reason: string): void {
    const key = `${organizationId} ${reason}`;
    const entry = this.#counts.get(key);
    if (entry) entry.count += 1;
    else this.#counts.set(key, { organizationId, reason, count: 1 });
  }

  /** Writes what has gathered. A failure loses it: these counts feed charts, never bills. */
  async flush(): Promise<void> {
    if (this.#counts.size === 0) return;
    const rows = [...this.#counts.values()];
    this.#counts = new Map();
    const { db, clock, log } = this.#options;
    await db
      .query(addRefusals(rows, clock.now()))
      .catch((error: unknown) => log.warn({ err: error }, 'refusals were not recorded'));
  }
}
