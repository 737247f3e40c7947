import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { createTestDatabase } from '../../test/database.ts';
import type { TestDatabase } from '../../test/database.ts';
import { quietLog } from '../../test/server.ts';
import { openRateLimiter } from './open.ts';
import type { OpenRateLimiter } from './open.ts';
import { RedisWindowStore } from './redis.ts';
import { prepareRedis } from './redis-under-test.ts';
import type { RedisUnderTest } from './redis-under-test.ts';

let database: TestDatabase;
let redis: RedisUnderTest;
let open: OpenRateLimiter[] = [];
let told: string[] = [];
let keys = 0;
let key = '';

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), prepareRedis()]);
  await redis.start();
});
afterAll(async () => {
  await redis.kill();
  await database.close();
});
beforeEach(() => {
  key = `key_${(keys += 1)}`;
  told = [];
});
afterEach(async () => {
  await Promise.all(open.map((limiter) => limiter.close()));
  open = [];
});

/** As a server process of its own has it; what it warns of and informs about is in `told`. */
async function server(url = redis.url): Promise<OpenRateLimiter> {
  const tell = (_: object, message = '') => void told.push(message);
  const log = { ...quietLog, warn: tell, info: tell };
  const limiter = await openRateLimiter({ db: database.db, redisUrl: url, log });
  open.push(limiter);
  return limiter;
}

async function pass(limiter: OpenRateLimiter, times: number, limit: number): Promise<number> {
  const results = await Promise.all(
    Array.from({ length: times }, () => limiter.consume(key, limit)),
  );
  return results.filter((result) => result.allowed).length;
}

async function countInDatabase(): Promise<number | undefined> {
  const [row] = await database.db.query<{ used: number }>(
    sql`SELECT used FROM rate_windows WHERE key = ${key}`,
  );
  return row?.used;
}

test('servers that share a Redis count one after the other exactly, PostgreSQL not at all', async () => {
  const servers = [await server(), await server()] as const;
  for (let index = 0; index < 8; index += 1) {
    const result = await servers[index % 2 === 0 ? 0 : 1].consume(key, 5);
    expect(result).toMatchObject({ allowed: index < 5, remaining: Math.max(0, 4 - index) });
    expect(result.resetSeconds).toBeGreaterThan(50);
  }
  expect(await countInDatabase()).toBeUndefined();
});

test('exactly the limit passes of 1,000 requests that come to four servers at once', async () => {
  const servers = await Promise.all([server(), server(), server(), server()]);
  const passed = await Promise.all(servers.map((one) => pass(one, 250, 300)));
  expect(passed.reduce((sum, count) => sum + count, 0)).toBe(300);
});

test('a raised limit lets more through at once; what was refused was not counted', async () => {
  const [one, other] = await Promise.all([server(), server()]);
  expect(await pass(one, 50, 3)).toBe(3);
  expect(await other.consume(key, 10)).toMatchObject({ allowed: true, remaining: 6 });
  expect(await one.consume(key, 2)).toMatchObject({ allowed: false, limit: 2, remaining: 0 });
});

test('a window lasts a minute from its first request, and its key is gone with it', async () => {
  const store = await RedisWindowStore.open(redis.url, quietLog);
  const call = { key, requests: 2, requestLimit: 5 };
  expect(await store.count([call])).toEqual([{ usedBefore: 0, msLeft: 60_000 }]);
  const [second] = await store.count([call]);
  expect(second?.usedBefore).toBe(2);
  expect(second?.msLeft).toBeLessThanOrEqual(60_000);
  expect(second?.msLeft).toBeGreaterThan(50_000);
  store.close();
});

test('while Redis is away PostgreSQL counts, and Redis again when it is back', async () => {
  const [one, other] = await Promise.all([server(), server()]);
  expect(await pass(one, 2, 5)).toBe(2);
  await redis.kill();
  // The window begins anew, once, and holds for all servers.
  expect((await pass(one, 4, 5)) + (await pass(other, 4, 5))).toBe(5);
  expect(await countInDatabase()).toBe(5);
  expect(told.filter((message) => message === 'rate limits: Redis does not count')).toHaveLength(2);
  await redis.start();
  const isBack = async () => {
    await one.consume('somebody', 1_000_000);
    return told.includes('rate limits: Redis counts again');
  };
  await expect.poll(isBack, { timeout: 15_000, interval: 100 }).toBe(true);
});

test('a Redis that answers nothing any more makes nobody wait for long', async () => {
  const one = await server();
  await one.consume(key, 100);
  redis.freeze();
  try {
    const startedMs = performance.now();
    for (let index = 0; index < 20; index += 1) await one.consume(key, 100);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(await countInDatabase()).toBe(20);
  } finally {
    redis.thaw();
  }
});

test('a server starts without Redis, and with a password that it refuses', async () => {
  for (const url of ['redis://127.0.0.1:9', redis.url.replace('secret', 'wrong')]) {
    const one = await server(url);
    key = `${key}_${url.length}`;
    expect(await pass(one, 7, 5)).toBe(5);
    expect(await countInDatabase()).toBe(5);
    expect(told.join('\n')).toContain('Redis');
    expect(told.join('\n')).not.toContain('wrong');
  }
});
