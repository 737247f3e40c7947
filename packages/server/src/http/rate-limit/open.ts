import { startChore } from '../../chore.ts';
import type { Log } from '../../context.ts';
import type { Database } from '../../db/pool.ts';
import type { RateLimiter } from '../ports.ts';
import { createMemoryRateLimiter } from './rate-limit.ts';
import { PostgresWindowStore } from './postgres.ts';
import { RedisWindowStore } from './redis.ts';
import { SharedRateLimiter } from './shared.ts';

export interface RateLimiterOptions {
  readonly db: Database;
  /** Undefined: there is no Redis, and PostgreSQL counts. */
  readonly redisUrl: string | undefined;
  readonly log: Log;
}

export interface OpenRateLimiter extends RateLimiter {
  /** To be called when no request is under way any more. */
  close(): Promise<void>;
}

const purgeEveryMs = 60_000;

/**
 * The limiter of a server process. It counts with all others in Redis where there is one; while
 * that is away, or where there is none, in PostgreSQL; while that is away too, in this process's
 * memory.
 */
export async function openRateLimiter(options: RateLimiterOptions): Promise<OpenRateLimiter> {
  const { db, redisUrl, log } = options;
  const postgres = new PostgresWindowStore(db);
  const memory = createMemoryRateLimiter();
  const local = new SharedRateLimiter({ store: postgres, insurance: memory, log });
  const redis = redisUrl === undefined ? undefined : await RedisWindowStore.open(redisUrl, log);
  const limiter =
    redis === undefined ? local : new SharedRateLimiter({ store: redis, insurance: local, log });
  const chore = startChore('purge rate windows', purgeEveryMs, log, () => postgres.purge());
  return {
    consume: (key, perMinute) => limiter.consume(key, perMinute),
    close: async () => {
      await chore.stop();
      await limiter.settled();
      await local.settled();
      redis?.close();
    },
  };
}
