import type { Stripe } from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { at, simulate, type Simulated, type Subscribed } from '../test/simulated.ts';

let sim: Simulated;
beforeEach(async () => {
  sim = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
});
afterEach(() => sim.stop());

async function cardBecomes(customer: string, card: string): Promise<void> {
  await sim.simulator.run((tx) => {
    for (const method of tx.getAll('payment_method', customer)) method.sim_card = card;
  });
}

async function tryUpgrade(life: Subscribed, amount = 2000): Promise<Stripe.Subscription> {
  const price = await sim.price(amount);
  return sim.stripe.subscriptions.update(life.id, {
    items: [{ id: life.item, price: price.id }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
    expand: ['latest_invoice'],
  });
}

const priceOf = (subscription: Stripe.Subscription): number | null | undefined =>
  subscription.items.data[0]?.price.unit_amount;

test('an upgrade that is not paid changes nothing until it is', async () => {
  const life = await sim.subscribe();
  await cardBecomes(life.customer, 'chargeCustomerFail');
  await sim.simulator.advanceTo(at('2027-06-16T00:00:00Z'));
  const pending = await tryUpgrade(life);
  expect(pending.status).toBe('active');
  expect(priceOf(pending)).toBe(1000);
  expect(pending.pending_update?.subscription_items?.[0]?.price.unit_amount).toBe(2000);
  const invoice = pending.latest_invoice as Stripe.Invoice;
  expect(invoice).toMatchObject({ status: 'open', amount_due: 500 });
  await cardBecomes(life.customer, 'visa');
  await sim.stripe.invoices.pay(invoice.id);
  const changed = await sim.stripe.subscriptions.retrieve(life.id);
  expect(priceOf(changed)).toBe(2000);
  expect(changed.pending_update).toBeNull();
  const { data } = await sim.stripe.events.list({
    type: 'customer.subscription.pending_update_applied',
  });
  expect(data).toHaveLength(1);
});

test('an upgrade that nobody pays is dropped after 23 hours, with its invoice', async () => {
  const life = await sim.subscribe();
  await cardBecomes(life.customer, 'chargeCustomerFail');
  const pending = await tryUpgrade(life);
  await sim.simulator.advanceTo(sim.simulator.now() + 23 * 3600);
  const after = await sim.stripe.subscriptions.retrieve(life.id);
  expect(after).toMatchObject({ pending_update: null, status: 'active' });
  expect(priceOf(after)).toBe(1000);
  const invoice = await sim.stripe.invoices.retrieve(
    (pending.latest_invoice as Stripe.Invoice).id ?? '',
  );
  expect(invoice.status).toBe('void');
});

test('a pending upgrade allows no change beside it', async () => {
  const life = await sim.subscribe();
  await expect(
    sim.stripe.subscriptions.update(life.id, {
      items: [{ id: life.item, quantity: 2 }],
      metadata: { a: 'b' },
      payment_behavior: 'pending_if_incomplete',
    }),
  ).rejects.toThrow('`metadata` cannot be passed');
});

test('the preview of an upgrade is the invoice of the upgrade, and changes nothing', async () => {
  const life = await sim.subscribe(2000);
  const next = await sim.price(2500);
  const date = at('2027-06-11T07:13:29Z');
  await sim.simulator.advanceTo(date);
  const change = {
    items: [{ id: life.item, price: next.id }],
    proration_behavior: 'always_invoice' as const,
    proration_date: date,
  };
  const preview = await sim.stripe.invoices.createPreview({
    subscription: life.id,
    subscription_details: change,
  });
  expect((await sim.stripe.invoices.list({ customer: life.customer })).data).toHaveLength(1);
  expect((await sim.stripe.invoiceItems.list({ customer: life.customer })).data).toEqual([]);
  const { latest_invoice: invoice } = await sim.stripe.subscriptions.update(life.id, {
    ...change,
    expand: ['latest_invoice'],
  });
  const amounts = (one: Stripe.Invoice): unknown => [
    one.lines.data.map(({ amount, description, period }) => [amount, description, period]),
    one.total,
    one.amount_due,
  ];
  expect(amounts(preview)).toEqual(amounts(invoice as Stripe.Invoice));
});

test('without a change the preview is the next renewal', async () => {
  const life = await sim.subscribe();
  await sim.stripe.invoiceItems.create({ customer: life.customer, amount: 250, currency: 'usd' });
  const preview = await sim.stripe.invoices.createPreview({ subscription: life.id });
  expect(preview.total).toBe(1250);
  await sim.simulator.advanceTo(life.end + 2 * 3600);
  const { data } = await sim.stripe.invoices.list({ customer: life.customer, limit: 1 });
  expect(data[0]?.total).toBe(1250);
});

test('a downgrade by schedule waits for the end of the period and is then renewed at its price', async () => {
  const life = await sim.subscribe(2000);
  const lower = await sim.price(900);
  const { stripe } = sim;
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: life.id });
  const [current] = schedule.phases;
  await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: 'release',
    phases: [
      {
        items: [{ price: life.price, quantity: 1 }],
        start_date: current?.start_date ?? 0,
        end_date: current?.end_date ?? 0,
      },
      { items: [{ price: lower.id, quantity: 1 }], duration: { interval: 'month' } },
    ],
  });
  await sim.simulator.advanceTo(life.end - 1);
  expect(priceOf(await stripe.subscriptions.retrieve(life.id))).toBe(2000);
  await sim.simulator.advanceTo(life.end + 2 * 3600);
  expect(priceOf(await stripe.subscriptions.retrieve(life.id))).toBe(900);
  const { data } = await stripe.invoices.list({ customer: life.customer });
  expect(data.map((invoice) => invoice.amount_paid)).toEqual([900, 2000]);
  await sim.simulator.advanceTo(at('2027-09-01T02:00:00Z'));
  expect(await stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
    status: 'released',
    released_subscription: life.id,
  });
  expect(await stripe.subscriptions.retrieve(life.id)).toMatchObject({ schedule: null });
  expect((await stripe.invoices.list({ customer: life.customer })).data).toHaveLength(4);
});

