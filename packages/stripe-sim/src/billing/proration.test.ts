import type Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, simulate, type Simulated, type Subscribed } from '../test/simulated.ts';

let sim: Simulated;
beforeAll(async () => {
  // Thirty days, so that halves and thirds are whole seconds.
  sim = await simulate({ heldAt: at('2024-06-01T00:00:00Z') });
});
afterAll(() => sim.stop());

interface Case {
  from: number;
  to: number;
  currency?: string;
  /** Which share of the period is over. */
  over: number;
}

/** Changes the price when a share of the period is over, billed at once. */
async function change({ from, to, currency = 'usd', over }: Case): Promise<{
  subscribed: Subscribed;
  lines: number[];
  invoice: Stripe.Invoice;
}> {
  const subscribed = await sim.subscribe(from, { currency });
  const next = await sim.price(to, { currency });
  const { id, item, start, end } = subscribed;
  const date = Math.round(start + (end - start) * over);
  await sim.simulator.advanceTo(Math.max(sim.simulator.now(), date));
  const updated = await sim.stripe.subscriptions.update(id, {
    items: [{ id: item, price: next.id }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
    proration_date: date,
    expand: ['latest_invoice'],
  });
  const invoice = updated.latest_invoice as Stripe.Invoice;
  return { subscribed, invoice, lines: invoice.lines.data.map((line) => line.amount) };
}

async function balanceOf(id: string): Promise<number> {
  return ((await sim.stripe.customers.retrieve(id)) as Stripe.Customer).balance;
}

test('1000 to 2000 at exactly half the period: −500 and 1000', async () => {
  const { lines, invoice } = await change({ from: 1000, to: 2000, over: 1 / 2 });
  expect(lines).toEqual([-500, 1000]);
  expect(invoice).toMatchObject({ total: 500, amount_paid: 500, status: 'paid' });
});

test('2000 to 1000 with a third left: 334 onto the balance, and the next invoice asks for 666', async () => {
  const { lines, invoice, subscribed } = await change({ from: 2000, to: 1000, over: 2 / 3 });
  expect(lines).toEqual([-667, 333]);
  expect(invoice).toMatchObject({ total: -334, amount_due: 0, status: 'paid' });
  expect(await balanceOf(subscribed.customer)).toBe(-334);
  const end = subscribed.end;
  await sim.simulator.advanceTo(end + 2 * 3600);
  const { data } = await sim.stripe.invoices.list({ customer: subscribed.customer, limit: 1 });
  expect(data[0]).toMatchObject({ total: 1000, starting_balance: -334, amount_paid: 666 });
  expect(await balanceOf(subscribed.customer)).toBe(0);
});

test('2000 to 2500 yen has no decimals: −1000 and 2500 at half', async () => {
  const { lines } = await change({ from: 2000, to: 5000, currency: 'jpy', over: 1 / 2 });
  expect(lines).toEqual([-1000, 2500]);
});

test('dinars keep a 0 as their last digit', async () => {
  const half = await change({ from: 10_000, to: 20_000, currency: 'kwd', over: 1 / 2 });
  expect(half.invoice.total).toBe(5000);
  const third = await change({ from: 10_000, to: 20_000, currency: 'kwd', over: 2 / 3 });
  expect(third.lines).toEqual([-3340, 6660]);
});

test('a change that is not billed at once waits, and the next invoice carries both lines', async () => {
  const subscribed = await sim.subscribe(1000);
  const next = await sim.price(3000);
  const half = (subscribed.start + subscribed.end) / 2;
  await sim.simulator.advanceTo(half);
  await sim.stripe.subscriptions.update(subscribed.id, {
    items: [{ id: subscribed.item, price: next.id }],
  });
  const pending = await sim.stripe.invoiceItems.list({
    customer: subscribed.customer,
    pending: true,
  });
  expect(pending.data.map(({ amount, proration }) => [amount, proration])).toEqual([
    [1500, true],
    [-500, true],
  ]);
  await sim.simulator.advanceTo(subscribed.end + 2 * 3600);
  const { data } = await sim.stripe.invoices.list({ customer: subscribed.customer, limit: 1 });
  expect(data[0]?.lines.data.map((line) => line.amount)).toEqual([3000, -500, 1500]);
  expect(data[0]).toMatchObject({ amount_paid: 4000, billing_reason: 'subscription_cycle' });
});

test('a credit names the line it credits, and a second change credits the first one’s debit', async () => {
  const { subscribed, invoice } = await change({ from: 1000, to: 2000, over: 1 / 2 });
  const debit = invoice.lines.data[1];
  expect(invoice.lines.data[0]?.parent?.subscription_item_details).toMatchObject({
    proration: true,
    proration_details: {
      credited_items: { invoice: subscribed.invoice },
    },
  });
  const third = await sim.price(9000);
  const updated = await sim.stripe.subscriptions.update(subscribed.id, {
    items: [{ id: subscribed.item, price: third.id }],
    proration_behavior: 'always_invoice',
    expand: ['latest_invoice'],
  });
  const second = updated.latest_invoice as Stripe.Invoice;
  expect(second.lines.data[0]?.amount).toBe(-(debit?.amount ?? 0));
  expect(
    second.lines.data[0]?.parent?.subscription_item_details?.proration_details?.credited_items,
  ).toEqual({ invoice: invoice.id, invoice_line_items: [debit?.id] });
});

test('another interval begins a new period at once and credits what is left of the old', async () => {
  const subscribed = await sim.subscribe(3000);
  const yearly = await sim.price(30_000, { interval: 'year' });
  const half = (subscribed.start + subscribed.end) / 2;
  await sim.simulator.advanceTo(half);
  const updated = await sim.stripe.subscriptions.update(subscribed.id, {
    items: [{ id: subscribed.item, price: yearly.id }],
    expand: ['latest_invoice'],
  });
  const invoice = updated.latest_invoice as Stripe.Invoice;
  expect(invoice.lines.data.map((line) => line.amount)).toEqual([-1500, 30_000]);
  expect(invoice).toMatchObject({ status: 'paid', billing_reason: 'subscription_update' });
  expect(updated.billing_cycle_anchor).toBe(half);
  expect(updated.items.data[0]).toMatchObject({ current_period_start: half });
});

test('nothing is credited or debited where the caller wants no proration', async () => {
  const subscribed = await sim.subscribe(1000);
  const next = await sim.price(2000);
  await sim.stripe.subscriptions.update(subscribed.id, {
    items: [{ id: subscribed.item, price: next.id }],
    proration_behavior: 'none',
  });
  const { data } = await sim.stripe.invoiceItems.list({ customer: subscribed.customer });
  expect(data).toEqual([]);
});
