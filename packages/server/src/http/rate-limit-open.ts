import { startChore } from '../chore.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import type { RateLimiter } from './ports.ts';
import { createMemoryRateLimiter } from './rate-limit.ts';
import { PostgresWindowStore } from './rate-limit-postgres.ts';
import { SharedRateLimiter } from './rate-limit-shared.ts';

export interface RateLimiterOptions {
  readonly db: Database;
  readonly log: Log;
}

export interface OpenRateLimiter extends RateLimiter {
  /** To be called when no request is under way any more. */
  close(): Promise<void>;
}

const purgeEveryMs = 60_000;

/**
 * The limiter of a server process: it counts with all others in PostgreSQL, and while that is away
 * in this process's memory.
 */
export function openRateLimiter({ db, log }: RateLimiterOptions): OpenRateLimiter {
  const store = new PostgresWindowStore(db);
  const limiter = new SharedRateLimiter({ store, insurance: createMemoryRateLimiter(), log });
  const chore = startChore('purge rate windows', purgeEveryMs, log, () => store.purge());
  return {
    consume: (key, perMinute) => limiter.consume(key, perMinute),
    close: async () => {
      await chore.stop();
      await limiter.settled();
    },
  };
}
