import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Pool } from '../../db/pool.ts';
import type { Queryable } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase } from '../../test/database.ts';
import type { TestDatabase } from '../../test/database.ts';
import { quietLog } from '../../test/server.ts';
import { openRateLimiter } from './open.ts';
import type { OpenRateLimiter } from './open.ts';
import { PostgresWindowStore } from './postgres.ts';
import { addressBlock } from '../address.ts';

let database: TestDatabase;
let pools: Pool[] = [];
let open: OpenRateLimiter[] = [];
let keys = 0;
let key = '';

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  key = `key_${(keys += 1)}`;
});
afterEach(async () => {
  await Promise.all(open.map((limiter) => limiter.close()));
  await Promise.all(pools.map((pool) => pool.close()));
  [open, pools] = [[], []];
});

/** As a server process of its own has it: connections, counts and memory apart from the others. */
async function server(log = quietLog): Promise<OpenRateLimiter> {
  const db = new Pool({ connection: database.applicationConnection, connectionsMax: 2 });
  const limiter = await openRateLimiter({ db, redisUrl: undefined, log });
  pools.push(db);
  open.push(limiter);
  return limiter;
}

const countPassed = (results: readonly { allowed: boolean }[]) =>
  results.filter((result) => result.allowed).length;

const setWindowEnd = (interval: string) =>
  database.owner.query(sql`UPDATE rate_windows
    SET ends_at = clock_timestamp() + ${interval}::interval WHERE key = ${key}`);

