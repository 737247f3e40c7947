import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { billingEventTypes, type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import {
  customerOf,
  finishCheckout,
  invoicesOf,
  offer,
  setCard,
  subscriber,
  visitor,
} from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const starter = { plan_id: 'plan_starter' };
const pro = { plan_id: 'plan_pro' };

describe('from Free', () => {
  test('200: Checkout takes the card, and coming back the plan holds, without a webhook', async () => {
    const one = await visitor(world);
    world.simulator.webhooks.set({ lose: 1 });
    const { status, body } = await one.call('POST', 'subscription', pro);
    expect([status, body]).toMatchObject([200, { plan: { id: 'plan_free' } }]);
    expect(await finishCheckout(world, body['checkout_url'])).toBe('/');
    world.simulator.webhooks.set({ lose: 0 });
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_pro', version: 1 },
      status: 'active',
      interval: 'month',
      currency: 'usd',
      pending_change: null,
      current_period_start: world.clock.now().toISOString(),
    });
  });

  test('one page is open at a time, so that nobody subscribes twice', async () => {
    const one = await visitor(world);
    const urls = [];
    for (const plan of [starter, starter, pro]) {
      urls.push((await one.call('POST', 'subscription', plan)).body['checkout_url']);
    }
    expect(urls[1]).toBe(urls[0]);
    expect(urls[2]).not.toBe(urls[0]);
    expect((await fetch(String(urls[0]))).status).toBe(410);
    await finishCheckout(world, urls[2]);
    await world.settle();
    const { id: customer } = await customerOf(world, one);
    const { data } = await world.stripe.subscriptions.list({ customer, status: 'all' });
    expect(data).toHaveLength(1);
  });

  test('a plan of base fee 0 asks for a card, too', async () => {
    await offer(world, 'plan_metered', { usd: 0 }, { limit: 0 });
    const one = await subscriber(world, { plan_id: 'plan_metered' });
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_metered' },
      status: 'active',
    });
    expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
      brand: 'visa',
    });
    const charge = await one.call('PATCH', 'billing', { overage_policy: 'charge' });
    expect(charge.status).toBe(200);
  });

  test('the features of a plan may give a first subscription days for nothing', async () => {
    await offer(world, 'plan_tried', { usd: 500 }, { body: { features: { trial_days: 14 } } });
    const end = new Date(world.clock.now().getTime() + 14 * 86_400_000).toISOString();
    const first = await visitor(world);
    const offered = await first.call('POST', 'subscription/preview', { plan_id: 'plan_tried' });
    expect(offered.body).toMatchObject({
      checkout: true,
      trial_ends_at: end,
      amount_due_minor: 0,
      recurring_amount_minor: 500,
    });
    const one = await subscriber(world, { plan_id: 'plan_tried' });
    const { body } = await one.call('GET', 'subscription');
    expect(body).toMatchObject({ plan: { id: 'plan_tried' }, status: 'trialing' });
    expect(body['current_period_end']).toBe(end);
    expect((await invoicesOf(world, one)).map(({ total }) => total)).toEqual([0]);
    await one.call('DELETE', 'subscription?when=now&settlement=none', undefined, {
      asOperator: true,
    });
    const second = await one.call('POST', 'subscription/preview', { plan_id: 'plan_tried' });
    expect(second.body).toMatchObject({ checkout: true, total_minor: 500, trial_ends_at: null });
  });
});

