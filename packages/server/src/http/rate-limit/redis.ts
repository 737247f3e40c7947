import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, defineScript } from '@redis/client';
import type { CommandParser } from '@redis/client';
import type { Log } from '../../context.ts';
import { windowSeconds } from './rate-limit.ts';
import type { WindowCall, WindowCount, WindowStore } from './window.ts';

/** Requests wait no longer than this for Redis; an answer takes well under a millisecond. */
const answerMsMax = 250;
/** The start of a server waits no longer than this. */
const connectMsMax = 2_000;
const keyPrefix = 'mutate:rate:';

/**
 * The same rule as `countRequests` in sql.ts: a window begins with its first request, and
 * nothing refused is noted. One key a call, so that a cluster can run it.
 */
const countRequests = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local requests, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local used = tonumber(redis.call('get', KEYS[1]) or '0')
    local left = redis.call('pttl', KEYS[1])
    if left <= 0 then
      redis.call('set', KEYS[1], math.min(requests, limit), 'PX', window)
      return {0, window}
    end
    redis.call('incrby', KEYS[1], math.max(0, math.min(requests, limit - used)))
    return {used, left}`,
  parseCommand(parser: CommandParser, { key, requests, requestLimit }: WindowCall) {
    parser.pushKey(key);
    parser.push(String(requests), String(requestLimit), String(windowSeconds * 1000));
  },
  transformReply: ([usedBefore, msLeft]: [number, number]): WindowCount => ({ usedBefore, msLeft }),
});

/** Counts in Redis 5 or newer, or what speaks its protocol; keys vanish with their window. */
export class RedisWindowStore implements WindowStore {
  readonly name = 'Redis';
  readonly #client;

  private constructor(client: ReturnType<typeof createRedisClient>) {
    this.#client = client;
  }

  /** @param url `redis://` or `rediss://`, with user and password where it asks for them */
  static async open(url: string, log: Log): Promise<RedisWindowStore> {
    const client = createRedisClient(url);
    // What fails is told once by whoever counts; the client connects again by itself.
    client.on('error', (error: unknown) => log.debug({ err: error }, 'Redis connection'));
    const connected = client.connect().catch((error: unknown) => {
      log.warn({ err: error }, 'Redis cannot be used; rate limits are counted in PostgreSQL');
    });
    await Promise.race([connected, sleep(connectMsMax, undefined, { ref: false })]);
    return new RedisWindowStore(client);
  }

  async count(calls: readonly WindowCall[]): Promise<WindowCount[]> {
    if (!this.#client.isReady) throw new Error('Redis is not connected');
    // Commands of one turn go out together.
    const counts = Promise.all(calls.map((call) => this.#client.countRequests(call)));
    return within(answerMsMax, counts);
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

function createRedisClient(url: string) {
  return createClient({
    url,
    keyPrefix,
    // With these two every Redis since 5 does, and those that others offer in its place.
    RESP: 2,
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    // A peer that vanished without a word is noticed: a ping each two seconds keeps a live one.
    pingInterval: 2_000,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: 5_000,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 2_000),
    },
    scripts: { countRequests },
  });
}

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
