import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { auditRoutes } from '../audit/routes.ts';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { organizationRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...organizationRoutes, ...auditRoutes]);
});
beforeEach(() => clock.advance(5));
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();
const keysOf = (id: string) => `/v1/workspaces/${id}/api-keys` as const;

test('POST 201 shows the key once; it works, and the lists never show it again', async () => {
  const { organizationId: id, apiKey } = await make().create();
  const made = await api.call(`POST ${keysOf(id)}`, {
    as: apiKey,
    body: {
      name: 'Build server',
      scopes: ['usage:read'],
      expires_at: '2027-06-01T00:00:00+02:00',
      monthly_limit: 50,
      allowed_ips: ['127.0.0.0/8'],
    },
  });
  expect(made.status).toBe(201);
  const key = String(made.body.key);
  const shown = {
    object: 'api_key',
    workspace_id: id,
    name: 'Build server',
    hint: key.slice(-4),
    scopes: ['usage:read'],
    expires_at: '2027-05-31T22:00:00.000Z',
    monthly_limit: 50,
    allowed_ips: ['127.0.0.0/8'],
    last_used_at: null,
  };
  expect(made.body).toMatchObject(shown);
  expect((await api.call(`GET /v1/workspaces/${id}`, { as: key })).status).toBe(200);
  const one = await api.call(`GET ${keysOf(id)}/${String(made.body.id)}`);
  expect(one.body).toMatchObject(shown);
  expect(one.body).not.toHaveProperty('key');
  const list = await api.call(`GET ${keysOf(id)}`);
  expect(JSON.stringify(list.body)).not.toContain(key);
});

test('a repeated POST answers the same key object without its secret', async () => {
  const { organizationId: id } = await make().create();
  const request = { body: { name: 'Once' }, headers: { 'idempotency-key': 'k' } };
  const first = await api.call(`POST ${keysOf(id)}`, request);
  const again = await api.call(`POST ${keysOf(id)}`, request);
  expect(again.body.id).toBe(first.body.id);
  expect(again.body).not.toHaveProperty('key');
  const [stored] = await database.owner.query<{ count: number }>(
    sql`SELECT count(*) FROM idempotency_keys
        WHERE strpos(response_body, ${String(first.body.key)}) > 0`,
  );
  expect(stored?.count).toBe(0);
});

test('who creates and revokes a key is written down, with its hint only', async () => {
  const { organizationId: id, apiKey, apiKeyId } = await make().create();
  const made = await api.call(`POST ${keysOf(id)}`, { as: apiKey, body: { name: 'Short-lived' } });
  const keyId = String(made.body.id);
  const deleted = await api.call(`DELETE ${keysOf(id)}/${keyId}`, { as: apiKey });
  expect(deleted.body).toEqual({ id: keyId, object: 'api_key', deleted: true });
  const { body } = await api.call(`GET /v1/workspaces/${id}/audit-log?limit=2`, { as: apiKey });
  const { key, ...rest } = made.body;
  // By id: the log names nobody.
  const object = { ...rest, created_by: { kind: 'api_key', id: apiKeyId } };
  const actor = { kind: 'api_key', id: apiKeyId };
  const target = { kind: 'api_key', id: keyId };
  expect(body.data).toMatchObject([
    { action: 'api_key.revoked', actor, target, before: object, after: null },
    { action: 'api_key.created', actor, target, before: null, after: object },
  ]);
  expect(JSON.stringify(body)).not.toContain(key);
});

test('a revoked key is 404 and in no list; its row stays', async () => {
  const { organizationId: id, apiKeyId } = await make().create();
  const path = `${keysOf(id)}/${apiKeyId}` as const;
  expect((await api.call(`DELETE ${path}`)).status).toBe(200);
  expect((await api.call(`DELETE ${path}`)).status).toBe(404);
  expect((await api.call(`GET ${path}`)).status).toBe(404);
  expect((await api.call(`GET ${keysOf(id)}`)).body.data).toEqual([]);
  const rows = await database.db.query(sql`SELECT revoked_at FROM api_keys WHERE id = ${apiKeyId}`);
  expect(rows).toEqual([{ revoked_at: clock.now().toISOString() }]);
});

