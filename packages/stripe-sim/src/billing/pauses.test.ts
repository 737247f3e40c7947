import { afterEach, beforeEach, expect, test } from 'vitest';
import { at, simulate, type Simulated } from '../test/simulated.ts';

const day = 86_400;
let sim: Simulated;
beforeEach(async () => {
  sim = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
});
afterEach(() => sim.stop());

test('a trial costs nothing, announces its end and then renews', async () => {
  const customer = await sim.customer();
  const price = await sim.price(1000);
  const trial = await sim.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    trial_period_days: 14,
    expand: ['latest_invoice'],
  });
  expect(trial).toMatchObject({ status: 'trialing', latest_invoice: { total: 0, status: 'paid' } });
  await sim.simulator.advanceTo(trial.created + 11 * day);
  const { data } = await sim.stripe.events.list({ type: 'customer.subscription.trial_will_end' });
  expect(data).toHaveLength(1);
  await sim.simulator.advanceTo(trial.created + 14 * day + 2 * 3600);
  const after = await sim.stripe.subscriptions.retrieve(trial.id, { expand: ['latest_invoice'] });
  expect(after).toMatchObject({ status: 'active', latest_invoice: { amount_paid: 1000 } });
  expect(after.billing_cycle_anchor).toBe(trial.created + 14 * day);
});

test.each([
  ['pause', 'paused'],
  ['cancel', 'canceled'],
] as const)('a trial without a card ends as its setting says: %s', async (behavior, status) => {
  const customer = await sim.stripe.customers.create({});
  const price = await sim.price(1000);
  const { id } = await sim.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method: behavior } },
  });
  await sim.simulator.advanceTo(sim.simulator.now() + 7 * day);
  expect(await sim.stripe.subscriptions.retrieve(id)).toMatchObject({ status });
  if (status !== 'paused') return;
  await sim.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
  const { data } = await sim.stripe.customers.listPaymentMethods(customer.id);
  await sim.stripe.subscriptions.update(id, { default_payment_method: data[0]?.id ?? '' });
  await sim.stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: 'now' } });
  expect(await sim.stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
});

test('while collection is paused, drafts stay drafts', async () => {
  const life = await sim.subscribe();
  await sim.stripe.subscriptions.update(life.id, {
    pause_collection: { behavior: 'keep_as_draft', resumes_at: life.end + 40 * day },
  });
  await sim.simulator.advanceTo(life.end + 2 * day);
  const { data } = await sim.stripe.invoices.list({ customer: life.customer, limit: 1 });
  expect(data[0]).toMatchObject({ status: 'draft' });
  await sim.simulator.advanceTo(life.end + 62 * day);
  const { pause_collection: pause } = await sim.stripe.subscriptions.retrieve(life.id);
  expect(pause).toBeNull();
});

test('a paused subscription renews nothing, and begins a new period when it is resumed', async () => {
  const life = await sim.subscribe();
  const { stripe } = sim;
  await sim.simulator.advanceTo(at('2027-06-16T00:00:00Z'));
  const paused = await stripe.subscriptions.pause(life.id, {
    type: 'subscription',
    bill_for: { unused_time_from: { type: 'now' } },
    invoicing_behavior: 'pending_invoice_item',
  });
  expect(paused.status).toBe('paused');
  await sim.simulator.advanceTo(at('2027-09-01T00:00:00Z'));
  expect((await stripe.invoices.list({ customer: life.customer })).data).toHaveLength(1);
  const resumed = await stripe.subscriptions.resume(life.id, { expand: ['latest_invoice'] });
  expect(resumed).toMatchObject({ status: 'active', latest_invoice: { amount_paid: 500 } });
  expect(resumed.billing_cycle_anchor).toBe(at('2027-09-01T00:00:00Z'));
});
