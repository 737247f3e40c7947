import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import {
  type BillingWorld,
  billingEventTypes,
  createBillingWorld,
  keptSubscription,
} from '../../test/billing.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario } from '../../test/scenario.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { idOf } from '../provider/stripe.ts';
import { syncOrganization } from './sync.ts';

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
const at = (ms: number) => new Date(world.clock.now().getTime() + ms);
const kept = () => keptSubscription(world, id);
const subscriptionOf = async () =>
  (await world.api.call(`GET /v1/workspaces/${id}/subscription`)).body;
const priceOf = (planId: string, interval: 'month' | 'year' = 'month') =>
  ensurePrice(world.deps, { planId, version: 1, currency: 'usd', interval });
/** What was told of the subscription since the workspace was made. */
const events = async () => {
  const types = await billingEventTypes(world, id);
  return types.slice(1).filter((type) => type.startsWith('subscription.'));
};
const announced = async () => {
  const rows = await world.db.query<{ change: string }>(
    sql`SELECT payload ->> 'change' AS change FROM outbox
      WHERE organization_id = ${id} AND topic = 'subscription.changed' ORDER BY id`,
  );
  return rows.map((row) => row.change);
};
const auditActions = async () => {
  const { body } = await world.api.call(`GET /v1/workspaces/${id}/audit-log?limit=50`);
  return (body.data as { action: string }[]).map(({ action }) => action);
};

/** Another plan on the one item of a subscription, at once and without proration. */
async function setPlan(subscriptionId: string, price: string): Promise<void> {
  const subscription = await world.stripe.subscriptions.retrieve(subscriptionId);
  const item = subscription.items.data[0]?.id ?? '';
  await world.stripe.subscriptions.update(subscriptionId, {
    items: [{ id: item, price }],
    proration_behavior: 'none',
  });
  await world.settle();
}

describe('a first paid subscription', () => {
  test('comes in by webhook: plan, periods, card; told once', async () => {
    const bought = await world.subscribe(id, { planId: 'plan_pro' });
    expect(await subscriptionOf()).toMatchObject({
      plan: { id: 'plan_pro', version: 1 },
      status: 'active',
      interval: 'month',
      currency: 'usd',
      current_period_start: '2027-06-01T12:00:00.000Z',
      current_period_end: '2027-07-01T12:00:00.000Z',
      stripe_subscription_id: bought.id,
    });
    expect(await kept()).toMatchObject({
      payment_method: { brand: 'visa', last4: '4242' },
      paid_currency: 'usd',
    });
    await syncOrganization(world.deps, id);
    await world.settle();
    expect(await events()).toEqual(['subscription.subscribed']);
    expect(await announced()).toEqual(['subscribed']);
    expect(await auditActions()).toEqual([
      'subscription.synced',
      'payment_method.synced',
      'api_key.created',
      'workspace.created',
    ]);
  });

  test('makes its card the customer’s too', async () => {
    await world.subscribe(id, { planId: 'plan_pro' });
    const { stripe_customer_id, stripe_payment_method_id } = await kept();
    const customer = await world.stripe.customers.retrieve(String(stripe_customer_id));
    expect(customer).toMatchObject({
      invoice_settings: { default_payment_method: stripe_payment_method_id },
    });
  });

  test('cuts the usage period at the provider’s anchor: what was used before stays there', async () => {
    const scene = await scenario(world.db, world.clock).organization().used(7).create();
    id = scene.organizationId;
    world.clock.advance(1000);
    await world.advanceTo(at(5 * day));
    const bought = await world.subscribe(id, { planId: 'plan_starter' });
    const anchor = new Date(bought.billing_cycle_anchor * 1000).toISOString();
    expect(await subscriptionOf()).toMatchObject({ usage_period_start: anchor });
    const { body } = await world.api.call(`GET /v1/workspaces/${id}/subscription`);
    expect(body).toMatchObject({ usage_period_start: anchor });
    const [counter] = await world.db.query(
      sql`SELECT used FROM usage_counters WHERE organization_id = ${id}`,
    );
    expect(counter).toEqual({ used: 0 });
    await expectInvariants(world.db, id);
  });
});

