import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import {
  type BillingWorld,
  billingEventTypes,
  createBillingWorld,
  keptSubscription,
} from '../../test/billing.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { ensureCustomer } from '../customer/customer.ts';
import { systemContext } from '../deps.ts';
import { syncOrganization } from './sync.ts';

let world: BillingWorld;
let id: string;
let subscriptionId: string;
beforeAll(async () => {
  world = await createBillingWorld();
});
beforeEach(async () => {
  id = await world.organization();
  subscriptionId = (await world.subscribe(id, { planId: 'plan_starter' })).id;
});
afterAll(() => world.close());

const kept = () => keptSubscription(world, id);
const proPrice = () =>
  ensurePrice(world.deps, { planId: 'plan_pro', version: 1, currency: 'usd', interval: 'month' });

async function setPrice(price: string): Promise<void> {
  const subscription = await world.stripe.subscriptions.retrieve(subscriptionId);
  await world.stripe.subscriptions.update(subscriptionId, {
    items: [{ id: subscription.items.data[0]?.id ?? '', price }],
    proration_behavior: 'none',
  });
  await world.settle();
}

async function unheard(work: () => Promise<void>): Promise<void> {
  world.simulator.webhooks.set({ lose: 1 });
  await work();
  world.simulator.webhooks.set({});
}

const announced = async () => {
  const rows = await world.db.query<{ change: string }>(
    sql`SELECT payload ->> 'change' AS change FROM outbox
      WHERE organization_id = ${id} AND topic = 'subscription.changed' ORDER BY id`,
  );
  return rows.map((row) => row.change);
};
const auditCount = async () => {
  const [row] = await world.db.query<{ count: number }>(
    sql`SELECT count(*) FROM audit_log
      WHERE chain_id = ${id} AND action = 'subscription.synced'`,
  );
  return row?.count;
};

test('a fetch that began earlier never overwrites a later one', async () => {
  const gate = Promise.withResolvers<undefined>();
  const fetched = Promise.withResolvers<undefined>();
  const db: Database = {
    query: (statement) => world.db.query(statement),
    transaction: async (work) => {
      fetched.resolve(undefined);
      await gate.promise;
      return world.db.transaction(work);
    },
  };
  const stale = syncOrganization({ ...world.deps, db }, id);
  await fetched.promise;
  await setPrice(await proPrice());
  gate.resolve(undefined);
  await stale;
  expect(await kept()).toMatchObject({ plan_id: 'plan_pro' });
  expect(await announced()).toEqual(['subscribed', 'upgraded']);
});

test('many syncs at once tell a change once', async () => {
  const price = await proPrice();
  await unheard(() => setPrice(price));
  await Promise.all(Array.from({ length: 8 }, () => syncOrganization(world.deps, id)));
  expect(await announced()).toEqual(['subscribed', 'upgraded']);
  expect(await auditCount()).toBe(2);
});

test('shuffled, doubled and delayed webhooks end in the same state, told once', async () => {
  for (const seed of [1, 2, 3]) {
    world.simulator.webhooks.set({ shuffle: true, duplicate: 0.5, delay_seconds: 600, seed });
    await setPrice(await proPrice());
    await world.stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: true });
    await world.stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: false });
    await world.advanceTo(new Date(world.clock.now().getTime() + 3_600_000));
    expect(await kept()).toMatchObject({ plan_id: 'plan_pro', cancel_at_period_end: false });
  }
  world.simulator.webhooks.set({});
  expect((await announced()).filter((change) => change === 'upgraded')).toHaveLength(1);
}, 120_000);

test('a price that is none of ours is an error, and all but the subscription is kept; the next good state comes through', async () => {
  const foreign = await world.stripe.prices.create({
    currency: 'usd',
    unit_amount: 1,
    recurring: { interval: 'month' },
    product_data: { name: 'Made by hand' },
  });
  const customer = String((await kept())['stripe_customer_id']);
  const card = await world.stripe.paymentMethods.attach('pm_card_amex', { customer });
  await unheard(async () => {
    await setPrice(foreign.id);
    await world.stripe.subscriptions.update(subscriptionId, { default_payment_method: card.id });
  });
  await expect(syncOrganization(world.deps, id)).rejects.toThrow(
    `the price ${foreign.id} is of no plan of ours`,
  );
  expect(await kept()).toMatchObject({
    plan_id: 'plan_starter',
    payment_method: { brand: 'amex' },
  });
  await setPrice(await proPrice());
  expect(await kept()).toMatchObject({ plan_id: 'plan_pro' });
});

