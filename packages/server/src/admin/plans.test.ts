import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditRoutes } from '../audit/routes.ts';
import { ManualClock } from '../clock.ts';
import { planRoutes } from '../plans/routes.ts';
import { subscriptionRoutes } from '../subscriptions/routes.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { adminPlanRoutes } from './plan-routes.ts';
import { adminRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const routes = [...adminRoutes, ...planRoutes, ...subscriptionRoutes];
  api = createTestApi(database.db, clock, [...routes, ...auditRoutes]);
});
beforeEach(() => clock.advance(5));
afterAll(async () => {
  await api.close();
  await database.close();
});

const path = '/v1/admin/plans';
const price = (given: object = {}) => ({
  currency: 'usd',
  interval: 'month',
  amount_minor: 500,
  overage_amount: '0.05',
  ...given,
});
const terms = {
  monthly_conversion_limit: 10,
  concurrent_conversion_limit: 2,
  max_file_size_mb: null,
  rate_limit_per_minute: 60,
};
const make = async (given: object = {}): Promise<Record<string, unknown>> => {
  const plan = { name: 'Small', ...terms, prices: [price()], ...given };
  const { status, body } = await api.call(`POST ${path}`, { body: plan });
  expect([status, body]).toMatchObject([201, {}]);
  return body;
};
const assign = (workspaceId: string, planId: unknown) =>
  api.call(`POST /v1/admin/workspaces/${workspaceId}/subscription`, { body: { plan_id: planId } });