describe('a change at the provider', () => {
  test('up and down are told by what a month costs', async () => {
    const { id: subscription } = await world.subscribe(id, { planId: 'plan_starter' });
    await setPlan(subscription, await priceOf('plan_pro'));
    expect(await kept()).toMatchObject({ plan_id: 'plan_pro' });
    await setPlan(subscription, await priceOf('plan_starter'));
    expect(await announced()).toEqual(['subscribed', 'upgraded', 'downgraded']);
  });

  test('that is scheduled lowers nothing before its phase starts; undone, it is told', async () => {
    const { id: subscription } = await world.subscribe(id, { planId: 'plan_pro' });
    const schedules = world.stripe.subscriptionSchedules;
    const plan = async (): Promise<string> => {
      const schedule = await schedules.create({ from_subscription: subscription });
      const [phase] = schedule.phases;
      const item = { price: await priceOf('plan_pro'), quantity: 1 };
      await schedules.update(schedule.id, {
        end_behavior: 'release',
        phases: [
          { items: [item], start_date: phase?.start_date ?? 0, end_date: phase?.end_date ?? 0 },
          {
            items: [{ price: await priceOf('plan_starter'), quantity: 1 }],
            duration: { interval: 'month', interval_count: 1 },
          },
        ],
      });
      await world.settle();
      return schedule.id;
    };
    const first = await plan();
    const end = (await kept())['current_period_end'];
    expect(await subscriptionOf()).toMatchObject({
      plan: { id: 'plan_pro' },
      scheduled_change: { plan_id: 'plan_starter', interval: 'month', effective_at: end },
    });
    await schedules.release(first);
    await world.settle();
    expect(await subscriptionOf()).toMatchObject({ scheduled_change: null });
    await plan();
    await world.advanceTo(at(32 * day));
    expect(await subscriptionOf()).toMatchObject({
      plan: { id: 'plan_starter' },
      scheduled_change: null,
    });
    expect(await announced()).toEqual([
      'subscribed',
      'change_scheduled',
      'change_undone',
      'change_scheduled',
      'downgraded',
    ]);
  });

  test('that waits for its payment changes the plan only when it is paid', async () => {
    const bought = await world.subscribe(id, { planId: 'plan_starter' });
    const { stripe_customer_id: customer } = await kept();
    const bad = await world.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: String(customer),
    });
    await world.stripe.subscriptions.update(bought.id, { default_payment_method: bad.id });
    await world.stripe.subscriptions.update(bought.id, {
      items: [{ id: bought.items.data[0]?.id ?? '', price: await priceOf('plan_pro') }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    });
    await world.settle();
    const waiting = await subscriptionOf();
    expect(waiting).toMatchObject({
      plan: { id: 'plan_starter' },
      pending_change: { plan_id: 'plan_pro', interval: 'month' },
    });
    const { latest_invoice: latest } = await world.stripe.subscriptions.retrieve(bought.id);
    const good = await world.stripe.paymentMethods.attach('pm_card_visa', {
      customer: String(customer),
    });
    await world.stripe.invoices.pay(idOf(latest) ?? '', { payment_method: good.id });
    await world.settle();
    expect(await subscriptionOf()).toMatchObject({
      plan: { id: 'plan_pro' },
      pending_change: null,
    });
    expect(await events()).toContain('subscription.payment_pending');
    expect(await events()).not.toContain('subscription.payment_dropped');
  });

  test('of the interval starts a new usage period', async () => {
    const { id: subscription } = await world.subscribe(id, { planId: 'plan_starter' });
    await world.advanceTo(at(10 * day));
    await setPlan(subscription, await priceOf('plan_starter', 'year'));
    const now = await world.stripe.subscriptions.retrieve(subscription);
    expect(await subscriptionOf()).toMatchObject({
      interval: 'year',
      usage_period_start: new Date(now.billing_cycle_anchor * 1000).toISOString(),
    });
    expect(await announced()).toEqual(['subscribed', 'upgraded']);
    expect(await events()).not.toContain('subscription.renewed');
  });
});

describe('the end', () => {
  test('cancelled at the period’s end, resumed, cancelled again: Free when it is over', async () => {
    const { id: subscription } = await world.subscribe(id, { planId: 'plan_pro' });
    const setCancel = async (cancel_at_period_end: boolean) => {
      await world.stripe.subscriptions.update(subscription, { cancel_at_period_end });
      await world.settle();
    };
    await setCancel(true);
    expect(await subscriptionOf()).toMatchObject({
      cancel_at_period_end: true,
      plan: { id: 'plan_pro' },
    });
    await setCancel(false);
    await setCancel(true);
    const before = await kept();
    await world.advanceTo(at(32 * day));
    expect(await subscriptionOf()).toMatchObject({
      plan: { id: 'plan_free' },
      status: 'cancelled',
      cancel_at_period_end: false,
      stripe_subscription_id: null,
    });
    expect((await kept())['usage_anchor']).toEqual(before['usage_anchor']);
    const changes = ['subscribed', 'cancel_scheduled', 'resumed', 'cancel_scheduled', 'cancelled'];
    expect(await announced()).toEqual(changes);
  });

  test('subscribed anew after it: told as subscribed, counted from the new anchor', async () => {
    const first = await world.subscribe(id, { planId: 'plan_pro' });
    await world.stripe.subscriptions.cancel(first.id);
    await world.settle();
    await world.advanceTo(at(3 * day));
    const second = await world.subscribe(id, { planId: 'plan_starter' });
    expect(await subscriptionOf()).toMatchObject({
      plan: { id: 'plan_starter' },
      status: 'active',
      usage_period_start: new Date(second.billing_cycle_anchor * 1000).toISOString(),
    });
    expect(await announced()).toEqual(['subscribed', 'cancelled', 'subscribed']);
  });

  test('a plan that the operator assigned is not touched by a subscription that is over', async () => {
    const first = await world.subscribe(id, { planId: 'plan_pro' });
    await world.stripe.subscriptions.cancel(first.id);
    await world.settle();
    await world.api.call(`POST /v1/admin/workspaces/${id}/subscription`, {
      body: { plan_id: 'plan_enterprise' },
    });
    await syncOrganization(world.deps, id);
    expect(await kept()).toMatchObject({ plan_id: 'plan_enterprise', status: 'active' });
  });
});
