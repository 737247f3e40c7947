import { afterEach, beforeEach, expect, test } from 'vitest';
import { at, idOf, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
beforeEach(async () => {
  sim = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
});
afterEach(() => sim.stop());

interface Shown {
  status: number;
  text: string;
  location: string | null;
}

async function open(url: string, form?: Record<string, string>): Promise<Shown> {
  const response = await fetch(url, {
    redirect: 'manual',
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, text, location: response.headers.get('location') };
}

async function checkout(options: { customer?: string; trialDays?: number } = {}) {
  const price = await sim.price(2900);
  return sim.stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: price.id, quantity: 1 }],
    success_url: 'https://mutate.test/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://mutate.test/back',
    subscription_data: {
      metadata: { organization: 'org_1' },
      ...(options.trialDays === undefined ? {} : { trial_period_days: options.trialDays }),
    },
    ...(options.customer === undefined ? {} : { customer: options.customer }),
  });
}

test('Checkout shows what is bought, takes a test card and starts the subscription', async () => {
  const customer = await sim.stripe.customers.create({ name: 'Ann' });
  const session = await checkout({ customer: customer.id });
  const shown = await open(session.url ?? '');
  expect(shown.status).toBe(200);
  expect(shown.text).toContain('Simulated.');
  expect(shown.text).toContain('29.00 USD');
  const sent = await open(session.url ?? '', { card: 'visa' });
  expect(sent).toMatchObject({
    status: 303,
    location: `https://mutate.test/done?session=${session.id}`,
  });
  const done = await sim.stripe.checkout.sessions.retrieve(session.id, {
    expand: ['subscription', 'line_items'],
  });
  expect(done).toMatchObject({ status: 'complete', payment_status: 'paid', amount_total: 2900 });
  expect(done.line_items?.data[0]).toMatchObject({ amount_total: 2900, quantity: 1 });
  expect(done.subscription).toMatchObject({
    status: 'active',
    metadata: { organization: 'org_1' },
    customer: customer.id,
  });
  const types = (await sim.stripe.events.list({ limit: 100 })).data.map((event) => event.type);
  expect(types).toContain('checkout.session.completed');
});

test('a declined card is told on the page, and the session stays open for another', async () => {
  const session = await checkout();
  const declined = await open(session.url ?? '', { card: 'chargeDeclinedInsufficientFunds' });
  expect(declined.status).toBe(402);
  expect(declined.text).toContain('insufficient funds');
  expect((await sim.stripe.customers.list()).data).toEqual([]);
  expect((await open(session.url ?? '', { card: 'visa' })).status).toBe(303);
});

test('a card whose bank asks goes by its page, and a refusal changes nothing', async () => {
  const session = await checkout();
  const asked = await open(session.url ?? '', { card: 'authenticationRequired' });
  expect(asked.text).toContain('Agree');
  expect((await sim.stripe.subscriptions.list()).data).toEqual([]);
  const refused = await open(session.url ?? '', { card: 'authenticationRequired', bank: 'refuse' });
  expect(refused.status).toBe(402);
  const agreed = await open(session.url ?? '', { card: 'authenticationRequired', bank: 'agree' });
  expect(agreed.status).toBe(303);
  expect((await sim.stripe.subscriptions.list()).data[0]).toMatchObject({ status: 'active' });
});

test('a trial in Checkout takes the card and no money', async () => {
  const session = await checkout({ trialDays: 14 });
  expect(session.amount_total).toBe(0);
  await open(session.url ?? '', { card: 'visa' });
  const done = await sim.stripe.checkout.sessions.retrieve(session.id);
  expect(done.payment_status).toBe('no_payment_required');
  expect(await sim.stripe.subscriptions.retrieve(idOf(done.subscription))).toMatchObject({
    status: 'trialing',
  });
});

