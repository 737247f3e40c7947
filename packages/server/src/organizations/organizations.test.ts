import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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

async function lastAudit(organizationId: string): Promise<unknown> {
  const { body } = await api.call(`GET /v1/workspaces/${organizationId}/audit-log?limit=1`);
  return (body.data as unknown[])[0];
}

describe('POST /v1/workspaces', () => {
  test('201: a workspace on the Free plan whose usage is counted from now', async () => {
    const { status, body } = await api.call('POST /v1/workspaces', {
      body: { name: '  Café Zürich & Söhne ' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      object: 'workspace',
      name: 'Café Zürich & Söhne',
      plan_id: 'plan_free',
      billing_status: 'ok',
      time_zone: 'UTC',
      retention_hours: 24,
      alert_thresholds: [80, 90, 100],
      suspended: false,
      created_at: clock.now().toISOString(),
    });
    expect(body.slug).toMatch(/^cafe-zurich-sohne-[a-z0-9]{10}$/);
    const [subscription] = await database.db.query(
      sql`SELECT plan_id, plan_version, status, usage_anchor, current_period_end
          FROM organization_subscriptions WHERE organization_id = ${body.id}`,
    );
    expect(subscription).toMatchObject({
      plan_id: 'plan_free',
      plan_version: 1,
      status: 'active',
      usage_anchor: clock.now().toISOString(),
      current_period_end: expect.stringMatching(/^2027-02-28T10:00:00/),
    });
    expect(await lastAudit(String(body.id))).toMatchObject({
      action: 'workspace.created',
      actor: { kind: 'super_admin', id: 'operator' },
      before: null,
      after: { name: 'Café Zürich & Söhne', plan_id: 'plan_free' },
    });
  });

  test.each([
    [{}, '/body/name'],
    [{ name: '' }, '/body/name'],
    [{ name: ' \t ' }, '/body/name'],
    [{ name: 'a\u0007b' }, '/body/name'],
    [{ name: 'x'.repeat(101) }, '/body/name'],
    [{ name: 'x', plan_id: 'plan_none' }, '/body/plan_id'],
    [{ name: 'x', color: 'red' }, '/body/color'],
  ])('400: %j names %s', async (body, pointer) => {
    const reply = await api.call('POST /v1/workspaces', { body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
  });

  test('401 for nobody, 403 for an API key', async () => {
    const { apiKey } = await make().create();
    const body = { name: 'x' };
    expect((await api.call('POST /v1/workspaces', { as: null, body })).status).toBe(401);
    expect((await api.call('POST /v1/workspaces', { as: apiKey, body })).status).toBe(403);
  });

  test('a repeat under the same idempotency key makes one workspace', async () => {
    const request = { body: { name: 'Once' }, headers: { 'idempotency-key': 'once' } };
    const first = await api.call('POST /v1/workspaces', request);
    const again = await api.call('POST /v1/workspaces', request);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
  });
});

describe('GET /v1/workspaces', () => {
  test('an API key sees its workspace and no other; the operator all, page by page', async () => {
    const mine = await make().create();
    clock.advance(5);
    const other = await make().create();
    const seen = await api.call('GET /v1/workspaces', { as: mine.apiKey });
    expect(seen.body).toMatchObject({ data: [{ id: mine.organizationId }], has_more: false });
    const first = await api.call('GET /v1/workspaces?limit=1');
    expect(first.body).toMatchObject({
      data: [{ id: other.organizationId }],
      has_more: true,
      next_cursor: other.organizationId,
    });
    const next = await api.call(
      `GET /v1/workspaces?limit=1&starting_after=${other.organizationId}`,
    );
    expect(next.body).toMatchObject({ data: [{ id: mine.organizationId }] });
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'limit=1.5', 'page=2'])(
    '400 for ?%s',
    async (q) => {
      expect((await api.call(`GET /v1/workspaces?${q}`)).status).toBe(400);
    },
  );
});

describe('/v1/workspaces/:workspaceId', () => {
  test('GET 200; 404 for another workspace, whether it exists or not', async () => {
    const [mine, other] = [await make().create(), await make().create()];
    const get = (id: string) => api.call(`GET /v1/workspaces/${id}`, { as: mine.apiKey });
    expect((await get(mine.organizationId)).body).toMatchObject({ id: mine.organizationId });
    expect((await get(other.organizationId)).status).toBe(404);
    expect((await get('org_none')).status).toBe(404);
    expect((await api.call('GET /v1/workspaces/org_none')).status).toBe(404);
  });

  test('PATCH changes what is given and writes down before and after of just that', async () => {
    const { organizationId: id, apiKey, apiKeyId } = await make().create();
    const patch = { name: 'New', time_zone: 'Europe/Berlin', retention_hours: 24 };
    const { status, body } = await api.call(`PATCH /v1/workspaces/${id}`, {
      as: apiKey,
      body: patch,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject(patch);
    expect(await lastAudit(id)).toMatchObject({
      action: 'workspace.updated',
      actor: { kind: 'api_key', id: apiKeyId },
      before: { name: 'Acme', time_zone: 'UTC' },
      after: { name: 'New', time_zone: 'Europe/Berlin' },
    });
  });

  test('PATCH that changes nothing writes nothing down', async () => {
    const { organizationId: id } = await make().create();
    const before = await lastAudit(id);
    await api.call(`PATCH /v1/workspaces/${id}`, { body: { name: 'Acme' } });
    expect(await lastAudit(id)).toEqual(before);
  });

  test.each<[object, string]>([
    [{ time_zone: 'Mars/Olympus' }, '/body/time_zone'],
    [{ time_zone: '+01:00' }, '/body/time_zone'],
    [{ time_zone: '' }, '/body/time_zone'],
    [{ retention_hours: 0 }, '/body/retention_hours'],
    [{ retention_hours: 8761 }, '/body/retention_hours'],
    [{ retention_hours: 1.5 }, '/body/retention_hours'],
    [{ alert_thresholds: [90, 80] }, '/body/alert_thresholds'],
    [{ alert_thresholds: [80, 80] }, '/body/alert_thresholds'],
    [{ alert_thresholds: [0] }, '/body/alert_thresholds/0'],
    [{ alert_thresholds: [101] }, '/body/alert_thresholds/0'],
    [{ alert_thresholds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }, '/body/alert_thresholds'],
    [{ plan_id: 'plan_pro' }, '/body/plan_id'],
    [{ suspended: false }, '/body/suspended'],
  ])('PATCH 400: %j names %s', async (body, pointer) => {
    const { organizationId: id } = await make().create();
    const reply = await api.call(`PATCH /v1/workspaces/${id}`, { body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errors: [{ pointer }] });
  });

  test('PATCH 403 without the scope, 404 for another workspace', async () => {
    const reader = await make()
      .key({ scopes: ['usage:read'] })
      .create();
    const other = await make().create();
    const patch = (id: string, as: string) =>
      api.call(`PATCH /v1/workspaces/${id}`, { as, body: { name: 'x' } });
    const refused = await patch(reader.organizationId, reader.apiKey);
    expect(refused.body).toMatchObject({ status: 403, required_scope: 'billing:write' });
    expect((await patch(other.organizationId, reader.apiKey)).status).toBe(404);
  });

  test('a threshold that usage is past already is told at once, and once', async () => {
    const { organizationId: id } = await make().used(60).create();
    for (const alert_thresholds of [
      [50, 60, 70],
      [60, 70],
    ]) {
      await api.call(`PATCH /v1/workspaces/${id}`, { body: { alert_thresholds } });
    }
    const messages = await database.db.query<{ payload: unknown }>(
      sql`SELECT payload FROM outbox WHERE organization_id = ${id}`,
    );
    expect(messages).toEqual([
      { payload: expect.objectContaining({ thresholds: [50, 60], used: 60, limit: 100 }) },
    ]);
  });
});