test('without scopes a key may do everything but make keys, and never more than its maker', async () => {
  const { organizationId: id } = await make().create();
  const byOperator = await api.call(`POST ${keysOf(id)}`, { body: { name: 'All' } });
  expect(byOperator.body.scopes).toEqual([
    'conversions:write',
    'conversions:read',
    'usage:read',
    'billing:read',
    'billing:write',
    'webhooks:write',
    'audit:read',
  ]);
  const maker = await api.call(`POST ${keysOf(id)}`, {
    body: { name: 'Maker', scopes: ['keys:write', 'usage:read'] },
  });
  const as = String(maker.body.key);
  const made = await api.call(`POST ${keysOf(id)}`, { as, body: { name: 'Less' } });
  expect(made.body.scopes).toEqual(['usage:read']);
  const refused = await api.call(`POST ${keysOf(id)}`, {
    as,
    body: { name: 'More', scopes: ['usage:read', 'billing:write'] },
  });
  expect(refused.body).toMatchObject({ status: 403, required_scope: 'billing:write' });
});

test.each<[object, string]>([
  [{}, '/body/name'],
  [{ name: 'x', scopes: [] }, '/body/scopes'],
  [{ name: 'x', scopes: ['everything'] }, '/body/scopes/0'],
  [{ name: 'x', scopes: ['usage:read', 'usage:read'] }, '/body/scopes'],
  [{ name: 'x', expires_at: '2027-01-31T09:59:59Z' }, '/body/expires_at'],
  [{ name: 'x', expires_at: 'tomorrow' }, '/body/expires_at'],
  [{ name: 'x', monthly_limit: -1 }, '/body/monthly_limit'],
  [{ name: 'x', monthly_limit: 2 ** 53 }, '/body/monthly_limit'],
  [{ name: 'x', monthly_limit: 1.5 }, '/body/monthly_limit'],
  [{ name: 'x', allowed_ips: [] }, '/body/allowed_ips'],
  [{ name: 'x', allowed_ips: ['10.0.0.0/33'] }, '/body/allowed_ips/0'],
  [{ name: 'x', key: 'mk_live_mine' }, '/body/key'],
])('POST 400: %j names %s', async (body, pointer) => {
  const { organizationId: id } = await make().create();
  const reply = await api.call(`POST ${keysOf(id)}`, { body });
  expect(reply.status).toBe(400);
  expect(reply.body).toMatchObject({ errors: [{ pointer }] });
});

test("403 without keys:write; 404 for another workspace's keys by either path", async () => {
  const [mine, other] = [await make().create(), await make().create()];
  const reader = await make()
    .key({ scopes: ['usage:read'] })
    .create();
  const refused = await api.call(`GET ${keysOf(reader.organizationId)}`, { as: reader.apiKey });
  expect(refused.body).toMatchObject({ status: 403, required_scope: 'keys:write' });
  const as = mine.apiKey;
  for (const path of [
    `${keysOf(other.organizationId)}/${other.apiKeyId}`,
    `${keysOf(mine.organizationId)}/${other.apiKeyId}`,
  ]) {
    expect((await api.call(`GET ${path}`, { as })).status).toBe(404);
    expect((await api.call(`DELETE ${path}`, { as })).status).toBe(404);
  }
  expect((await api.call(`GET ${keysOf(other.organizationId)}`, { as })).status).toBe(404);
  const still = await api.call(`GET ${keysOf(other.organizationId)}/${other.apiKeyId}`);
  expect(still.status).toBe(200);
});

test('the list goes page by page, newest first', async () => {
  const { organizationId: id, apiKeyId } = await make().create();
  const ids = [apiKeyId];
  for (const name of ['a', 'b']) {
    clock.advance(5);
    const made = await api.call(`POST ${keysOf(id)}`, { body: { name } });
    ids.unshift(String(made.body.id));
  }
  const first = await api.call(`GET ${keysOf(id)}?limit=2`);
  expect(first.body).toMatchObject({
    data: [{ id: ids[0] }, { id: ids[1] }],
    has_more: true,
    next_cursor: ids[1],
  });
  const rest = await api.call(`GET ${keysOf(id)}?limit=2&starting_after=${ids[1]}`);
  expect(rest.body).toMatchObject({ data: [{ id: ids[2] }], has_more: false, next_cursor: null });
});
