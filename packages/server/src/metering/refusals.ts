import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { addRefusals } from './sql.ts';

/** Counts refused requests by organization and reason, off the hot path: written every second. */
export class RefusalCounter {
  readonly #options: { db: Database; clock: Clock; log: Log };
  #counts = new Map<string, { organizationId: string; reason: string; count: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { db: Database; clock: Clock; log: Log }) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), 1_000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
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
