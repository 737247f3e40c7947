import { Temporal } from 'temporal-polyfill';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { adminRoutes } from '../admin/routes.ts';
import { auditRoutes } from '../audit/routes.ts';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { subscriptionRoutes } from './routes.ts';

const start = '2027-01-31T10:00:00Z';
const clock = new ManualClock(start);
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...subscriptionRoutes, ...adminRoutes, ...auditRoutes]);
});
beforeEach(() => clock.set(start));
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();

const assign = (id: string, body: object) =>
  api.call(`POST /v1/admin/workspaces/${id}/subscription`, { body });

const billingEvents = (id: string) =>
  database.db.query<{ type: string; data: unknown }>(
    sql`SELECT type, data FROM billing_events WHERE organization_id = ${id}
        ORDER BY created_at, type`,
  );

describe('GET …/subscription', () => {
  test('200: plan, status and both periods, counted from the creation', async () => {
    const { organizationId: id, apiKey } = await make().plan('pro').create();
    const get = async () =>
      (await api.call(`GET /v1/workspaces/${id}/subscription`, { as: apiKey })).body;
    expect(await get()).toMatchObject({
      object: 'subscription',
      workspace_id: id,
      plan: { id: 'plan_pro', object: 'plan', version: 1, monthly_conversion_limit: 10_000 },
      status: 'active',
      interval: 'month',
      currency: 'usd',
      current_period_start: '2027-01-31T10:00:00.000Z',
      current_period_end: '2027-02-28T10:00:00.000Z',
      usage_period_start: '2027-01-31T10:00:00.000Z',
      usage_period_end: '2027-02-28T10:00:00.000Z',
      cancel_at_period_end: false,
      scheduled_change: null,
      pending_change: null,
      stripe_subscription_id: null,
    });
    clock.set('2027-04-30T10:00:00Z');
    expect(await get()).toMatchObject({
      usage_period_start: '2027-04-30T10:00:00.000Z',
      usage_period_end: '2027-05-31T10:00:00.000Z',
      current_period_end: '2027-05-31T10:00:00.000Z',
    });
  });

  test('401, 403 without billing:read, 404 for another workspace', async () => {
    const reader = await make()
      .key({ scopes: ['usage:read'] })
      .create();
    const other = await make().create();
    const get = (id: string, as: string | null) =>
      api.call(`GET /v1/workspaces/${id}/subscription`, { as });
    expect((await get(reader.organizationId, null)).status).toBe(401);
    const refused = await get(reader.organizationId, reader.apiKey);
    expect(refused.body).toMatchObject({ status: 403, required_scope: 'billing:read' });
    expect((await get(other.organizationId, reader.apiKey)).status).toBe(404);
  });
});

