import type { Stripe } from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { at, idOf, simulate, start, type Simulated } from '../test/simulated.ts';

const day = 86_400;
let sim: Simulated;
beforeEach(async () => {
  sim = await simulate();
});
afterEach(() => sim.stop());

/** What the customer's card does from now on. */
async function cardBecomes(customer: string, card: string): Promise<void> {
  const { data } = await sim.stripe.customers.listPaymentMethods(customer);
  await sim.simulator.run((tx) => {
    for (const { id } of data) {
      const method = tx.get('payment_method', id);
      if (method !== undefined) method.sim_card = card;
    }
  });
}

const statusOf = async (id: string): Promise<string> =>
  (await sim.stripe.subscriptions.retrieve(id)).status;

async function latestInvoice(id: string): Promise<Stripe.Invoice> {
  const { latest_invoice: invoice } = await sim.stripe.subscriptions.retrieve(id, {
    expand: ['latest_invoice'],
  });
  return invoice as Stripe.Invoice;
}

test('a failed renewal is tried nine times in two weeks, and then the subscription ends', async () => {
  const { customer, id: subscription, end } = await sim.subscribe(2900);
  await cardBecomes(customer, 'chargeCustomerFail');
  await sim.simulator.advanceTo(end + 3600);
  expect(await statusOf(subscription)).toBe('past_due');
  const first = await latestInvoice(subscription);
  expect(first).toMatchObject({ status: 'open', attempt_count: 1 });
  expect(first.next_payment_attempt).toBe(end + 3600 + day);
  await sim.simulator.advanceTo(end + 3600 + 14 * day - 1);
  expect(await statusOf(subscription)).toBe('past_due');
  await sim.simulator.advanceTo(end + 3600 + 14 * day);
  expect(await latestInvoice(subscription)).toMatchObject({
    attempt_count: 9,
    next_payment_attempt: null,
    status: 'open',
  });
  expect(await sim.stripe.subscriptions.retrieve(subscription)).toMatchObject({
    status: 'canceled',
    cancellation_details: { reason: 'payment_failed' },
  });
});

test('after the last retry a subscription is unpaid where the operator says so, and paying wakes it', async () => {
  await sim.simulator.run((tx) => {
    for (const settings of tx.getAll('sim.settings', undefined)) {
      settings.after_last_retry = 'unpaid';
    }
  });
  const { customer, id: subscription, end } = await sim.subscribe(2900);
  await cardBecomes(customer, 'chargeCustomerFail');
  await sim.simulator.advanceTo(end + 15 * day);
  expect(await statusOf(subscription)).toBe('unpaid');
  await cardBecomes(customer, 'visa');
  await sim.stripe.invoices.pay((await latestInvoice(subscription)).id ?? '');
  expect(await statusOf(subscription)).toBe('active');
});

test('a retry with a good card recovers the subscription', async () => {
  const { customer, id: subscription, end } = await sim.subscribe(2900);
  await cardBecomes(customer, 'chargeDeclinedInsufficientFunds');
  await sim.simulator.advanceTo(end + 2 * 3600);
  expect(await statusOf(subscription)).toBe('past_due');
  expect(await sim.stripe.customers.retrieve(customer)).toMatchObject({ delinquent: true });
  await cardBecomes(customer, 'visa');
  await sim.simulator.advanceTo(end + 2 * day);
  expect(await statusOf(subscription)).toBe('active');
  expect(await sim.stripe.customers.retrieve(customer)).toMatchObject({ delinquent: false });
});

test('a renewal that needs its holder waits for them and says where they can agree', async () => {
  const { customer, id: subscription, end } = await sim.subscribe(2900);
  await cardBecomes(customer, 'authenticationRequired');
  await sim.simulator.advanceTo(end + 2 * 3600);
  expect(await statusOf(subscription)).toBe('past_due');
  const invoice = await latestInvoice(subscription);
  const { data } = await sim.stripe.invoicePayments.list({ invoice: invoice.id });
  const intent = await sim.stripe.paymentIntents.retrieve(idOf(data[0]?.payment.payment_intent));
  expect(intent.status).toBe('requires_action');
  const page = intent.next_action?.redirect_to_url?.url ?? '';
  expect(await (await fetch(page)).text()).toContain('29.00 USD');
  await fetch(page, { method: 'POST', body: new URLSearchParams({ bank: 'agree' }) });
  expect(await statusOf(subscription)).toBe('active');
  const types = (await sim.stripe.events.list({ limit: 100 })).data.map((event) => event.type);
  expect(types).toContain('invoice.payment_action_required');
});

test('a first payment that fails leaves the subscription incomplete for 23 hours', async () => {
  const { id: subscription } = await sim.subscribe(2900, { card: 'pm_card_chargeCustomerFail' });
  expect(await statusOf(subscription)).toBe('incomplete');
  await sim.simulator.advanceTo(start + 23 * 3600 - 1);
  expect(await statusOf(subscription)).toBe('incomplete');
  await sim.simulator.advanceTo(start + 23 * 3600);
  expect(await statusOf(subscription)).toBe('incomplete_expired');
  expect(await latestInvoice(subscription)).toMatchObject({ status: 'void' });
});