const errorsOf = async (given: object) => {
  const { status, body } = await api.call(`POST ${path}`, {
    body: { name: 'Small', ...terms, ...given },
  });
  expect(status).toBe(400);
  return (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
};

describe('POST /v1/admin/plans', () => {
  test('201: a plan in its first version, offered to everybody and audited', async () => {
    const body = await make({ id: 'plan_small', features: { support: 'mail' }, position: 9 });
    expect(body).toMatchObject({
      id: 'plan_small',
      object: 'plan',
      version: 1,
      active: true,
      workspace_id: null,
      self_service: true,
      position: 9,
      workspace_count: 0,
      features: { support: 'mail' },
      overage_policies: ['block'],
      prices: [{ currency: 'usd', amount_minor: 500, overage_amount: '0.05', overage_tiers: null }],
      versions: [{ version: 1, workspace_count: 0 }],
    });
    const offered = await api.call('GET /v1/plans?limit=100', { as: null });
    expect(JSON.stringify(offered.body)).toContain('plan_small');
    const log = await api.call('GET /v1/admin/audit-log?limit=1');
    expect(log.body['data']).toMatchObject([
      { action: 'plan.created', target: { kind: 'plan', id: 'plan_small' } },
    ]);
  });

  test('409: the id is taken', async () => {
    await make({ id: 'plan_twice' });
    const { status } = await api.call(`POST ${path}`, {
      body: { id: 'plan_twice', name: 'Again', ...terms },
    });
    expect(status).toBe(409);
  });

  test('400: amounts that Stripe would not take, double prices, tiers that do not ascend', async () => {
    const tier = (upTo: number | null, amount = '1') => ({ up_to: upTo, amount });
    expect(
      await errorsOf({
        prices: [
          price({ currency: 'kwd', amount_minor: 10_005 }),
          price({ currency: 'isk', amount_minor: 101 }),
          price(),
          price({ amount_minor: 7 }),
          price({ currency: 'eur', overage_amount: '2', overage_tiers: [tier(null)] }),
        ],
      }),
    ).toEqual([
      '/body/prices/0/amount_minor',
      '/body/prices/1/amount_minor',
      '/body/prices/4/overage_amount',
      '/body/prices/3',
    ]);
    for (const tiers of [[], [tier(5)], [tier(5), tier(4), tier(null)], [tier(null), tier(5)]]) {
      expect(await errorsOf({ prices: [price({ overage_tiers: tiers })] })).toEqual([
        '/body/prices/0/overage_tiers',
      ]);
    }
    for (const [wrong, pointer] of [
      [{ currency: 'xxz' }, 'currency'],
      [{ amount_minor: -1 }, 'amount_minor'],
      [{ amount_minor: 1.5 }, 'amount_minor'],
      [{ amount_minor: 100_000_000 }, 'amount_minor'],
      [{ overage_amount: '1e3' }, 'overage_amount'],
      [{ overage_amount: 0.02 }, 'overage_amount'],
      [{ overage_amount: null, overage_amounts_by_type: { CSV_TO_JSON: '1' } }, 'overage_amount'],
    ] as const) {
      expect(await errorsOf({ prices: [price(wrong)] })).toEqual([`/body/prices/0/${pointer}`]);
    }
    expect(await errorsOf({ overage_policies: ['charge'] })).toEqual(['/body/overage_policies']);
    expect(await errorsOf({ features: { trial_days: 0 } })).toEqual(['/body/features/trial_days']);
    expect(await errorsOf({ workspace_id: 'org_nobody' })).toEqual(['/body/workspace_id']);
  });
});

describe('a custom plan', () => {
  test('is seen and taken by its own workspace alone', async () => {
    const own = await scenario(database.db, clock).organization().create();
    const other = await scenario(database.db, clock).organization().create();
    const plan = await make({ name: 'Negotiated', workspace_id: own.organizationId });
    const offered = await api.call('GET /v1/plans?limit=100', { as: other.apiKey });
    expect(JSON.stringify(offered.body)).not.toContain(plan['id']);
    expect((await assign(other.organizationId, plan['id'])).status).toBe(400);
    const { status, body } = await assign(own.organizationId, plan['id']);
    expect([status, body]).toMatchObject([200, { plan: { id: plan['id'], version: 1 } }]);
    const list = await api.call(`GET ${path}?workspace_id=${own.organizationId}`);
    expect(list.body['data']).toMatchObject([{ id: plan['id'], workspace_count: 1 }]);
  });
});

describe('PATCH /v1/admin/plans/{id}', () => {
  test('200: a new limit or price is a new version; who is on the plan keeps the old one', async () => {
    const { id } = await make();
    const early = await scenario(database.db, clock).organization().create();
    await assign(early.organizationId, id);
    const { status, body } = await api.call(`PATCH ${path}/${id as string}`, {
      body: { monthly_conversion_limit: 20, prices: [price({ amount_minor: 900 })] },
    });
    expect([status, body]).toMatchObject([
      200,
      {
        version: 2,
        monthly_conversion_limit: 20,
        concurrent_conversion_limit: 2,
        versions: [
          { version: 2, workspace_count: 0, prices: [{ amount_minor: 900 }] },
          { version: 1, workspace_count: 1, prices: [{ amount_minor: 500 }] },
        ],
      },
    ]);
    const late = await scenario(database.db, clock).organization().create();
    await assign(late.organizationId, id);
    const versionOf = async (workspaceId: string) =>
      (await api.call(`GET /v1/workspaces/${workspaceId}/subscription`)).body['plan'];
    expect(await versionOf(early.organizationId)).toMatchObject({ version: 1 });
    expect(await versionOf(late.organizationId)).toMatchObject({ version: 2 });
  });

  test('200: name, position, self-service and features change in place', async () => {
    const { id } = await make();
    const facts = {
      name: 'Renamed',
      position: 3,
      self_service: false,
      features: { trial_days: 7 },
    };
    const { body } = await api.call(`PATCH ${path}/${id as string}`, { body: facts });
    expect(body).toMatchObject({ ...facts, version: 1 });
  });

  test('200: the same terms in other words are no new version', async () => {
    const { id } = await make();
    const same = { ...terms, prices: [price({ overage_amount: '00.0500' })] };
    const { body } = await api.call(`PATCH ${path}/${id as string}`, { body: same });
    expect(body).toMatchObject({ version: 1, versions: [{ version: 1 }] });
  });

  test('400: what is wrong, 404: an unknown plan', async () => {
    const { id } = await make();
    const wrong = await api.call(`PATCH ${path}/${id as string}`, { body: { active: false } });
    expect(wrong.status).toBe(400);
    const free = { prices: [price({ amount_minor: 1 })] };
    expect((await api.call(`PATCH ${path}/plan_free`, { body: free })).status).toBe(400);
    expect((await api.call(`PATCH ${path}/plan_nothing`, { body: {} })).status).toBe(404);
    expect((await api.call(`GET ${path}/plan_nothing`)).status).toBe(404);
  });

  test('two changes at once make two versions, one after the other', async () => {
    const { id } = await make();
    const replies = await Promise.all(
      [11, 12, 13, 14].map((monthly_conversion_limit) =>
        api.call(`PATCH ${path}/${id as string}`, { body: { monthly_conversion_limit } }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(replies.map(({ body }) => body['version']))).toEqual(new Set([2, 3, 4, 5]));
  });
});

describe('POST /v1/admin/plans/{id}/preview-change', () => {
  test('200: says what would change and who is on which version, and stores nothing', async () => {
    const { id } = await make();
    const { organizationId } = await scenario(database.db, clock).organization().create();
    await assign(organizationId, id);
    const { body } = await api.call(`POST ${path}/${id as string}/preview-change`, {
      body: { rate_limit_per_minute: 90, name: 'Other' },
    });
    expect(body).toEqual({
      object: 'plan_change',
      plan_id: id,
      current_version: 1,
      new_version: 2,
      changes: [
        { member: 'rate_limit_per_minute', before: 60, after: 90 },
        { member: 'name', before: 'Small', after: 'Other' },
      ],
      workspaces: [{ version: 1, count: 1 }],
    });
    const { body: plan } = await api.call(`GET ${path}/${id as string}`);
    expect(plan).toMatchObject({ name: 'Small', version: 1 });
  });
});

describe('DELETE /v1/admin/plans/{id}', () => {
  test('200: nobody new comes onto it, who is on it stays, and it can be offered again', async () => {
    const { id } = await make();
    const { organizationId } = await scenario(database.db, clock).organization().create();
    const late = await scenario(database.db, clock).organization().create();
    await assign(organizationId, id);
    const { status, body } = await api.call(`DELETE ${path}/${id as string}`);
    expect([status, body]).toMatchObject([200, { active: false, workspace_count: 1 }]);
    expect((await assign(late.organizationId, id)).status).toBe(400);
    const list = await api.call(`GET ${path}?active=false&limit=100`);
    expect(JSON.stringify(list.body)).toContain(id);
    const subscription = await api.call(`GET /v1/workspaces/${organizationId}/subscription`);
    expect(subscription.body['plan']).toMatchObject({ id, active: false });
    const again = await api.call(`PATCH ${path}/${id as string}`, { body: { active: true } });
    expect(again.body).toMatchObject({ active: true, version: 1 });
    expect((await assign(late.organizationId, id)).status).toBe(200);
  });

  test('409: the Free plan', async () => {
    expect((await api.call(`DELETE ${path}/plan_free`)).status).toBe(409);
  });
});

test('401 and 403: nobody but the super admin touches the catalogue', async () => {
  const { apiKey } = await scenario(database.db, clock).organization().create();
  for (const { method, url } of adminPlanRoutes) {
    const request = `${method} ${url.replaceAll(/:\w+/g, 'plan_free')}` as const;
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
    expect((await api.call(request, { as: null, ...body })).status).toBe(401);
    expect((await api.call(request, { as: apiKey, ...body })).status).toBe(403);
  }
});