describe('POST /v1/admin/workspaces/:workspaceId/subscription', () => {
  test('200: the plan changes at once; what was used and the periods stay', async () => {
    const { organizationId: id } = await make().plan('starter').used(30).create();
    const before = (await api.call(`GET /v1/workspaces/${id}/subscription`)).body;
    clock.set('2027-02-10T00:00:00Z');
    const { status, body } = await assign(id, { plan_id: 'plan_pro' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: before.id,
      plan: { id: 'plan_pro' },
      usage_period_start: before.usage_period_start,
      usage_period_end: before.usage_period_end,
    });
    const workspace = (await api.call(`GET /v1/admin/workspaces/${id}`)).body;
    expect(workspace).toMatchObject({ plan_id: 'plan_pro', usage: { used: 30, limit: 10_000 } });
    await expectInvariants(database.db, id);
    const change = {
      before: { plan_id: 'plan_starter', plan_version: 1, status: 'active', interval: 'month' },
      after: { plan_id: 'plan_pro', plan_version: 1, status: 'active', interval: 'month' },
    };
    const log = await api.call(`GET /v1/workspaces/${id}/audit-log?limit=1`);
    expect(log.body.data).toMatchObject([
      { action: 'subscription.plan_assigned', actor: { kind: 'super_admin' }, ...change },
    ]);
    expect((await billingEvents(id)).at(-1)).toMatchObject({
      type: 'subscription.plan_assigned',
      data: change,
    });
  });

  test('a debt no longer blocks, and nothing that waited for a payment is left', async () => {
    const { organizationId: id } = await make().plan('pro').create();
    await database.db.query(sql`UPDATE organization_subscriptions SET status = 'past_due',
      grace_ends_at = ${clock.now()}, pending_change = '{}', cancel_at_period_end = true
      WHERE organization_id = ${id}`);
    await database.db.query(sql`UPDATE organization SET billing_status = 'past_due'
      WHERE id = ${id}`);
    expect(
      (await assign(id, { plan_id: 'plan_pro', interval: 'year', currency: 'gbp' })).body,
    ).toMatchObject({
      status: 'active',
      interval: 'year',
      currency: 'gbp',
      current_period_end: '2028-01-31T10:00:00.000Z',
      usage_period_end: '2027-02-28T10:00:00.000Z',
      cancel_at_period_end: false,
      pending_change: null,
    });
    const workspace = (await api.call(`GET /v1/admin/workspaces/${id}`)).body;
    expect(workspace).toMatchObject({ billing_status: 'ok', usage: { limit: 10_000 } });
  });

  test('a smaller plan that usage is past is told at once', async () => {
    const { organizationId: id } = await make().plan('starter').used(85).create();
    await assign(id, { plan_id: 'plan_free' });
    const messages = await database.db.query(
      sql`SELECT payload FROM outbox
        WHERE organization_id = ${id} AND topic = 'usage.threshold_reached'`,
    );
    expect(messages).toEqual([{ payload: expect.objectContaining({ thresholds: [80] }) }]);
  });

  test.each<[object, string]>([
    [{}, '/body/plan_id'],
    [{ plan_id: 'plan_none' }, '/body/plan_id'],
    [{ plan_id: 'plan_foreign' }, '/body/plan_id'],
    [{ plan_id: 'plan_pro', currency: 'chf' }, '/body/currency'],
    [{ plan_id: 'plan_pro', currency: 'USD' }, '/body/currency'],
    [{ plan_id: 'plan_pro', interval: 'week' }, '/body/interval'],
    [{ plan_id: 'plan_pro', when: 'now' }, '/body/when'],
  ])('400: %j names %s', async (body, pointer) => {
    const [mine, other] = [await make().create(), await make().create()];
    await database.db.query(sql`INSERT INTO subscription_plans
        (id, name, organization_id, created_at, updated_at)
      VALUES ('plan_foreign', 'Foreign', ${other.organizationId}, now(), now())
      ON CONFLICT DO NOTHING`);
    const reply = await assign(mine.organizationId, body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errors: [{ pointer }] });
  });

  test('404 for an unknown workspace; 403 for an API key', async () => {
    const { organizationId: id, apiKey } = await make().create();
    expect((await assign('org_none', { plan_id: 'plan_pro' })).status).toBe(404);
    const reply = await api.call(`POST /v1/admin/workspaces/${id}/subscription`, {
      as: apiKey,
      body: { plan_id: 'plan_pro' },
    });
    expect(reply.status).toBe(403);
  });
});

test('billing years are counted from the anchor, as a calendar does it', async () => {
  for (const [anchor, at] of [
    ['2028-02-29T12:00:00Z', '2029-02-28T11:59:59Z'],
    ['2028-02-29T12:00:00Z', '2029-02-28T12:00:00Z'],
    ['2028-02-29T12:00:00Z', '2032-02-29T12:00:00Z'],
    ['2027-01-31T10:00:00Z', '2027-01-31T10:00:00Z'],
    ['2027-12-31T23:59:59.999Z', '2030-01-01T00:00:00Z'],
  ] as const) {
    const [row] = await database.db.query<{ period_start: string; period_end: string }>(
      sql`SELECT * FROM subscription_period(${anchor}::timestamptz, ${at}::timestamptz, 'year')`,
    );
    const from = Temporal.Instant.from(anchor).toZonedDateTimeISO('UTC');
    const ms = Temporal.Instant.from(at).epochMilliseconds;
    let years = 0;
    while (from.add({ years: years + 1 }).epochMilliseconds <= ms) years++;
    const text = (n: number) => new Date(from.add({ years: n }).epochMilliseconds).toISOString();
    expect(row).toEqual({ period_start: text(years), period_end: text(years + 1) });
  }
});
