import { afterAll, beforeAll, expect, test } from 'vitest';
import { syncOrganization } from '../billing/sync/sync.ts';
import { sql } from '../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../test/billing.ts';
import type { Revenue } from './revenue.ts';

let world: BillingWorld;

beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

async function read(): Promise<Revenue> {
  const { status, body } = await world.api.call('GET /v1/admin/revenue');
  expect(status).toBe(200);
  return body as unknown as Revenue;
}

test('what recurs is told by currency; a year counts as twelve months, an assigned plan nothing', async () => {
  expect(await read()).toMatchObject({ currencies: [], months: [], plans: [] });
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
});

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

test('a month tells who came and who was lost, and what went with plans; a trial is neither', async () => {
  const apart = await createBillingWorld({ start: '2027-01-10T00:00:00Z' });
  try {
    const [leaving, growing, euros] = [
      await apart.organization('Leaving'),
      await apart.organization('Growing'),
      await apart.organization('Euros'),
    ];
    await apart.subscribe(leaving, { planId: 'plan_pro' });
    await apart.subscribe(growing, { planId: 'plan_starter' });
    await apart.subscribe(euros, { planId: 'plan_starter', currency: 'eur', interval: 'year' });
    const tried = await apart.organization('Tried');
    const trial = { plan_id: 'plan_pro', ends_at: '2027-01-20T00:00:00Z' };
    const path = `/v1/admin/workspaces/${tried}`;
    await apart.api.call(`POST ${path}/trial` as 'POST /', { body: trial });
    await apart.advanceTo('2027-03-05T00:00:00Z');
    const end = `/v1/workspaces/${leaving}/subscription?when=now&settlement=none`;
    expect((await apart.api.call(`DELETE ${end}`)).status).toBe(200);
    const change = { plan_id: 'plan_pro' };
    const changed = await apart.api.call(`POST /v1/workspaces/${growing}/subscription`, {
      body: change,
    });
    expect(changed.status).toBe(200);
    await apart.settle();

    const { body } = await apart.api.call('GET /v1/admin/revenue');
    const { months, currencies } = body as unknown as Revenue;
    const nothing = {
      new_count: 0,
      new_minor: 0,
      expansion_minor: 0,
      contraction_minor: 0,
      lost_count: 0,
      lost_minor: 0,
    };
    const ofUsd = { currency: 'usd', paying_start_count: 2, recurring_start_minor: 11_800 };
    const ofEur = { currency: 'eur', paying_start_count: 1, recurring_start_minor: 1583 };
    const none = { paying_start_count: 0, recurring_start_minor: 0 };
    expect(months).toEqual([
      { ...nothing, ...ofEur, month: '2027-03' },
      {
        ...nothing,
        ...ofUsd,
        month: '2027-03',
        expansion_minor: 8000,
        lost_count: 1,
        lost_minor: 9900,
      },
      { ...nothing, ...ofEur, month: '2027-02' },
      { ...nothing, ...ofUsd, month: '2027-02' },
      { ...nothing, ...none, month: '2027-01', currency: 'eur', new_count: 1, new_minor: 1583 },
      { ...nothing, ...none, month: '2027-01', currency: 'usd', new_count: 2, new_minor: 11_800 },
    ]);
    // What began and what changed since is what recurs now.
    expect(currencies.find(({ currency }) => currency === 'usd')?.recurring_minor).toBe(9900);
    for (const { id } of await apart.db.query<{ id: string }>(sql`SELECT id FROM organization`)) {
      await syncOrganization(apart.deps, id);
    }
    const again = (await apart.api.call('GET /v1/admin/revenue')).body as unknown as Revenue;
    expect(again.months).toEqual(months);
  } finally {
    await apart.close();
  }
}, 90_000);

test('401 for nobody, 403 for a key of a workspace', async () => {
  expect((await world.api.call('GET /v1/admin/revenue', { as: null })).status).toBe(401);
});
