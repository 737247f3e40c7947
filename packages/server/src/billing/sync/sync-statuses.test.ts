import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
import type { Stripe } from '../provider/stripe.ts';

let world: BillingWorld;
let id: string;
beforeAll(async () => {
  world = await createBillingWorld();
});
beforeEach(async () => {
  id = await world.organization();
});
afterAll(() => world.close());

const day = 86_400_000;
const at = (days: number) => new Date(world.clock.now().getTime() + days * day);
const unix = (date: Date) => Math.floor(date.getTime() / 1000);
const kept = () => keptSubscription(world, id);
const events = async () => (await billingEventTypes(world, id)).slice(1);

async function subscribe(
  params: Partial<Stripe.SubscriptionCreateParams>,
  card = 'visa',
): Promise<Stripe.Subscription> {
  const customer = await ensureCustomer(world.deps, systemContext(world.deps, id));
  const method = await world.stripe.paymentMethods.attach(`pm_card_${card}`, { customer });
  const price = await ensurePrice(world.deps, {
    planId: 'plan_pro',
    version: 1,
    currency: 'usd',
    interval: 'month',
  });
  const subscription = await world.stripe.subscriptions.create({
    customer,
    items: [{ price }],
    default_payment_method: method.id,
    billing_mode: { type: 'flexible' },
    ...params,
  });
  await world.settle();
  return subscription;
}

async function limitInForce(): Promise<number | null> {
  const [row] = await world.db.query<{ monthly_limit: number | null }>(
    sql`SELECT monthly_limit
      FROM effective_limits(${[id]}::text[], ${world.clock.now()}::timestamptz)`,
  );
  return row?.monthly_limit ?? null;
}

async function usedAfter(count: number): Promise<void> {
  await world.db.query(sql`UPDATE usage_counters SET used = ${count}::bigint
    WHERE organization_id = ${id}`);
}

describe('trialing', () => {
  test('is the plan; the usage period goes on until the trial ends, then a new one starts', async () => {
    const before = await kept();
    await world.advanceTo(at(3));
    await subscribe({ trial_end: unix(at(10)) });
    const trialEnd = at(10);
    expect(await kept()).toMatchObject({
      plan_id: 'plan_pro',
      status: 'trialing',
      usage_anchor: before['usage_anchor'],
      paid_currency: 'usd',
    });
    expect(await limitInForce()).toBe(10_000);
    await usedAfter(40);
    await world.advanceTo(at(11));
    const row = await kept();
    expect(row).toMatchObject({ status: 'active', paid_currency: 'usd' });
    expect(Date.parse(String(row['usage_anchor']))).toBe(unix(trialEnd) * 1000);
    const [counter] = await world.db.query(
      sql`SELECT used FROM usage_counters WHERE organization_id = ${id}`,
    );
    expect(counter).toEqual({ used: 0 });
    const changes = (await events()).filter((type) => type.startsWith('subscription.'));
    expect(changes).toEqual(['subscription.subscribed', 'subscription.trial_ended']);
  });
});

describe('incomplete', () => {
  test('is Free; never paid, it is as if it had not been', async () => {
    await subscribe({ payment_behavior: 'default_incomplete' }, 'chargeCustomerFail');
    expect(await kept()).toMatchObject({ status: 'incomplete', plan_id: 'plan_pro' });
    expect(await limitInForce()).toBe(100);
    await world.advanceTo(at(2));
    expect(await kept()).toMatchObject({
      status: 'active',
      plan_id: 'plan_free',
      stripe_subscription_id: null,
    });
    const changes = (await events()).filter((type) => type.startsWith('subscription.'));
    expect(changes).toEqual([]);
  });

  test('leaves a plan that the operator assigned alone', async () => {
    await world.api.call(`POST /v1/admin/workspaces/${id}/subscription`, {
      body: { plan_id: 'plan_enterprise' },
    });
    await subscribe({ payment_behavior: 'default_incomplete' }, 'chargeCustomerFail');
    expect(await kept()).toMatchObject({ plan_id: 'plan_enterprise', status: 'active' });
  });
});

describe('paused', () => {
  test('is Free until it is resumed', async () => {
    const { id: subscription } = await subscribe({
      trial_end: unix(at(5)),
      trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    });
    const customer = String((await kept())['stripe_customer_id']);
    const { data } = await world.stripe.customers.listPaymentMethods(customer);
    for (const method of data) await world.stripe.paymentMethods.detach(method.id);
    await world.advanceTo(at(6));
    expect(await kept()).toMatchObject({ status: 'paused', plan_id: 'plan_pro' });
    expect(await limitInForce()).toBe(100);
    const method = await world.stripe.paymentMethods.attach('pm_card_visa', { customer });
    await world.stripe.subscriptions.update(subscription, { default_payment_method: method.id });
    await world.stripe.subscriptions.resume(subscription, {
      billing_cycle_anchor: { type: 'now' },
    });
    await world.settle();
    expect(await kept()).toMatchObject({ status: 'active', plan_id: 'plan_pro' });
    expect(await limitInForce()).toBe(10_000);
    const changes = (await events()).filter((type) => type.startsWith('subscription.'));
    expect(changes).toEqual([
      'subscription.subscribed',
      'subscription.paused',
      'subscription.resumed',
    ]);
  });
});