describe('servers that share a database', () => {
  test('count one after the other exactly, whichever server is asked', async () => {
    const servers = [await server(), await server()] as const;
    for (let index = 0; index < 8; index += 1) {
      const result = await servers[index % 2 === 0 ? 0 : 1].consume(key, 5);
      expect(result).toMatchObject({
        allowed: index < 5,
        limit: 5,
        remaining: Math.max(0, 4 - index),
      });
      expect(result.resetSeconds).toBeGreaterThan(50);
      expect(result.resetSeconds).toBeLessThanOrEqual(60);
    }
  });

  test('let exactly the limit through of 1,000 requests that come to four at once', async () => {
    const servers = await Promise.all([server(), server(), server(), server()]);
    const results = await Promise.all(
      servers.flatMap((one) => Array.from({ length: 250 }, () => one.consume(key, 300))),
    );
    expect(countPassed(results)).toBe(300);
    const remaining = results.filter((result) => result.allowed).map((result) => result.remaining);
    expect(remaining.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  test('never deadlock, in whatever order the keys come', async () => {
    const servers = await Promise.all([server(), server(), server()]);
    const names = Array.from({ length: 200 }, (_, index) => `${key}_${index}`);
    const results = await Promise.all(
      servers.flatMap((one, turn) =>
        [...names.slice(turn * 60), ...names.slice(0, turn * 60)].map((name) =>
          one.consume(name, 2),
        ),
      ),
    );
    expect(countPassed(results)).toBe(400);
  });

  test('keep keys and addresses apart', async () => {
    const one = await server();
    await one.consume(key, 1);
    expect((await one.consume(`${key}0`, 1)).allowed).toBe(true);
    expect((await one.consume(addressBlock('2001:db8::1'), 1)).allowed).toBe(true);
    expect((await one.consume(addressBlock('2001:db8::2'), 1)).allowed).toBe(false);
    expect((await one.consume(addressBlock('192.0.2.1'), 1)).allowed).toBe(true);
  });
});

describe('a limit that changes', () => {
  test('when raised lets more through at once; what was refused was not counted', async () => {
    const [one, other] = await Promise.all([server(), server()]);
    const burst = await Promise.all(Array.from({ length: 50 }, () => one.consume(key, 3)));
    expect(countPassed(burst)).toBe(3);
    expect(await other.consume(key, 10)).toMatchObject({ allowed: true, limit: 10, remaining: 6 });
    expect(await one.consume(key, 10)).toMatchObject({ allowed: true, remaining: 5 });
  });

  test('when lowered refuses at once, and forgets nothing that was used', async () => {
    const one = await server();
    for (let index = 0; index < 4; index += 1) await one.consume(key, 10);
    expect(await one.consume(key, 2)).toMatchObject({ allowed: false, limit: 2, remaining: 0 });
    expect(await one.consume(key, 10)).toMatchObject({ allowed: true, remaining: 5 });
  });

  test('may be nothing at all, or no limit', async () => {
    const one = await server();
    expect(await one.consume(key, 0)).toMatchObject({ allowed: false, remaining: 0 });
    expect(await one.consume(key, 2_147_483_647)).toMatchObject({
      allowed: true,
      remaining: 2_147_483_646,
    });
  });
});

describe('a window', () => {
  test('ends a minute after its first request, by the clock of the database', async () => {
    const store = new PostgresWindowStore(database.db);
    const call = { key, requests: 1, requestLimit: 5 };
    const [first] = await store.count([call]);
    expect(first).toEqual({ usedBefore: 0, msLeft: 60_000 });
    const [second] = await store.count([call]);
    expect(second?.usedBefore).toBe(1);
    expect(second?.msLeft).toBeLessThan(60_000);
    await setWindowEnd('-1 millisecond');
    expect(await store.count([call])).toEqual([{ usedBefore: 0, msLeft: 60_000 }]);
  });

  test('of a clock that was set back since does not lock anybody out', async () => {
    const store = new PostgresWindowStore(database.db);
    const call = { key, requests: 5, requestLimit: 5 };
    await store.count([call]);
    await setWindowEnd('3 hours');
    expect(await store.count([call])).toEqual([{ usedBefore: 0, msLeft: 60_000 }]);
  });

  test('that is full and over lets through again, although this server knew it as full', async () => {
    const one = await server();
    await one.consume(key, 1);
    await setWindowEnd('1 second');
    const other = await server();
    expect((await other.consume(key, 1)).allowed).toBe(false);
    const passes = async () => (await other.consume(key, 1)).allowed;
    await expect.poll(passes, { timeout: 30_000 }).toBe(true);
  });

  test('that is over is deleted, a running one is not', async () => {
    const store = new PostgresWindowStore(database.db);
    await store.count([{ key, requests: 1, requestLimit: 5 }]);
    const running = `${key}_running`;
    await store.count([{ key: running, requests: 1, requestLimit: 5 }]);
    await setWindowEnd('-2 minutes');
    await store.purge();
    const rows = await database.db.query<{ key: string }>(
      sql`SELECT key FROM rate_windows WHERE starts_with(key, ${key})`,
    );
    expect(rows).toEqual([{ key: running }]);
  });
});

describe('what it costs', () => {
  const countingStatements = () => {
    let statements = 0;
    const query: Queryable['query'] = (statement) => {
      statements += 1;
      return database.db.query(statement);
    };
    const db = { query, transaction: database.db.transaction.bind(database.db) };
    return { db, statements: () => statements };
  };

  test('a burst is counted in two statements, and a full window refuses without any', async () => {
    const { db, statements } = countingStatements();
    const limiter = await openRateLimiter({ db, redisUrl: undefined, log: quietLog });
    open.push(limiter);
    await Promise.all(
      Array.from({ length: 400 }, (_, index) => limiter.consume(`${key}_${index % 4}`, 50)),
    );
    expect(statements()).toBeLessThanOrEqual(2);
    const before = statements();
    expect(await limiter.consume(`${key}_0`, 50)).toMatchObject({ allowed: false, remaining: 0 });
    expect(statements()).toBe(before);
  });

  test('nothing of it is ever flushed to disk', async () => {
    const rows = await database.db.query<{ relpersistence: string }>(
      sql`SELECT relpersistence FROM pg_class WHERE relname LIKE 'rate_windows%'`,
    );
    expect(rows.map((row) => row.relpersistence)).toEqual(['u', 'u']);
  });
});

test('while the database is away requests are counted in memory, and the log says so once', async () => {
  const warnings: (string | undefined)[] = [];
  const log = { ...quietLog, warn: (_: object, message?: string) => warnings.push(message) };
  const one = await server(log);
  await one.consume(key, 5);
  await pools[0]?.close();
  pools = [];
  const results = await Promise.all(Array.from({ length: 7 }, () => one.consume(key, 5)));
  expect(countPassed(results)).toBe(5);
  expect(warnings).toEqual(['rate limits: PostgreSQL does not count']);
});

test('a connection that was cut is replaced, and no count is lost', async () => {
  const one = await server();
  await one.consume(key, 5);
  await database.owner.query(sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  expect(await one.consume(key, 5)).toMatchObject({ allowed: true, remaining: 3 });
});
