import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { adminRoutes } from '../admin/routes.ts';
import { auditRoutes } from '../audit/routes.ts';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { admitCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';

const start = '2027-01-31T10:00:00Z';
const clock = new ManualClock(start);
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...adminRoutes, ...auditRoutes]);
});
beforeEach(() => clock.set(start));
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();
const set = (id: string, body: object) =>
  api.call(`PUT /v1/admin/workspaces/${id}/overrides`, { body });
const clear = (id: string) => api.call(`DELETE /v1/admin/workspaces/${id}/overrides`);
const effective = async (id: string) => {
  const [row] = await database.db.query(sql`SELECT monthly_limit, concurrent_limit,
      max_file_size_mb, unit_amount, rate_limit_per_minute
    FROM effective_limits(ARRAY[${id}], ${clock.now()}::timestamptz)`);
  return row;
};
const ofStarter = {
  monthly_limit: 1000,
  concurrent_limit: 2,
  max_file_size_mb: 25,
  unit_amount: '0.02',
  rate_limit_per_minute: 300,
};

describe('PUT …/overrides', () => {
  test('200: what is set wins over the plan, absent and null are the plan again', async () => {
    const { organizationId: id } = await make().plan('starter').create();
    const all = {
      monthly_limit: 5,
      concurrent_limit: 'unlimited',
      max_file_size_mb: 0,
      overage_price: '0.004',
      rate_limit_per_minute: 7,
      reason: 'Trial',
    };
    const first = await set(id, { ...all, expires_at: '2027-02-01T00:00:00Z' });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({
      object: 'workspace',
      overrides: {
        ...all,
        object: 'overrides',
        author: { kind: 'super_admin', id: 'operator' },
        expires_at: '2027-02-01T00:00:00.000Z',
      },
      usage: { limit: 5, concurrent_limit: null },
    });
    expect(await effective(id)).toEqual({
      monthly_limit: 5,
      concurrent_limit: null,
      max_file_size_mb: 0,
      unit_amount: '0.004',
      rate_limit_per_minute: 7,
    });
    const second = await set(id, { concurrent_limit: 9, monthly_limit: null, reason: 'Other' });
    expect(await effective(id)).toEqual({ ...ofStarter, concurrent_limit: 9 });
    const ids = [first, second].map(({ body }) => (body.overrides as { id: string }).id);
    expect(new Set(ids).size).toBe(2);
    for (const overrideId of ids) expect(overrideId).toMatch(/^ovr_/);
  });

  test('unlimited lifts each limit, 0 blocks each', async () => {
    const { organizationId: id } = await make().plan('starter').create();
    const names = ['monthly_limit', 'concurrent_limit', 'max_file_size_mb'];
    const every = (value: unknown) => Object.fromEntries(names.map((name) => [name, value]));
    await set(id, { ...every('unlimited'), reason: 'All' });
    expect(await effective(id)).toEqual({ ...ofStarter, ...every(null) });
    await set(id, { ...every(0), reason: 'None' });
    expect(await effective(id)).toEqual({ ...ofStarter, ...every(0) });
  });

  test('they end at that moment, without anybody doing anything', async () => {
    const { organizationId: id } = await make().plan('starter').create();
    await set(id, { monthly_limit: 5, reason: 'Short', expires_at: '2027-01-31T10:00:01Z' });
    clock.advance(999);
    expect(await effective(id)).toMatchObject({ monthly_limit: 5 });
    clock.advance(1);
    expect(await effective(id)).toEqual(ofStarter);
    const { body } = await api.call(`GET /v1/admin/workspaces/${id}`);
    expect(body).toMatchObject({ overrides: null, usage: { limit: 1000 } });
  });

  test('a limit that usage is past is told in the same transaction, and blocks at once', async () => {
    const { organizationId: id } = await make().plan('starter').used(90).create();
    await set(id, { monthly_limit: 90, reason: 'Less' });
    const messages = await database.db.query(
      sql`SELECT payload FROM outbox WHERE organization_id = ${id}`,
    );
    expect(messages).toEqual([{ payload: expect.objectContaining({ thresholds: [80, 90, 100] }) }]);
    const metering = meteringOn(database.db, clock);
    expect(await metering.admit(admitCall(id))).toMatchObject({ verdict: 'quota_exceeded' });
  });

  test('admissions that race with a lowered limit never pass the limit of their moment', async () => {
    const { organizationId: id } = await make().plan('pro').create();
    await set(id, { concurrent_limit: 'unlimited', reason: 'Race' });
    const metering = meteringOn(database.db, clock);
    const admissions = Array.from({ length: 60 }, () => metering.admit(admitCall(id)));
    const lowered = set(id, { concurrent_limit: 'unlimited', monthly_limit: 10, reason: 'Race' });
    const later = Array.from({ length: 60 }, () => metering.admit(admitCall(id)));
    await lowered;
    const decisions = await Promise.all([...admissions, ...later]);
    const wrong = decisions.filter(
      ({ verdict, used, reserved, monthly_limit: limit }) =>
        verdict === 'allowed' && used + reserved >= (limit ?? Infinity),
    );
    expect(wrong).toEqual([]);
    expect((await metering.admit(admitCall(id))).verdict).toBe('quota_exceeded');
  });

  test('who, why, before and after are written down, for the workspace to read', async () => {
    const { organizationId: id } = await make().create();
    const { body: first } = await set(id, { monthly_limit: 5, reason: 'First' });
    clock.advance(1);
    const { body: second } = await set(id, { monthly_limit: 6, reason: 'Second' });
    clock.advance(1);
    const cleared = await clear(id);
    expect(cleared).toMatchObject({ status: 200, body: { overrides: null } });
    const { body } = await api.call(`GET /v1/workspaces/${id}/audit-log?limit=3`);
    const actor = { kind: 'super_admin', id: 'operator' };
    expect(body.data).toMatchObject([
      { action: 'overrides.cleared', actor, before: second.overrides, after: null },
      { action: 'overrides.set', actor, before: first.overrides, after: second.overrides },
      { action: 'overrides.set', actor, before: null, after: first.overrides, reason: 'First' },
    ]);
    const events = await database.db.query<{ type: string }>(
      sql`SELECT type FROM billing_events WHERE organization_id = ${id} ORDER BY created_at`,
    );
    expect(events.slice(2).map((event) => event.type)).toEqual([
      'overrides.set',
      'overrides.cleared',
    ]);
    expect(events).toHaveLength(4);
  });

  const limits = ['monthly_limit', 'concurrent_limit', 'max_file_size_mb', 'rate_limit_per_minute'];
  const badNumbers = [-1, 1.5, '5', 'NaN', 'Unlimited', '', true, [], 2 ** 53, 1e308];
  const bad: [object, string][] = [
    ...limits.flatMap((name) =>
      badNumbers.map((value): [object, string] => [{ [name]: value, reason: 'x' }, name]),
    ),
    ...limits.slice(1).map((name): [object, string] => [{ [name]: 2 ** 31, reason: 'x' }, name]),
    ...['unlimited', '-1', '1e3', 'NaN', '1.', '.5', '0.0000000000001', 1, '1,5', ''].map(
      (value): [object, string] => [{ overage_price: value, reason: 'x' }, 'overage_price'],
    ),
    [{}, 'reason'],
    [{ reason: '' }, 'reason'],
    [{ reason: '  ' }, 'reason'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
    [{ reason: 'x', expires_at: '2027-01-31T10:00:00Z' }, 'expires_at'],
    [{ reason: 'x', expires_at: 'soon' }, 'expires_at'],
    [{ reason: 'x', monthly: 5 }, 'monthly'],
  ];
  test(`400 that names the member, for each of ${bad.length} bad sets`, async () => {
    const { organizationId: id } = await make().create();
    const told = [];
    for (const [body] of bad) {
      const reply = await set(id, body);
      const errors = reply.body.errors as { pointer: string }[];
      told.push({ status: reply.status, body, pointers: errors.map(({ pointer }) => pointer) });
    }
    expect(told).toEqual(
      bad.map(([body, member]) => ({ status: 400, body, pointers: [`/body/${member}`] })),
    );
    expect(await effective(id)).toMatchObject({ monthly_limit: 100 });
  });

  test('a number that is not allowed is told what is', async () => {
    const { organizationId: id } = await make().create();
    const { body } = await set(id, { monthly_limit: -1, reason: 'x' });
    const detail = 'must be a whole number from 0 to 9007199254740991, "unlimited" or null';
    expect(body.errors).toEqual([{ pointer: '/body/monthly_limit', detail }]);
  });

  test('the largest values that are allowed can be stored and decided on', async () => {
    const { organizationId: id } = await make().create();
    const largest = {
      monthly_limit: 2 ** 53 - 1,
      concurrent_limit: 2 ** 31 - 1,
      max_file_size_mb: 2 ** 31 - 1,
      rate_limit_per_minute: 2 ** 31 - 1,
    };
    const price = '999999999999.999999999999';
    const { body } = await set(id, { ...largest, overage_price: price, reason: 'Largest' });
    expect(body.overrides).toMatchObject({ ...largest, overage_price: price });
    expect((await meteringOn(database.db, clock).admit(admitCall(id))).verdict).toBe('allowed');
  });
});

describe('who may', () => {
  test('401, 403, 404, for setting and clearing', async () => {
    const { organizationId: id, apiKey } = await make().create();
    const path = `/v1/admin/workspaces/${id}/overrides` as const;
    const body = { reason: 'x' };
    for (const as of [null, apiKey]) {
      const status = as === null ? 401 : 403;
      expect((await api.call(`PUT ${path}`, { as, body })).status).toBe(status);
      expect((await api.call(`DELETE ${path}`, { as })).status).toBe(status);
    }
    expect((await set('org_none', body)).status).toBe(404);
    expect((await clear('org_none')).status).toBe(404);
  });

  test('clearing what is not set changes and writes nothing', async () => {
    const { organizationId: id } = await make().create();
    const read = async () => (await api.call(`GET /v1/workspaces/${id}/audit-log`)).body;
    const before = await read();
    expect((await clear(id)).status).toBe(200);
    expect(await read()).toEqual(before);
  });
});
