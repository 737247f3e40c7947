import type { Stripe } from 'stripe';
import { expect, test } from 'vitest';
import { seededRandom } from '../control/random.ts';
import { words } from '../wire/route.ts';
import { at, simulate, type Simulated } from '../test/simulated.ts';

/**
 * Seeded billing lives over the wire. Every response and every event in them is held against the
 * contract by the simulator itself; here the money is added up.
 */

const day = 86_400;
const amounts = [900, 1900, 2900, 9900, 12_345];

const kinds = words('change change change item item card card cancel resume resume pay pay wait');

interface World {
  previews: number;
  sim: Simulated;
  random: () => number;
  prices: string[];
}

interface Life {
  customer: string;
  subscription: string;
}

const pick = <Item>(world: World, items: readonly Item[]): Item => {
  const item = items[Math.floor(world.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

async function begin(world: World): Promise<Life> {
  const customer = await world.sim.customer();
  const { id } = await world.sim.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: pick(world, world.prices) }],
    ...(world.random() < 0.2 ? { trial_period_days: 7 } : {}),
  });
  return { customer: customer.id, subscription: id };
}

async function step(world: World, life: Life): Promise<void> {
  const { stripe, simulator } = world.sim;
  const subscription = await stripe.subscriptions.retrieve(life.subscription);
  const [item] = subscription.items.data;
  const kind = pick(world, kinds);
  if (subscription.status === 'canceled' || item === undefined) return;
  if (kind === 'change') await change(world, subscription, item.id);
  if (kind === 'item') {
    const amount = 1 + Math.floor(world.random() * 500);
    await stripe.invoiceItems.create({ customer: life.customer, amount, currency: 'usd' });
  }
  if (kind === 'card') {
    const card = pick(world, ['visa', 'visa', 'chargeCustomerFail', 'authenticationRequired']);
    await simulator.run((tx) => {
      for (const method of tx.getAll('payment_method', life.customer)) method.sim_card = card;
    });
  }
  if (kind === 'cancel' || kind === 'resume') {
    await stripe.subscriptions.update(life.subscription, {
      cancel_at_period_end: kind === 'cancel',
    });
  }
  if (kind === 'pay') await payOpen(world, life);
}

/** The preview of a change must be its invoice, line by line. */
async function change(
  world: World,
  subscription: Stripe.Subscription,
  item: string,
): Promise<void> {
  const { stripe, simulator } = world.sim;
  if (subscription.status !== 'active') return;
  const details = {
    items: [{ id: item, price: pick(world, world.prices) }],
    proration_behavior: 'always_invoice' as const,
    proration_date: simulator.now(),
  };
  const preview = await stripe.invoices
    .createPreview({ subscription: subscription.id, subscription_details: details })
    .catch(() => undefined);
  const before = subscription.latest_invoice;
  const after = await stripe.subscriptions.update(subscription.id, {
    ...details,
    payment_behavior: 'pending_if_incomplete',
    expand: ['latest_invoice'],
  });
  const invoice = after.latest_invoice as Stripe.Invoice;
  if (preview === undefined || invoice.id === before) return;
  world.previews += 1;
  expect(preview.lines.data.map((line) => line.amount)).toEqual(
    invoice.lines.data.map((line) => line.amount),
  );
}

async function payOpen(world: World, life: Life): Promise<void> {
  const { data } = await world.sim.stripe.invoices.list({
    customer: life.customer,
    status: 'open',
  });
  for (const invoice of data) {
    await world.sim.stripe.invoices.pay(invoice.id).catch(() => undefined);
  }
}

/** Answers how many invoices there were. Charges are what invoices took; totals, balances and amounts due agree on every invoice. */
async function addUp(world: World, life: Life): Promise<number> {
  const { stripe } = world.sim;
  const { customer } = life;
  const all = { limit: 10_000 };
  const invoices = await stripe.invoices.list({ customer, limit: 100 }).autoPagingToArray(all);
  const charges = await stripe.charges.list({ customer, limit: 100 }).autoPagingToArray(all);
  const moves = await stripe.customers
    .listBalanceTransactions(customer, { limit: 100 })
    .autoPagingToArray(all);
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  expect(sum(charges.filter((one) => one.paid).map((one) => one.amount))).toBe(
    sum(invoices.map((one) => one.amount_paid)),
  );
  for (const invoice of invoices) {
    if (invoice.status === 'draft') continue;
    const moved = sum(
      moves
        .filter((move) => move.invoice === invoice.id && move.type !== 'unapplied_from_invoice')
        .map((move) => move.amount),
    );
    expect(invoice.total).toBe(invoice.amount_due + moved);
    expect(invoice.total).toBe(sum((await linesOf(world, invoice)).map((line) => line.amount)));
  }
  const { balance } = (await stripe.customers.retrieve(customer)) as Stripe.Customer;
  expect(balance).toBe(sum(moves.map((move) => move.amount)));
  const items = await stripe.invoiceItems.list({ customer, limit: 100 }).autoPagingToArray(all);
  const lines: (string | null | undefined)[] = [];
  for (const invoice of invoices) lines.push(...(await linesOf(world, invoice)).map(itemOf));
  for (const item of items) {
    // On one invoice, or waiting for one.
    const times = lines.filter((id) => id === item.id).length;
    expect(times).toBe(item.invoice === null ? 0 : 1);
  }
  return invoices.length;
}

function linesOf(world: World, invoice: Stripe.Invoice): Promise<Stripe.InvoiceLineItem[]> {
  const page = world.sim.stripe.invoices.listLineItems(invoice.id, { limit: 100 });
  return page.autoPagingToArray({ limit: 1000 });
}

function itemOf(line: Stripe.InvoiceLineItem): string | null | undefined {
  return (
    line.parent?.invoice_item_details?.invoice_item ??
    line.parent?.subscription_item_details?.invoice_item
  );
}

test('seeded billing lives: preview is invoice, every cent is accounted for, no item twice', async () => {
  const sim = await simulate({ heldAt: at('2027-01-31T12:00:00Z') });
  const world: World = { sim, random: seededRandom(20_271), prices: [], previews: 0 };
  for (const amount of amounts) world.prices.push((await sim.price(amount)).id);
  const lives: Life[] = [];
  for (let index = 0; index < 12; index += 1) lives.push(await begin(world));
  for (let round = 0; round < 20; round += 1) {
    for (const life of lives) await step(world, life);
    const seconds = Math.floor(world.random() * 12 * day);
    await sim.simulator.advanceTo(sim.simulator.now() + seconds);
  }
  let invoices = 0;
  for (const life of lives) invoices += await addUp(world, life);
  expect(invoices).toBeGreaterThan(40);
  expect(world.previews).toBeGreaterThan(15);
  await sim.stop();
}, 120_000);

test('no card number is anywhere in what is kept', async () => {
  const sim = await simulate();
  const cards = ['pm_card_visa', 'pm_card_mastercard', 'pm_card_chargeCustomerFail'];
  for (const card of cards) await sim.customer(card);
  const number = '4000000000000341';
  await sim.stripe.paymentMethods
    .create({ type: 'card', card: { number, exp_month: 1, exp_year: 2030, cvc: '123' } })
    .catch(() => undefined);
  const kept = await sim.simulator.run((tx) =>
    JSON.stringify([
      ...tx.scan('payment_method'),
      ...tx.scan('event'),
      ...tx.scan('customer'),
      ...tx.scan('sim.idempotency'),
    ]),
  );
  expect(kept).not.toMatch(/(?<!\d)\d{13,19}(?!\d)/);
  expect(kept).not.toMatch(/"(?:number|cvc|cvv)":/);
  await sim.stop();
});
