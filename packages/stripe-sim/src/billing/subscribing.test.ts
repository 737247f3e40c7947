import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, idOf, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
beforeAll(async () => {
  sim = await simulate();
});
afterAll(() => sim.stop());

test('a subscription is paid at once, and its invoice says what for', async () => {
  const { stripe } = sim;
  const customer = await sim.customer();
  const price = await sim.price(2900);
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    expand: ['latest_invoice.payments', 'latest_invoice.confirmation_secret'],
  });
  expect(subscription.status).toBe('active');
  const invoice = subscription.latest_invoice;
  if (invoice === null || typeof invoice === 'string')
    throw new Error('the invoice was not expanded');
  expect(invoice).toMatchObject({ status: 'paid', amount_paid: 2900, total: 2900 });
  expect(invoice.payments?.data[0]).toMatchObject({ status: 'paid', amount_paid: 2900 });
  expect(idOf(invoice.customer)).toBe(customer.id);
  await sim.simulator.advanceTo(at('2027-07-01T14:00:00Z'));
  const { data } = await stripe.invoices.list({ customer: customer.id });
  expect(data.map(({ status, amount_paid }) => [status, amount_paid])).toEqual([
    ['paid', 2900],
    ['paid', 2900],
  ]);
});