test('default_incomplete waits for the client to confirm the payment', async () => {
  const customer = await sim.stripe.customers.create({ email: 'ann@example.test' });
  const price = await sim.price(2900);
  const subscription = await sim.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
    expand: ['latest_invoice.confirmation_secret'],
  });
  const secret = (subscription.latest_invoice as Stripe.Invoice).confirmation_secret?.client_secret;
  const intent = secret?.split('_secret_')[0] ?? '';
  await sim.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' });
  expect(await statusOf(subscription.id)).toBe('active');
  // The card that paid is the one that renews it.
  await sim.simulator.advanceTo(at('2027-07-01T14:00:00Z'));
  const { data } = await sim.stripe.invoices.list({ customer: customer.id });
  expect(data.map((invoice) => invoice.status)).toEqual(['paid', 'paid']);
});

test('error_if_incomplete leaves nothing behind', async () => {
  const customer = await sim.customer('pm_card_chargeCustomerFail');
  const price = await sim.price(2900);
  await expect(
    sim.stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id }],
      payment_behavior: 'error_if_incomplete',
    }),
  ).rejects.toMatchObject({ statusCode: 402, code: 'card_declined' });
  expect((await sim.stripe.subscriptions.list({ status: 'all' })).data).toEqual([]);
  expect((await sim.stripe.invoices.list()).data).toEqual([]);
});

test('an invoice too small to charge goes onto the balance for the next', async () => {
  const { customer, end } = await sim.subscribe(30);
  expect(await sim.stripe.customers.retrieve(customer)).toMatchObject({ balance: 30 });
  await sim.simulator.advanceTo(end + 2 * 3600);
  const { data } = await sim.stripe.invoices.list({ customer, limit: 1 });
  expect(data[0]).toMatchObject({ starting_balance: 30, amount_due: 60, amount_paid: 60 });
  expect(await sim.stripe.customers.retrieve(customer)).toMatchObject({ balance: 0 });
});

test('a voided or written-off invoice is asked for no more', async () => {
  const { customer, id: subscription, end } = await sim.subscribe(2900);
  await cardBecomes(customer, 'chargeCustomerFail');
  await sim.simulator.advanceTo(end + 2 * 3600);
  const invoice = await latestInvoice(subscription);
  await sim.stripe.invoices.markUncollectible(invoice.id);
  expect(await statusOf(subscription)).toBe('active');
  await sim.stripe.invoices.voidInvoice(invoice.id);
  await sim.simulator.advanceTo(end + 20 * day);
  expect(await latestInvoice(subscription)).toMatchObject({ status: 'void', attempt_count: 1 });
  await expect(sim.stripe.invoices.pay(invoice.id)).rejects.toThrow('voided');
});

test('a customer pays in one currency', async () => {
  const { customer } = await sim.subscribe(2900);
  const euro = await sim.price(1000, { currency: 'eur' });
  await expect(
    sim.stripe.subscriptions.create({ customer, items: [{ price: euro.id }] }),
  ).rejects.toThrow('does not match the expected currency');
  await expect(
    sim.stripe.subscriptions.create({ customer, currency: 'eur', items: [{ price: euro.id }] }),
  ).rejects.toThrow('cannot combine currencies');
});

test('one price is sold in each of its currencies', async () => {
  const price = await sim.price(1900, { currency_options: { jpy: { unit_amount: 2900 } } });
  const customer = await sim.customer();
  const subscription = await sim.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    currency: 'jpy',
    expand: ['latest_invoice'],
  });
  expect(subscription.latest_invoice).toMatchObject({ currency: 'jpy', amount_paid: 2900 });
});

test('the holder of a card that asks once is not asked at renewal', async () => {
  const { stripe } = sim;
  const customer = await stripe.customers.create({});
  const setup = await stripe.setupIntents.create({
    customer: customer.id,
    payment_method: 'pm_card_authenticationRequiredOnSetup',
    return_url: 'https://mutate.test/cards',
    confirm: true,
  });
  expect(setup.status).toBe('requires_action');
  const answered = await fetch(setup.next_action?.redirect_to_url?.url ?? '', {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ bank: 'agree' }),
  });
  expect(answered.headers.get('location')).toBe('https://mutate.test/cards');
  const done = await stripe.setupIntents.retrieve(setup.id);
  expect(done.status).toBe('succeeded');
  const price = await sim.price(1000);
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    default_payment_method: idOf(done.payment_method),
  });
  expect(subscription.status).toBe('active');
  await sim.simulator.advanceTo(at('2027-07-01T14:00:00Z'));
  expect(await statusOf(subscription.id)).toBe('active');
});
