import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { planRoutes } from './routes.ts';
import type { Plan } from './schema.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, planRoutes);
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const listPlans = async (query = ''): Promise<Plan[]> => {
  const { status, body } = await api.call(`GET /v1/plans${query}`, { as: null });
  expect(status).toBe(200);
  return body.data as Plan[];
};

test('anybody sees the four plans with the limits and prices of the price list', async () => {
  const plans = await listPlans();
  expect(
    plans.map((plan) => [
      plan.id,
      plan.monthly_conversion_limit,
      plan.concurrent_conversion_limit,
      plan.max_file_size_mb,
      plan.rate_limit_per_minute,
      plan.overage_policies.join(),
    ]),
  ).toEqual([
    ['plan_free', 100, 1, 10, 100, 'block'],
    ['plan_starter', 1000, 2, 25, 300, 'block,warn,charge'],
    ['plan_pro', 10000, 5, 50, 1000, 'block,warn,charge'],
    ['plan_enterprise', null, null, null, 5000, 'block'],
  ]);
  const priceOf = (id: string) =>
    plans
      .find((plan) => plan.id === id)
      ?.prices.map((p) => `${p.currency} ${p.interval} ${p.amount_minor} ${p.overage_amount}`);
  expect(priceOf('plan_starter')).toEqual([
    'usd month 1900 0.02',
    'usd year 19000 0.02',
    'eur month 1900 0.02',
    'eur year 19000 0.02',
    'gbp month 1600 0.016',
    'gbp year 16000 0.016',
    'jpy month 2900 3',
    'jpy year 29000 3',
  ]);
  expect(priceOf('plan_pro')).toEqual([
    'usd month 9900 0.01',
    'usd year 99000 0.01',
    'eur month 9900 0.01',
    'eur year 99000 0.01',

    'gbp month 8500 0.008',
    'gbp year 85000 0.008',
    'jpy month 14900 1.5',
    'jpy year 149000 1.5',
  ]);
  expect(priceOf('plan_free')).toHaveLength(8);
  expect(priceOf('plan_enterprise')).toEqual([]);
});

test('the list goes page by page in its own order', async () => {
  const [first] = await listPlans('?limit=1');
  expect(first?.id).toBe('plan_free');
  const rest = await listPlans('?starting_after=plan_free&limit=2');
  expect(rest.map((plan) => plan.id)).toEqual(['plan_starter', 'plan_pro']);
});

test('archived plans and those made for one organization are not on offer', async () => {
  const { organizationId } = await scenario(database.db, clock).organization().create();
  await database.db.query(sql`INSERT INTO subscription_plans
      (id, name, organization_id, active, created_at, updated_at)
    VALUES ('plan_custom', 'Custom', ${organizationId}, true, now(), now()),
           ('plan_old', 'Old', NULL, false, now(), now())`);
  await database.db.query(sql`INSERT INTO subscription_plan_versions
    SELECT id, 1, 5, 1, 1, 10, '{block}', '{}', now() FROM subscription_plans
    WHERE id IN ('plan_custom', 'plan_old')`);
  expect((await listPlans()).map((plan) => plan.id)).toEqual([
    'plan_free',
    'plan_starter',
    'plan_pro',
    'plan_enterprise',
  ]);
});

test('a workspace is offered what was made for it, and sees nothing of what was made for another', async () => {
  const own = await scenario(database.db, clock).organization().create();
  const other = await scenario(database.db, clock).organization().create();
  await database.db.query(sql`INSERT INTO subscription_plans
      (id, name, organization_id, active, self_service, position, created_at, updated_at)
    VALUES ('plan_own', 'Own', ${own.organizationId}, true, false, 9, now(), now()),
           ('plan_own_old', 'Old', ${own.organizationId}, false, true, 9, now(), now())`);
  await database.db.query(sql`INSERT INTO subscription_plan_versions
    SELECT id, 1, 5, 1, 1, 10, '{block}', '{}', now() FROM subscription_plans
    WHERE id IN ('plan_own', 'plan_own_old')`);
  const offered = ({ organizationId: id }: typeof own, as: string) =>
    api.call(`GET /v1/workspaces/${id}/plans`, { as });
  const { status, body } = await offered(own, own.apiKey);
  const plans = body.data as Plan[];
  expect([status, plans.map((plan) => [plan.id, plan.self_service])]).toEqual([
    200,
    [
      ['plan_free', true],
      ['plan_starter', true],
      ['plan_pro', true],
      ['plan_enterprise', false],
      ['plan_own', false],
    ],
  ]);
  expect(JSON.stringify((await offered(other, other.apiKey)).body)).not.toContain('plan_own');
  expect((await offered(own, other.apiKey)).status).toBe(404);
  const { organizationId, apiKey } = await scenario(database.db, clock)
    .organization()
    .key({ scopes: ['usage:read'] })
    .create();
  expect(
    (await api.call(`GET /v1/workspaces/${organizationId}/plans`, { as: apiKey })).status,
  ).toBe(403);
});
