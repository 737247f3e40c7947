import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import {
  finishCheckout,
  invoicesOf,
  offer,
  subscriber,
  type Visitor,
  visitor,
} from '../../test/checkout.ts';
import { reconcile } from '../inbox/reconcile.ts';

let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
  await offer(world, 'plan_a', { usd: 1000 }, { limit: 100, yearly: { usd: 10_000 } });
});
afterEach(() => world.close());

const path = '/v1/admin/plans/plan_a';
const dearer = (body: object = {}) =>
  world.api.call(`PATCH ${path}`, {
    body: {
      monthly_conversion_limit: 80,
      prices: [
        { currency: 'usd', interval: 'month', amount_minor: 1500 },
        { currency: 'usd', interval: 'year', amount_minor: 15_000 },
      ],
      overage_policies: ['block'],
      ...body,
    },
  });
const migrate = (body: object) => world.api.call(`POST ${path}/migrations`, { body });
const migrations = async () =>
  (await world.api.call(`GET ${path}/migrations`)).body['data'] as Record<string, unknown>[];
const versionOf = async (one: Visitor) =>
  ((await one.call('GET', 'subscription')).body['plan'] as { version: number }).version;
const assigned = async () => {
  const one = await visitor(world);
  await world.api.call(`POST /v1/admin/workspaces/${one.organizationId}/subscription`, {
    body: { plan_id: 'plan_a' },
  });
  return one;
};

