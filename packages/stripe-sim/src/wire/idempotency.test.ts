import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
beforeAll(async () => {
  sim = await simulate();
});
afterAll(() => sim.stop());

test('the same key with the same parameters does it once and answers the same', async () => {
  const create = () => sim.stripe.customers.create({ name: 'once' }, { idempotencyKey: 'key-1' });
  const first = await create();
  const second = await create();
  expect(second.id).toBe(first.id);
  expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
  const { data } = await sim.stripe.customers.list();
  expect(data.filter((customer) => customer.name === 'once')).toHaveLength(1);
});

test('the same key with other parameters, or for another call, is refused', async () => {
  await sim.stripe.customers.create({ name: 'a' }, { idempotencyKey: 'key-2' });
  await expect(
    sim.stripe.customers.create({ name: 'b' }, { idempotencyKey: 'key-2' }),
  ).rejects.toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  await expect(
    sim.stripe.products.create({ name: 'a' }, { idempotencyKey: 'key-2' }),
  ).rejects.toMatchObject({ type: 'StripeIdempotencyError' });
});

test('of many at once under one key one is done', async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, () =>
      sim.stripe.customers.create({ name: 'many' }, { idempotencyKey: 'key-3' }),
    ),
  );
  expect(new Set(made.map((customer) => customer.id)).size).toBe(1);
});

test('a request that was refused leaves its key free', async () => {
  const options = { idempotencyKey: 'key-4' };
  await expect(sim.stripe.customers.create({ payment_method: 'pm_none' }, options)).rejects.toThrow(
    'No such payment method',
  );
  await expect(sim.stripe.customers.create({ name: 'now' }, options)).resolves.toMatchObject({
    name: 'now',
  });
});

test('a declined payment is told again under its key and not tried again', async () => {
  const customer = await sim.customer('pm_card_chargeCustomerFail');
  await sim.stripe.invoiceItems.create({ customer: customer.id, amount: 900, currency: 'usd' });
  const invoice = await sim.stripe.invoices.create({
    customer: customer.id,
    pending_invoice_items_behavior: 'include',
  });
  const pay = () => sim.stripe.invoices.pay(invoice.id, {}, { idempotencyKey: 'key-5' });
  await expect(pay()).rejects.toMatchObject({ code: 'card_declined', statusCode: 402 });
  await expect(pay()).rejects.toMatchObject({ code: 'card_declined', statusCode: 402 });
  expect(await sim.stripe.invoices.retrieve(invoice.id)).toMatchObject({ attempt_count: 1 });
});

test('500 after the work is done: the client’s own retry finds it done, every time', async () => {
  const client = clientOf(sim.simulator, { maxNetworkRetries: 2 });
  const customer = await sim.customer();
  for (let index = 0; index < 5; index += 1) {
    sim.simulator.faults.add({ kind: 'error_after', path: '/v1/invoiceitems' });
    await client.invoiceItems.create(
      { customer: customer.id, amount: 10, currency: 'usd' },
      { idempotencyKey: `item-${index}`, maxNetworkRetries: 2 },
    );
  }
  const items = await client.invoiceItems
    .list({ customer: customer.id })
    .autoPagingToArray({ limit: 1000 });
  expect(items).toHaveLength(5);
});
