import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
beforeAll(async () => {
  sim = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
});
afterAll(() => sim.stop());

test('a test clock moves its own customers through a year, and nobody else', async () => {
  const { stripe } = sim;
  const clock = await stripe.testHelpers.testClocks.create({
    frozen_time: at('2027-01-31T08:00:00Z'),
  });
  const customer = await stripe.customers.create({
    test_clock: clock.id,
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const price = await sim.price(1000);
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
  });
  expect(subscription.created).toBe(at('2027-01-31T08:00:00Z'));
  const advancing = await stripe.testHelpers.testClocks.advance(clock.id, {
    frozen_time: at('2028-01-31T10:00:00Z'),
  });
  expect(advancing.status).toBe('advancing');
  await sim.simulator.settled();
  expect(await stripe.testHelpers.testClocks.retrieve(clock.id)).toMatchObject({
    status: 'ready',
    frozen_time: at('2028-01-31T10:00:00Z'),
  });
  const invoices = await stripe.invoices
    .list({ customer: customer.id })
    .autoPagingToArray({ limit: 100 });
  expect(invoices).toHaveLength(13);
  expect(invoices.every((invoice) => invoice.amount_paid === 1000)).toBe(true);
  const days = invoices.map(({ created }) => new Date(created * 1000).toISOString().slice(5, 10));
  expect(days.toReversed().slice(0, 5)).toEqual(['01-31', '02-28', '03-31', '04-30', '05-31']);
  expect(sim.simulator.now()).toBe(at('2027-06-01T00:00:00Z'));
  await stripe.testHelpers.testClocks.del(clock.id);
  expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
});

test('a test clock only moves forward', async () => {
  const { testClocks } = sim.stripe.testHelpers;
  const clock = await testClocks.create({ frozen_time: at('2027-01-01T00:00:00Z') });
  await expect(
    testClocks.advance(clock.id, { frozen_time: at('2026-12-31T00:00:00Z') }),
  ).rejects.toThrow('only moves forward');
});

test('business time is moved over the control API, and only forward', async () => {
  const move = async (body: object) => {
    const response = await fetch(`${sim.simulator.url}/_sim/clock`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_x' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as { now?: number } };
  };
  const before = sim.simulator.now();
  expect((await move({ by_seconds: 60 })).body.now).toBe(before + 60);
  expect((await move({ to: before + 100 })).body.now).toBe(before + 100);
  expect((await move({ to: before })).status).toBe(400);
});

test('a live clock goes on with the wall clock and keeps the offset it was given', async () => {
  const live = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
  const headers = { authorization: 'Bearer sk_test_x' };
  const clock = (body: object) =>
    fetch(`${live.simulator.url}/_sim/clock`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
  await clock({ mode: 'live' });
  const { customer } = await live.subscribe();
  await clock({ by_seconds: 30 * 86_400 + 7200 });
  expect(live.simulator.now()).toBeGreaterThanOrEqual(at('2027-07-01T02:00:00Z'));
  const { data } = await live.stripe.invoices.list({ customer });
  expect(data.map((invoice) => invoice.status)).toEqual(['paid', 'paid']);
  await live.stop();
});