test('the balance is what the workspace has to its credit', async () => {
  const { stripe_customer_id: customer } = await kept();
  const credit = { amount: -1234, currency: 'usd' };
  await world.stripe.customers.createBalanceTransaction(String(customer), credit);
  await world.settle();
  expect(await kept()).toMatchObject({ balance_minor: 1234 });
});

test('the customer’s name and address follow the workspace’s', async () => {
  const { stripe_customer_id: customer } = await kept();
  const body = { billing_email: 'pay@example.com' };
  await world.api.call(`PATCH /v1/workspaces/${id}/billing`, { body });
  await world.db.query(sql`UPDATE organization SET name = 'Renamed' WHERE id = ${id}`);
  await syncOrganization(world.deps, id);
  const there = () => world.stripe.customers.retrieve(String(customer));
  expect(await there()).toMatchObject({ name: 'Renamed', email: 'pay@example.com' });
  await world.api.call(`PATCH /v1/workspaces/${id}/billing`, { body: { billing_email: null } });
  await syncOrganization(world.deps, id);
  expect(await there()).toMatchObject({ name: 'Renamed', email: 'pay@example.com' });
});

test('of two subscriptions the newer counts; operator and workspace are told, once each way', async () => {
  const { stripe_customer_id: customer, stripe_subscription_id: first } = await kept();
  const second = await world.stripe.subscriptions.create({
    customer: String(customer),
    items: [{ price: await proPrice() }],
    billing_mode: { type: 'flexible' },
  });
  await world.settle();
  await syncOrganization(world.deps, id);
  expect(await kept()).toMatchObject({
    plan_id: 'plan_pro',
    stripe_subscription_id: second.id,
    extra_subscription_ids: [first],
  });
  const listed = async () => {
    const { body } = await world.api.call('GET /v1/admin/workspaces?extra_subscriptions=true');
    const data = body['data'] as { id: string; extra_subscription_ids: string[] }[];
    return data.map((one) => [one.id, one.extra_subscription_ids]);
  };
  expect(await listed()).toEqual([[id, [first]]]);
  // None is ended by itself: it is charged until somebody decides, and nobody is charged in silence.
  expect((await world.stripe.subscriptions.retrieve(String(first))).status).toBe('active');
  await world.stripe.subscriptions.cancel(String(first));
  await world.settle();
  await syncOrganization(world.deps, id);
  expect(await kept()).toMatchObject({ plan_id: 'plan_pro', extra_subscription_ids: [] });
  expect(await listed()).toEqual([]);
  const told = await billingEventTypes(world, id);
  expect(told.filter((type) => type === 'subscription.doubled')).toHaveLength(1);
  expect(told.filter((type) => type === 'subscription.single')).toHaveLength(1);
  const [single] = await world.db.query(sql`SELECT summary FROM billing_events
    WHERE organization_id = ${id} AND type = 'subscription.single'`);
  expect(single).toEqual({
    summary: 'Only one subscription is charged at the payment provider any more',
  });
  const { body } = await world.api.call(`GET /v1/workspaces/${id}/audit-log?limit=50`);
  const actions = (body['data'] as { action: string }[]).map(({ action }) => action);
  expect(actions.filter((action) => action === 'subscription.extra_synced')).toHaveLength(2);
});

test('a customer that was deleted there is forgotten: the workspace is on Free', async () => {
  const { stripe_customer_id: customer } = await kept();
  await world.stripe.customers.del(String(customer));
  await world.settle();
  expect(await kept()).toMatchObject({
    plan_id: 'plan_free',
    status: 'cancelled',
    stripe_customer_id: null,
    payment_method: null,
  });
  expect(await ensureCustomer(world.deps, systemContext(world.deps, id))).not.toBe(customer);
});
