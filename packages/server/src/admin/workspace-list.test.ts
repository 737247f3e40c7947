import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { adminRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;
const ids: Record<string, string> = {};

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, adminRoutes);
  const arranged = [
    ['quiet', 'free', 0],
    ['near', 'free', 81],
    ['full', 'free', 100],
    ['large', 'starter', 300],
    ['boundless', 'enterprise', 400],
  ] as const;
  for (const [name, plan, used] of arranged) {
    clock.advance(5);
    const made = scenario(database.db, clock).organization(name).plan(plan).used(used);
    ids[name] = (await made.create()).organizationId;
  }
});
afterAll(async () => {
  await api.close();
  await database.close();
});

async function list(query: string): Promise<{ names: string[]; next: string | null }> {
  const { status, body } = await api.call(`GET /v1/admin/workspaces?${query}`);
  expect(status).toBe(200);
  const { data, next_cursor: next } = body as {
    data: { name: string }[];
    next_cursor: string | null;
  };
  return { names: data.map(({ name }) => name), next };
}

test('who used most comes first, whatever the plan', async () => {
  expect((await list('sort=usage')).names).toEqual(['boundless', 'large', 'full', 'near', 'quiet']);
});

test('by share of the limit, who has no limit comes last', async () => {
  const { names } = await list('sort=share');
  expect(names.slice(0, 3)).toEqual(['full', 'near', 'large']);
  expect(names.slice(3).toSorted()).toEqual(['boundless', 'quiet']);
});

test('near the limit is who has taken 80 % of the limit in force, an override included', async () => {
  expect((await list('near_limit=true&sort=share')).names).toEqual(['full', 'near']);
  expect((await list('near_limit=true')).names).toEqual(['full', 'near']);
  const path = `/v1/admin/workspaces/${ids.full}/overrides`;
  const body = { monthly_limit: 500, reason: 'a test' };
  expect((await api.call(`PUT ${path}`, { body })).status).toBe(200);
  expect((await list('near_limit=true')).names).toEqual(['near']);
  expect((await list('near_limit=false')).names).toHaveLength(4);
  expect((await api.call(`DELETE ${path}`)).status).toBe(200);
});

test('a ranked list goes page by page without a gap or a repeat', async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&starting_after=${cursor}`;
    const page = await list(`sort=usage&limit=2${after}`);
    seen.push(...page.names);
    cursor = page.next;
  } while (cursor !== null);
  expect(seen).toEqual(['boundless', 'large', 'full', 'near', 'quiet']);
});

test('plan, status and billing address narrow the list down', async () => {
  expect((await list('plan_id=plan_starter')).names).toEqual(['large']);
  await database.owner.query(sql`UPDATE organization SET billing_status = 'past_due',
    billing_email = 'pay@example.com' WHERE id = ${ids.near}`);
  expect((await list('billing_status=past_due')).names).toEqual(['near']);
  expect((await list('billing_status=past_due&plan_id=plan_starter')).names).toEqual([]);
  expect((await list('search=Pay@Example.com&sort=usage')).names).toEqual(['near']);
  const suspend = `POST /v1/admin/workspaces/${ids.near}/suspend` as const;
  expect((await api.call(suspend, { body: { reason: 'a test' } })).status).toBe(200);
  expect((await list('billing_status=suspended')).names).toEqual(['near']);
  expect((await list('billing_status=past_due')).names).toEqual([]);
});

test.each(['sort=name', 'near_limit=maybe', 'billing_status=rich', 'plan_id='])(
  '400 for %s',
  async (query) => {
    expect((await api.call(`GET /v1/admin/workspaces?${query}`)).status).toBe(400);
  },
);

test('who pays most comes first, each currency by itself, and who pays nothing comes last', async () => {
  const paying = [
    ['quiet', 'plan_starter', 'eur', 'month', 'active'],
    ['near', 'plan_pro', 'usd', 'year', 'active'],
    ['full', 'plan_pro', 'usd', 'month', 'past_due'],
    ['large', 'plan_pro', 'usd', 'month', 'trialing'],
  ] as const;
  for (const [name, plan, currency, interval, status] of paying) {
    await database.owner.query(sql`UPDATE organization_subscriptions SET plan_id = ${plan},
      currency = ${currency}, interval = ${interval}, status = ${status},
      stripe_subscription_id = ${`sub_${name}`} WHERE organization_id = ${ids[name]}`);
  }
  // 5.00 past the limit: nobody recurs here, and yet it brings something.
  await database.owner.query(sql`UPDATE usage_counters SET overage_accrued = 5
    WHERE organization_id = ${ids.boundless}`);
  const order = ['full', 'near', 'boundless', 'quiet', 'large'];
  expect((await list('sort=revenue')).names).toEqual(order);
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after: string = cursor === '' ? '' : `&starting_after=${cursor}`;
    const page = await list(`sort=revenue&limit=1${after}`);
    seen.push(...page.names);
    cursor = page.next;
  }
  expect(seen).toEqual(order);
  const { body } = await api.call(`GET /v1/admin/workspaces/${ids.near}`);
  expect(body.revenue).toEqual({
    currency: 'usd',
    recurring_minor: 8250,
    overage_accruing_minor: 0,
  });
  // Past due and without grace it has the limits of Free, all of which it used.
  expect((await list('sort=revenue&near_limit=true')).names).toEqual(['full']);
});
