import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../test/billing.ts';
import type { Revenue } from './revenue.ts';

let world: BillingWorld;

beforeAll(async () => {
  world = await createBillingWorld();
}, 60_000);
afterAll(() => world.close());

async function read(): Promise<Revenue> {
  const { status, body } = await world.api.call('GET /v1/admin/revenue');
  expect(status).toBe(200);
  return body as unknown as Revenue;
}

test('what recurs is told by currency; a year counts as twelve months, an assigned plan nothing', async () => {
  expect(await read()).toMatchObject({ currencies: [], plans: [] });
  const [monthly, yearly, euros, assigned] = [
    await world.organization('Monthly'),
    await world.organization('Yearly'),
    await world.organization('Euros'),
    await world.organization('Assigned'),
  ];
  await world.subscribe(monthly, { planId: 'plan_starter' });
  await world.subscribe(yearly, { planId: 'plan_pro', interval: 'year' });
  await world.subscribe(euros, { planId: 'plan_starter', currency: 'eur' });
  const body = { plan_id: 'plan_enterprise' };
  await world.api.call(`POST /v1/admin/workspaces/${assigned}/subscription`, { body });

  const { currencies, plans } = await read();
  expect(currencies).toMatchObject([
    // 19.00 and a twelfth of 990.00.
    { currency: 'usd', recurring_minor: 1900 + 8250, paying_count: 2, trialing_count: 0 },
    { currency: 'eur', recurring_minor: 1900, paying_count: 1 },
  ]);
  expect(currencies.map(({ paid_minor: paid }) => paid)).toEqual([1900 + 99_000, 1900]);
  expect(plans).toEqual([
    {
      plan_id: 'plan_starter',
      name: 'Starter',
      currency: 'eur',
      paying_count: 1,
      recurring_minor: 1900,
    },
    { plan_id: 'plan_pro', name: 'Pro', currency: 'usd', paying_count: 1, recurring_minor: 8250 },
    {
      plan_id: 'plan_starter',
      name: 'Starter',
      currency: 'usd',
      paying_count: 1,
      recurring_minor: 1900,
    },
  ]);
}, 60_000);

test('overage of running periods counts before it is billed', async () => {
  const [counter] = await world.db.query<{ organization_id: string }>(
    sql`SELECT s.organization_id FROM organization_subscriptions s
      WHERE s.plan_id = 'plan_starter' AND s.currency = 'eur'`,
  );
  const id = counter?.organization_id;
  await world.database.owner.query(sql`INSERT INTO usage_counters (organization_id, period_start,
      period_end, overage_accrued)
    VALUES (${id}, ${world.clock.now()}, ${world.clock.now()}::timestamptz + interval '1 day', 1.005)
    ON CONFLICT (organization_id) DO UPDATE SET overage_accrued = 1.005`);
  const { currencies } = await read();
  expect(currencies.find(({ currency }) => currency === 'eur')).toMatchObject({
    overage_accruing_minor: 101,
    overage_billed_minor: 0,
  });
});

test('401 for nobody, 403 for a key of a workspace', async () => {
  expect((await world.api.call('GET /v1/admin/revenue', { as: null })).status).toBe(401);
});