describe('upward', () => {
  test('200: prorated, paid and in force at once; what was used stays used', async () => {
    const one = await subscriber(world, starter);
    const preview = await one.call('POST', 'subscription/preview', pro);
    expect(preview.body).toMatchObject({ when: 'now', checkout: false, total_minor: 8000 });
    const { status, body } = await one.call('POST', 'subscription', pro);
    expect([status, body]).toMatchObject([
      200,
      { plan: { id: 'plan_pro' }, status: 'active', checkout_url: null, pending_change: null },
    ]);
    const [invoice] = await invoicesOf(world, one);
    expect(invoice).toMatchObject({ total: 8000, status: 'paid' });
    await world.settle();
    const types = await billingEventTypes(world, one.organizationId);
    expect(types.filter((type) => type === 'subscription.upgraded')).toHaveLength(1);
  });

  test('200: with a card that is declined the plan stays, until the page to pay on is used', async () => {
    const one = await subscriber(world, starter);
    const { id } = await customerOf(world, one);
    const { data } = await world.stripe.paymentMethods.list({ customer: id });
    await setCard(world, data[0]?.id ?? '', 'chargeCustomerFail');
    const { status, body } = await one.call('POST', 'subscription', pro);
    expect([status, body]).toMatchObject([
      200,
      { plan: { id: 'plan_starter' }, pending_change: { plan_id: 'plan_pro', interval: 'month' } },
    ]);
    await setCard(world, data[0]?.id ?? '', 'visa');
    const [invoice] = await invoicesOf(world, one);
    await world.stripe.invoices.pay(invoice?.id ?? '');
    await world.settle();
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_pro' },
      pending_change: null,
    });
  });

  test('the present plan drops a change that waits for its payment', async () => {
    const one = await subscriber(world, starter);
    const { id } = await customerOf(world, one);
    const { data } = await world.stripe.paymentMethods.list({ customer: id });
    await setCard(world, data[0]?.id ?? '', 'chargeCustomerFail');
    await one.call('POST', 'subscription', pro);
    const { status, body } = await one.call('POST', 'subscription', starter);
    expect([status, body]).toMatchObject([
      200,
      { plan: { id: 'plan_starter' }, pending_change: null },
    ]);
    const [invoice] = await invoicesOf(world, one);
    expect(invoice?.status).toBe('void');
  });

  test('by the year: invoiced now, and a new usage period begins', async () => {
    const one = await subscriber(world, starter);
    await world.advanceTo(new Date(world.clock.now().getTime() + 10 * 86_400_000));
    const { status, body } = await one.call('POST', 'subscription', {
      ...starter,
      interval: 'year',
    });
    const now = world.clock.now().toISOString();
    expect([status, body]).toMatchObject([
      200,
      { interval: 'year', current_period_start: now, usage_period_start: now },
    ]);
    const [invoice] = await invoicesOf(world, one);
    expect(invoice?.lines.data.map(({ amount }) => amount).toSorted((a, b) => a - b)).toEqual([
      -1267, 19_000,
    ]);
  });
});

describe('downward', () => {
  test('200: the higher plan holds to the end of the period, then the lower one', async () => {
    const one = await subscriber(world, pro);
    const before = (await one.call('GET', 'subscription')).body;
    const { status, body } = await one.call('POST', 'subscription', starter);
    const end = before['current_period_end'];
    expect([status, body]).toMatchObject([
      200,
      {
        plan: { id: 'plan_pro' },
        scheduled_change: { plan_id: 'plan_starter', interval: 'month', effective_at: end },
      },
    ]);
    const count = (await invoicesOf(world, one)).length;
    await world.advanceTo(new Date(Date.parse(String(end)) + 2 * 3_600_000));
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_starter' },
      scheduled_change: null,
      status: 'active',
    });
    const invoices = await invoicesOf(world, one);
    expect(invoices).toHaveLength(count + 1);
    expect(invoices[0]?.total).toBe(1900);
  });

  test('the present plan undoes it', async () => {
    const one = await subscriber(world, pro);
    await one.call('POST', 'subscription', starter);
    const { status, body } = await one.call('POST', 'subscription', pro);
    expect([status, body]).toMatchObject([
      200,
      { plan: { id: 'plan_pro' }, scheduled_change: null },
    ]);
    expect((await one.call('POST', 'subscription', pro)).status).toBe(409);
  });

  test('another one takes its place; an upgrade releases it', async () => {
    await offer(world, 'plan_top', { usd: 50_000 });
    const one = await subscriber(world, pro);
    await one.call('POST', 'subscription', starter);
    const other = await one.call('POST', 'subscription', { plan_id: 'plan_free' });
    expect(other.body).toMatchObject({ scheduled_change: null, cancel_at_period_end: true });
    const back = await one.call('POST', 'subscription', starter);
    expect(back.body).toMatchObject({
      scheduled_change: { plan_id: 'plan_starter' },
      cancel_at_period_end: false,
    });
    const up = await one.call('POST', 'subscription', { plan_id: 'plan_top' });
    expect(up.body).toMatchObject({ plan: { id: 'plan_top' }, scheduled_change: null });
  });

  test('from the year to the month, at the end of the year', async () => {
    const one = await subscriber(world, { ...starter, interval: 'year' });
    const { body } = await one.call('POST', 'subscription', { ...starter, interval: 'month' });
    expect(body).toMatchObject({
      interval: 'year',
      scheduled_change: {
        plan_id: 'plan_starter',
        interval: 'month',
        effective_at: body['current_period_end'],
      },
    });
  });

  test('upward at the end of the period, where asked for', async () => {
    const one = await subscriber(world, starter);
    const { body } = await one.call('POST', 'subscription', { ...pro, when: 'period_end' });
    expect(body).toMatchObject({
      plan: { id: 'plan_starter' },
      scheduled_change: { plan_id: 'plan_pro' },
    });
  });
});