describe('a dated migration', () => {
  test('moves paying, yearly and assigned subscribers at the end of their periods', async () => {
    const monthly = await subscriber(world, { plan_id: 'plan_a' });
    const yearly = await subscriber(world, { plan_id: 'plan_a', interval: 'year' });
    const free = await assigned();
    await dearer();
    const { status, body } = await migrate({ effective_at: '2027-07-10T00:00:00Z' });
    expect([status, body]).toMatchObject([
      201,
      {
        object: 'plan_migration',
        to_version: 2,
        workspaces: { waiting: 3, scheduled: 0, moved: 0, skipped: 0 },
      },
    ]);
    await world.settle();
    await world.advanceTo('2027-07-20T00:00:00Z');
    expect(await versionOf(monthly)).toBe(1);
    expect((await monthly.call('GET', 'subscription')).body['scheduled_change']).toMatchObject({
      plan_id: 'plan_a',
      effective_at: '2027-08-01T00:00:00.000Z',
    });
    await world.advanceTo('2027-08-02T00:00:00Z');
    expect(await versionOf(monthly)).toBe(2);
    expect(await versionOf(free)).toBe(2);
    expect(await versionOf(yearly)).toBe(1);
    const totals = (await invoicesOf(world, monthly)).map(({ total }) => total);
    expect(totals).toEqual([1500, 1000, 1000]);
    expect((await migrations())[0]).toMatchObject({
      workspaces: { waiting: 0, scheduled: 1, moved: 2, skipped: 0 },
    });
    await world.advanceTo('2028-06-02T00:00:00Z');
    expect(await versionOf(yearly)).toBe(2);
    expect((await migrations())[0]).toMatchObject({ workspaces: { moved: 3 } });
  });

  test('also moves who pays for an older version on a page that was open, told once', async () => {
    const one = await visitor(world);
    const { body } = await one.call('POST', 'subscription', { plan_id: 'plan_a' });
    await dearer();
    await migrate({ effective_at: '2027-06-01T00:00:00Z' });
    await finishCheckout(world, body['checkout_url']);
    await world.settle();
    expect(await versionOf(one)).toBe(1);
    await reconcile(world.deps);
    await reconcile(world.deps);
    const told = await world.db.query(sql`SELECT 1 FROM outbox
      WHERE organization_id = ${one.organizationId} AND payload ->> 'change' = 'change_scheduled'`);
    expect(told).toHaveLength(1);
    await world.settle();
    await world.advanceTo('2027-07-02T00:00:00Z');
    expect(await versionOf(one)).toBe(2);
    expect((await migrations())[0]).toMatchObject({ workspaces: { moved: 1 } });
  });

  test('of more than fit into one transaction has each of them', async () => {
    await world.db.query(sql`WITH made AS (
        INSERT INTO organization (id, name, slug, plan_id, created_at)
        SELECT 'org_many_' || n, 'Many', 'many-' || n, 'plan_a', ${world.clock.now()}
        FROM generate_series(1, 250) n RETURNING id)
      INSERT INTO organization_subscriptions (organization_id, id, plan_id, plan_version, status,
        usage_anchor, current_period_start, current_period_end, created_at, updated_at)
      SELECT id, 'sub_' || id, 'plan_a', 1, 'active', a, a, a + interval '30 days', a, a
      FROM made, (SELECT ${world.clock.now()}::timestamptz AS a) anchor`);
    await dearer();
    const { body } = await migrate({ effective_at: '2027-06-10T00:00:00Z' });
    expect(body['workspaces']).toMatchObject({ waiting: 250 });
  });

  test('leaves a trial as long as it was', async () => {
    const one = await visitor(world);
    const ends_at = '2027-06-20T00:00:00.000Z';
    await world.api.call(`POST /v1/admin/workspaces/${one.organizationId}/trial`, {
      body: { plan_id: 'plan_a', ends_at },
    });
    await dearer();
    await migrate({ effective_at: '2027-06-10T00:00:00Z' });
    await world.settle();
    const { body } = await one.call('GET', 'subscription');
    expect(body).toMatchObject({
      status: 'trialing',
      current_period_end: ends_at,
      scheduled_change: { plan_id: 'plan_a', effective_at: ends_at },
    });
    const id = String(body['stripe_subscription_id']);
    expect(await world.stripe.subscriptions.retrieve(id, { expand: ['schedule'] })).toMatchObject({
      trial_end: Date.parse(ends_at) / 1000,
      schedule: { phases: [{ trial_end: Date.parse(ends_at) / 1000 }, { trial_end: null }] },
    });
  });

  test('tells each subscriber once, with the date', async () => {
    const one = await subscriber(world, { plan_id: 'plan_a' });
    await dearer();
    await migrate({ effective_at: '2027-06-10T00:00:00Z' });
    const rows = await world.db.query<{ payload: object }>(sql`SELECT payload FROM outbox
      WHERE organization_id = ${one.organizationId} AND dedupe_key LIKE '%:migration:%'`);
    expect(rows).toMatchObject([
      { payload: { change: 'change_scheduled', effective_at: '2027-07-01T00:00:00.000Z' } },
    ]);
  });

  test('leaves alone who goes, and comes back to who stays after all', async () => {
    const leaver = await subscriber(world, { plan_id: 'plan_a' });
    const wavering = await subscriber(world, { plan_id: 'plan_a' });
    const stayer = await subscriber(world, { plan_id: 'plan_a' });
    const climber = await subscriber(world, { plan_id: 'plan_a' });
    await dearer();
    await migrate({ effective_at: '2027-06-10T00:00:00Z' });
    await world.settle();
    expect((await migrations())[0]).toMatchObject({ workspaces: { scheduled: 4 } });
    await leaver.call('DELETE', 'subscription');
    await wavering.call('DELETE', 'subscription');
    await wavering.call('POST', 'subscription/resume');
    await climber.call('POST', 'subscription', { plan_id: 'plan_pro' });
    expect((await stayer.call('POST', 'subscription', { plan_id: 'plan_a' })).status).toBe(409);
    await world.advanceTo('2027-07-02T00:00:00Z');
    expect((await leaver.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_free' },
    });
    expect((await climber.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_pro' },
    });
    expect(await versionOf(stayer)).toBe(2);
    await world.advanceTo('2027-08-02T00:00:00Z');
    expect(await versionOf(wavering)).toBe(2);
    expect((await migrations())[0]).toMatchObject({
      workspaces: { waiting: 0, scheduled: 0, moved: 2, skipped: 2 },
    });
  });
});

test('400, 404 and 409', async () => {
  const effective_at = '2027-07-01T00:00:00Z';
  expect((await migrate({ effective_at: '2027-05-01T00:00:00Z' })).status).toBe(400);
  expect((await migrate({ effective_at: 'soon' })).status).toBe(400);
  expect((await migrate({ effective_at, to_version: 9 })).status).toBe(400);
  const nowhere = await world.api.call('POST /v1/admin/plans/plan_none/migrations', {
    body: { effective_at },
  });
  expect(nowhere.status).toBe(404);
  await subscriber(world, { plan_id: 'plan_a' });
  await dearer({ prices: [{ currency: 'eur', interval: 'month', amount_minor: 900 }] });
  expect(await migrate({ effective_at })).toMatchObject({
    status: 409,
    body: { missing: ['usd month'] },
  });
  expect(await migrations()).toEqual([]);
});