test('a schedule at the period’s end can change the interval, and the anchor moves there', async () => {
  const life = await sim.subscribe(2000);
  const yearly = await sim.price(20_000, { interval: 'year' });
  const { stripe } = sim;
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: life.id });
  await stripe.subscriptionSchedules.update(schedule.id, {
    phases: [
      { items: [{ price: life.price, quantity: 1 }], end_date: life.end },
      { items: [{ price: yearly.id, quantity: 1 }], duration: { interval: 'year' } },
    ],
  });
  await sim.simulator.advanceTo(life.end + 2 * 3600);
  const subscription = await stripe.subscriptions.retrieve(life.id);
  expect(subscription.billing_cycle_anchor).toBe(life.end);
  expect(subscription.items.data[0]?.current_period_end).toBe(at('2028-07-01T00:00:00Z'));
  const { data } = await stripe.invoices.list({ customer: life.customer, limit: 1 });
  expect(data[0]).toMatchObject({ amount_paid: 20_000, billing_reason: 'subscription_cycle' });
});

test('a released schedule changes nothing any more', async () => {
  const life = await sim.subscribe(2000);
  const schedule = await sim.stripe.subscriptionSchedules.create({ from_subscription: life.id });
  await expect(
    sim.stripe.subscriptions.update(life.id, { cancel_at_period_end: true }),
  ).rejects.toThrow('managed by the subscription schedule');
  await sim.stripe.subscriptionSchedules.release(schedule.id);
  await sim.stripe.subscriptions.update(life.id, { cancel_at_period_end: true });
  await sim.simulator.advanceTo(life.end);
  expect(await sim.stripe.subscriptions.retrieve(life.id)).toMatchObject({ status: 'canceled' });
});

test('a cancellation at the period’s end can be taken back until then', async () => {
  const life = await sim.subscribe();
  const { stripe } = sim;
  const going = await stripe.subscriptions.update(life.id, { cancel_at_period_end: true });
  expect(going).toMatchObject({ cancel_at: life.end, status: 'active' });
  await expect(stripe.invoices.createPreview({ subscription: life.id })).rejects.toMatchObject({
    code: 'invoice_upcoming_none',
  });
  await stripe.subscriptions.update(life.id, { cancel_at_period_end: false });
  await sim.simulator.advanceTo(life.end + 1);
  expect(await stripe.subscriptions.retrieve(life.id)).toMatchObject({ status: 'active' });
  await stripe.subscriptions.update(life.id, { cancel_at_period_end: true });
  await sim.simulator.advanceTo(at('2027-08-01T00:00:00Z'));
  expect(await stripe.subscriptions.retrieve(life.id)).toMatchObject({
    status: 'canceled',
    ended_at: at('2027-08-01T00:00:00Z'),
  });
});

test('a cancellation now credits what is left only where it is asked to', async () => {
  const first = await sim.subscribe();
  const second = await sim.subscribe();
  await sim.simulator.advanceTo(at('2027-06-16T00:00:00Z'));
  await sim.stripe.subscriptions.cancel(first.id);
  await sim.stripe.subscriptions.cancel(second.id, { prorate: true, invoice_now: true });
  await sim.simulator.advanceTo(at('2027-06-16T02:00:00Z'));
  expect(await sim.stripe.customers.retrieve(first.customer)).toMatchObject({ balance: 0 });
  expect(await sim.stripe.customers.retrieve(second.customer)).toMatchObject({ balance: -500 });
  await expect(sim.stripe.subscriptions.cancel(first.id)).rejects.toThrow('No such subscription');
});
