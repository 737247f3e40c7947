import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { ensurePrice, syncCatalogue } from './catalogue.ts';
import { ensureCustomer } from '../customer/customer.ts';
import { systemContext } from '../deps.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const pro = { planId: 'plan_pro', version: 1, currency: 'jpy', interval: 'year' } as const;
const forget = (planId: string) =>
  world.db.query(sql`WITH prices AS (DELETE FROM stripe_prices WHERE plan_id = ${planId})
    DELETE FROM stripe_products WHERE plan_id = ${planId}`);
const allPrices = () => world.stripe.prices.list({ limit: 100 }).autoPagingToArray({ limit: 999 });

test('every price on sale is there, with the amount of the catalogue; Free and Enterprise are not', async () => {
  const prices = await allPrices();
  const [{ count }] = (await world.db.query<{ count: number }>(
    sql`SELECT count(*) FROM subscription_plan_prices WHERE plan_id IN ('plan_starter', 'plan_pro')`,
  )) as [{ count: number }];
  expect(prices).toHaveLength(count);
  const price = await world.stripe.prices.retrieve(await ensurePrice(world.deps, pro));
  expect(price).toMatchObject({
    unit_amount: 149_000,
    currency: 'jpy',
    recurring: { interval: 'year' },
    metadata: { plan_id: 'plan_pro', version: '1' },
  });
  const products = await world.stripe.products.list({ limit: 100 });
  expect(products.data.map(({ name }) => name).toSorted()).toEqual(['Pro', 'Starter']);
});

test('two at once, a repeat, and one that has lost its own rows make nothing double', async () => {
  const before = await allPrices();
  await forget('plan_pro');
  await Promise.all([syncCatalogue(world.deps), syncCatalogue(world.deps)]);
  await syncCatalogue(world.deps);
  const after = await allPrices();
  expect(after.map(({ id }) => id).toSorted()).toEqual(before.map(({ id }) => id).toSorted());
  expect((await world.stripe.products.list({ limit: 100 })).data).toHaveLength(2);
});

test('a catalogue in order asks for nothing', async () => {
  world.simulator.faults.add({ kind: 'error_before' });
  await expect(syncCatalogue(world.deps)).resolves.toBeUndefined();
  world.simulator.faults.clear();
});

test('an archived plan is archived; back on sale it is again', async () => {
  const price = await ensurePrice(world.deps, pro);
  const setActive = (active: boolean) =>
    world.db.query(sql`UPDATE subscription_plans SET active = ${active} WHERE id = 'plan_pro'`);
  await setActive(false);
  await syncCatalogue(world.deps);
  const isActive = async () => [
    (await world.stripe.prices.retrieve(price)).active,
    (await world.stripe.products.list({ limit: 9 })).data.find(({ name }) => name === 'Pro')
      ?.active,
  ];
  expect(await isActive()).toEqual([false, false]);
  await setActive(true);
  await syncCatalogue(world.deps);
  expect(await isActive()).toEqual([true, true]);
});

test('a new name goes to the product; a price that there is not is an error', async () => {
  await world.db.query(sql`UPDATE subscription_plans SET name = 'Team' WHERE id = 'plan_starter'`);
  await syncCatalogue(world.deps);
  const names = (await world.stripe.products.list({ limit: 9 })).data.map(({ name }) => name);
  expect(names).toContain('Team');
  await expect(ensurePrice(world.deps, { ...pro, currency: 'chf' })).rejects.toThrow(
    'plan_pro has in version 1 no price by the year in chf',
  );
});

test('a workspace has one customer, however many ask at once and whatever answers are lost', async () => {
  const id = await world.organization('Acme & Sons');
  const ctx = systemContext(world.deps, id);
  world.simulator.faults.add({
    kind: 'error_after',
    verb: 'POST',
    path: '/v1/customers',
    times: 1,
  });
  const ids = await Promise.all([1, 2, 3].map(() => ensureCustomer(world.deps, ctx)));
  expect(new Set(ids).size).toBe(1);
  const { data } = await world.stripe.customers.list({ limit: 100 });
  expect(data.filter(({ metadata }) => metadata['organization_id'] === id)).toMatchObject([
    { id: ids[0], name: 'Acme & Sons' },
  ]);
});