test('a link expires after a day, or when it is told to, and takes no card then', async () => {
  const first = await checkout();
  const second = await checkout();
  const url = second.url ?? '';
  await sim.stripe.checkout.sessions.expire(second.id);
  expect((await open(url)).status).toBe(410);
  await sim.simulator.advanceTo(at('2027-06-02T00:00:00Z'));
  expect((await open(first.url ?? '', { card: 'visa' })).status).toBe(410);
  expect(await sim.stripe.checkout.sessions.retrieve(first.id)).toMatchObject({
    status: 'expired',
  });
});

test('the card-setup page saves a card for later', async () => {
  const customer = await sim.stripe.customers.create({});
  const session = await sim.stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer: customer.id,
    success_url: 'https://mutate.test/done',
  });
  expect((await open(session.url ?? '')).text).toContain('Save a card');
  expect((await open(session.url ?? '', { card: 'mastercard' })).status).toBe(303);
  const { setup_intent: intent } = await sim.stripe.checkout.sessions.retrieve(session.id, {
    expand: ['setup_intent.payment_method'],
  });
  expect(intent).toMatchObject({
    status: 'succeeded',
    payment_method: { customer: customer.id, card: { brand: 'mastercard' } },
  });
});

test('the portal changes and removes the card, cancels and takes it back; a wrong link shows nothing', async () => {
  const { id, customer } = await sim.subscribe();
  const { url } = await sim.stripe.billingPortal.sessions.create({ customer });
  expect((await open(url)).text).toContain('Plan at 1000');
  await open(url, { do: 'cancel', subscription: id });
  expect(await sim.stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: true });
  await open(url, { do: 'resume', subscription: id });
  expect(await sim.stripe.subscriptions.retrieve(id)).toMatchObject({
    cancel_at_period_end: false,
  });
  expect((await open(url, { card: 'amex' })).text).toContain('amex');
  const { default_payment_method: card } = await sim.stripe.subscriptions.retrieve(id, {
    expand: ['default_payment_method'],
  });
  expect(card).toMatchObject({ card: { brand: 'amex' } });
  expect((await open(url, { do: 'remove-card' })).text).toContain('Now: none');
  expect(await sim.stripe.subscriptions.retrieve(id)).toMatchObject({
    default_payment_method: null,
  });
  const { data: events } = await sim.stripe.events.list({ type: 'payment_method.detached' });
  expect(events[0]?.data).toMatchObject({
    object: { customer: null },
    previous_attributes: { customer },
  });
  expect((await open(`${url}x`)).status).toBe(404);
  const other = await sim.stripe.customers.create({});
  expect((await open(url.replace(customer, other.id))).status).toBe(404);
});

test('an open invoice is paid on its page, and its PDF says that it is simulated', async () => {
  const subscribed = await sim.subscribe(1000, { card: 'pm_card_chargeCustomerFail' });
  const invoice = await sim.stripe.invoices.retrieve(subscribed.invoice);
  const url = invoice.hosted_invoice_url ?? '';
  expect((await open(url)).text).toContain('Pay 10.00 USD');
  expect((await open(url, { card: 'chargeCustomerFail' })).status).toBe(402);
  expect((await open(url, { card: 'visa' })).text).toContain('paid');
  expect(await sim.stripe.subscriptions.retrieve(subscribed.id)).toMatchObject({
    status: 'active',
  });
  const pdf = await open(invoice.invoice_pdf ?? '');
  expect(pdf.text).toMatch(/^%PDF-1\.4/);
  expect(pdf.text).toContain('SIMULATED INVOICE');
});

test('what a customer writes is text on a page, never markup', async () => {
  const customer = await sim.customer();
  const product = await sim.stripe.products.create({ name: '<script>alert(1)</script>' });
  const price = await sim.stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 900,
    recurring: { interval: 'month' },
  });
  await sim.stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
  const { url } = await sim.stripe.billingPortal.sessions.create({ customer: customer.id });
  const { text } = await open(url);
  expect(text).not.toContain('<script>');
  expect(text).toContain('&#60;script&#62;');
});
