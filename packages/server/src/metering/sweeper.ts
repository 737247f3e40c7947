import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { sweepExpiredLeases } from './sql.ts';

/**
 * Frees, every two seconds, what workers held that are gone. Any number of processes may do it:
 * each organization's part happens under its lock.
 */
export class Sweeper {
  readonly #options: { db: Database; clock: Clock; log: Log; attemptsMax: number };
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> | undefined;

  constructor(options: { db: Database; clock: Clock; log: Log; attemptsMax: number }) {
    this.#options = options;
  }

  start(everyMs = 2_000): void {
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.sweep()
        .catch((error: unknown) => this.#options.log.warn({ err: error }, 'sweep failed'))
        .finally(() => {
          this.#sweeping = undefined;
        });
    }, everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** One sweep now. Answers how many reservations were freed. */
  async sweep(): Promise<number> {
    const { db, clock, log, attemptsMax } = this.#options;
    const [row] = await db.query<{ freed: number }>(sweepExpiredLeases(attemptsMax, clock.now()));
    if (row && row.freed > 0) log.info({ freed: row.freed }, 'freed what dead workers held');
    return row?.freed ?? 0;
  }
}
