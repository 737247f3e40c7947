import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { Pool } from '../db/pool.ts';
import { type Statement, sql } from '../db/sql.ts';
import { setOverrides } from '../subscriptions/overrides.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { quietLog } from '../test/server.ts';
import { createApiKey, revokeApiKey } from './api-keys.ts';
import { type ApiKeyAuthenticator, createAuthenticator } from './authenticator.ts';

const clock = new ManualClock('2027-03-10T12:00:00Z');
const origin = { address: '203.0.113.7' };
const open: ApiKeyAuthenticator[] = [];
let database: TestDatabase;
let reads: Statement[] = [];

/** Counts what an authenticator asks of the database. */
class CountingPool extends Pool {
  override query<Row extends object>(statement: Statement): Promise<Row[]> {
    reads.push(statement);
    return super.query(statement);
  }
}
let counting: CountingPool;

beforeAll(async () => {
  database = await createTestDatabase();
  const connection = database.applicationConnection;
  counting = new CountingPool({ connection, connectionsMax: 5 });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((authenticator) => authenticator.close()));
});
afterAll(async () => {
  await counting.close();
  await database.close();
});

function start(adminKey: string | null = 'mk_admin_1234567890'): ApiKeyAuthenticator {
  const authenticator = createAuthenticator({ db: counting, adminKey, clock, log: quietLog });
  open.push(authenticator);
  reads = [];
  return authenticator;
}

const make = () => scenario(database.db, clock).organization();

test('a key tells its workspace, scopes and rate limit, overrides included', async () => {
  const { apiKey, apiKeyId, organizationId } = await make()
    .plan('pro')
    .overrides({ rate_limit_per_minute: 7 })
    .key({ scopes: ['usage:read'] })
    .create();
  expect(await start().authenticate(`Bearer ${apiKey}`, origin)).toEqual({
    kind: 'api_key',
    keyId: apiKeyId,
    organizationId,
    scopes: ['usage:read'],
    rateLimitPerMinute: 7,
  });
});

test('only the whole operator key is the super admin', async () => {
  const authenticator = start();
  const ask = (header: string) => authenticator.authenticate(header, origin);
  expect(await ask('Bearer mk_admin_1234567890')).toEqual({ kind: 'super_admin', id: 'operator' });
  expect(await ask('bearer  mk_admin_1234567890 ')).toMatchObject({ kind: 'super_admin' });
  expect(await ask('Bearer mk_admin_123456789')).toBeNull();
  expect(await ask('Bearer mk_admin_12345678901')).toBeNull();
  expect(await start(null).authenticate('Bearer mk_admin_1234567890', origin)).toBeNull();
});

test.each([
  '',
  'Bearer',
  'Bearer ',
  'Basic bWs6',
  'Bearer a b',
  `Bearer ${'x'.repeat(400)}`,
  'Bearer mk_live_short',
  `Bearer mk_live_${'-'.repeat(43)}`,
  'Bearer mk_live_\u0000',
])('%j is refused without asking the database', async (header) => {
  expect(await start().authenticate(header, origin)).toBeNull();
  expect(reads).toHaveLength(0);
});

test('a burst makes one read, also for a key that does not exist', async () => {
  const { apiKey } = await make().create();
  const authenticator = start();
  const unknown = `mk_live_${'A'.repeat(43)}`;
  const ask = (key: string) =>
    Promise.all(
      Array.from({ length: 50 }, () => authenticator.authenticate(`Bearer ${key}`, origin)),
    );
  const known = await ask(apiKey);
  expect(new Set(known).size).toBe(1);
  expect(reads).toHaveLength(1);
  expect(new Set(await ask(unknown))).toEqual(new Set([null]));
  expect(reads).toHaveLength(2);
});

test('a revoked key is refused within a second, without a message to this process', async () => {
  const { apiKey, apiKeyId, ctx } = await make().create();
  const authenticator = start();
  const ask = () => authenticator.authenticate(`Bearer ${apiKey}`, origin);
  expect(await ask()).not.toBeNull();
  await revokeApiKey(ctx, apiKeyId);
  const revokedMs = performance.now();
  for (;;) {
    const sinceMs = performance.now() - revokedMs;
    if ((await ask()) === null) break;
    expect(sinceMs).toBeLessThan(1000);
    await sleep(10);
  }
});

test('a changed rate limit holds within a second', async () => {
  const { apiKey, ctx } = await make().create();
  const authenticator = start();
  const ask = async () => {
    const caller = await authenticator.authenticate(`Bearer ${apiKey}`, origin);
    return caller?.kind === 'api_key' ? caller.rateLimitPerMinute : null;
  };
  expect(await ask()).toBe(100);
  await setOverrides(ctx, { rate_limit_per_minute: 'unlimited', reason: 'A test' });
  await sleep(1000);
  expect(await ask()).toBe(2_147_483_647);
});

test('an expired key is refused at that very moment', async () => {
  const start0 = clock.now();
  const { apiKey } = await make().key({ expiresAt: '2027-03-10T12:00:01Z' }).create();
  const authenticator = start();
  const ask = () => authenticator.authenticate(`Bearer ${apiKey}`, origin);
  clock.advance(999);
  expect(await ask()).not.toBeNull();
  clock.advance(1);
  expect(await ask()).toBeNull();
  clock.set(start0);
});

test('a key with allowed addresses is refused from others', async () => {
  const { apiKey } = await make()
    .key({ allowedIps: ['203.0.113.0/24', '::1'] })
    .create();
  const authenticator = start();
  const from = (address: string) => authenticator.authenticate(`Bearer ${apiKey}`, { address });
  expect(await from('203.0.113.9')).not.toBeNull();
  expect(await from('::1')).not.toBeNull();
  expect(await from('203.0.114.9')).toBeNull();
  expect(await from('')).toBeNull();
});

test('the last use is written once a minute at most, by however many processes', async () => {
  const { apiKey, apiKeyId } = await make().create();
  const lastUse = async () => {
    const rows = await database.db.query<{ last_used_at: string | null; xmin: string }>(
      sql`SELECT last_used_at, xmin::text FROM api_keys WHERE id = ${apiKeyId}`,
    );
    return rows[0];
  };
  const use = async () => {
    for (const authenticator of [start(), start()]) {
      await authenticator.authenticate(`Bearer ${apiKey}`, origin);
      await authenticator.flush();
    }
  };
  await use();
  const first = await lastUse();
  expect(first?.last_used_at).toBe('2027-03-10T12:00:00.000Z');
  clock.advance(59_000);
  await use();
  expect(await lastUse()).toEqual(first);
  clock.advance(1_000);
  await use();
  expect((await lastUse())?.last_used_at).toBe('2027-03-10T12:01:00.000Z');
});

test('no two keys are alike, and none is in the database', async () => {
  const { ctx } = await make().create();
  const keys = await Promise.all(
    Array.from({ length: 20 }, () => createApiKey(ctx, { name: 'One of many' })),
  );
  expect(new Set(keys.map(({ key }) => key)).size).toBe(20);
  for (const { key } of keys) expect(key).toMatch(/^mk_live_[0-9A-Za-z]{43}$/);
  const [found] = await database.owner.query<{ count: number }>(
    sql`SELECT count(*) FROM (SELECT row_to_json(k)::text AS line FROM api_keys k
        UNION ALL SELECT row_to_json(a)::text FROM audit_log a) x
        WHERE strpos(x.line, ${keys[0]?.key.slice(8, -4) ?? ''}) > 0`,
  );
  expect(found?.count).toBe(0);
});
