import type { Stripe } from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { receive, type Receiver } from '../test/receiver.ts';
import { at, simulate, type Simulated } from '../test/simulated.ts';

const hour = 3600;
const start = at('2027-06-01T00:00:00Z');
const periodEnd = at('2027-07-01T00:00:00Z');
let sim: Simulated;
let receiver: Receiver;
beforeEach(async () => {
  sim = await simulate({ heldAt: start });
  receiver = await receive();
  const endpoint = await sim.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ['*'],
  });
  receiver.secret = endpoint.secret ?? '';
});
afterEach(async () => {
  await sim.stop();
  await receiver.stop();
});

async function latestInvoice(customer: string): Promise<Stripe.Invoice | undefined> {
  return (await sim.stripe.invoices.list({ customer, limit: 1 })).data[0];
}

const idsOf = (events: readonly Stripe.Event[]): string[] => events.map((event) => event.id);

test('every event is sent once, signed, in the order in which it came about', async () => {
  await sim.subscribe();
  await sim.simulator.settled();
  const made = await sim.stripe.events.list({ limit: 100 });
  expect(idsOf(receiver.events)).toEqual(idsOf(made.data).toReversed());
  expect(receiver.refused()).toBe(0);
  const types = receiver.events.map((event) => event.type);
  expect(types).toContain('invoice.paid');
  expect(types.indexOf('customer.created')).toBeLessThan(types.indexOf('invoice.created'));
});

test('an event tells what was changed, and which request did it', async () => {
  const customer = await sim.stripe.customers.create({ name: 'Ann' });
  await sim.stripe.customers.update(customer.id, { name: 'Bea' }, { idempotencyKey: 'rename' });
  await sim.simulator.settled();
  const event = receiver.events.find(({ type }) => type === 'customer.updated');
  expect(event?.data.previous_attributes).toEqual({ name: 'Ann' });
  expect(event?.data.object).toMatchObject({ name: 'Bea' });
  expect(event?.request?.idempotency_key).toBe('rename');
});

test('an endpoint gets only the events it asked for', async () => {
  const other = await receive();
  const { secret } = await sim.stripe.webhookEndpoints.create({
    url: other.url,
    enabled_events: ['product.created'],
  });
  other.secret = secret ?? '';
  await sim.subscribe();
  await sim.simulator.settled();
  expect(other.events.map((event) => event.type)).toEqual(['product.created']);
  await other.stop();
});

test('a draft waits for invoice.created to be taken, and then for an hour', async () => {
  const { customer } = await sim.subscribe();
  receiver.answer = (event) => (event.type === 'invoice.created' ? 500 : 200);
  await sim.simulator.advanceTo(periodEnd + 5 * hour);
  expect(await latestInvoice(customer)).toMatchObject({ status: 'draft' });
  receiver.answer = () => 200;
  await sim.simulator.advanceTo(periodEnd + 6 * hour + 1);
  const draft = await latestInvoice(customer);
  expect(draft?.status).toBe('draft');
  const delivered = draft?.webhooks_delivered_at ?? 0;
  expect(draft?.automatically_finalizes_at).toBe(delivered + hour);
  await sim.simulator.advanceTo(delivered + hour);
  expect(await latestInvoice(customer)).toMatchObject({ status: 'paid', amount_paid: 1000 });
});

test('a draft waits for 72 hours at most', async () => {
  const { customer } = await sim.subscribe();
  receiver.answer = (event) => (event.type === 'invoice.created' ? 500 : 200);
  await sim.simulator.advanceTo(periodEnd + 72 * hour - 1);
  expect(await latestInvoice(customer)).toMatchObject({ status: 'draft' });
  await sim.simulator.advanceTo(periodEnd + 72 * hour);
  expect(await latestInvoice(customer)).toMatchObject({ status: 'paid' });
});

test('an item added before invoice.created is answered is on the invoice once, however often it comes', async () => {
  const { customer } = await sim.subscribe();
  sim.simulator.webhooks.set({ duplicate: 1 });
  let asked = 0;
  await sim.simulator.settled();
  receiver.answer = async (event) => {
    if (event.type !== 'invoice.created') return 200;
    asked += 1;
    const invoice = event.data.object.id ?? '';
    await sim.stripe.invoiceItems.create(
      { customer, invoice, amount: 494, currency: 'usd' },
      { idempotencyKey: `overage ${invoice}` },
    );
    return 200;
  };
  await sim.simulator.advanceTo(periodEnd + 2 * hour);
  expect(asked).toBe(2);
  expect(await latestInvoice(customer)).toMatchObject({ amount_paid: 1494 });
});

test('an endpoint that was down for 70 hours gets everything once it is up', async () => {
  receiver.answer = () => 503;
  const { customer } = await sim.subscribe();
  await sim.simulator.advanceTo(start + 70 * hour);
  expect(receiver.events).toEqual([]);
  receiver.answer = () => 200;
  await sim.simulator.advanceTo(start + 71 * hour);
  const made = await sim.stripe.events.list({ limit: 100 });
  expect(idsOf(receiver.events).toSorted()).toEqual(idsOf(made.data).toSorted());
  expect(await latestInvoice(customer)).toMatchObject({ status: 'paid' });
});

test('after three days an event is given up, and can be sent again by command', async () => {
  receiver.answer = () => 503;
  await sim.stripe.products.create({ name: 'one' });
  await sim.simulator.advanceTo(start + 80 * hour);
  receiver.answer = () => 200;
  await sim.simulator.advanceTo(start + 100 * hour);
  expect(receiver.events).toEqual([]);
  const { resent } = await control('POST /_sim/webhooks/resend', { status: 'failed' });
  await control('POST /_sim/settle');
  expect([resent, receiver.events.length]).toEqual([1, 1]);
});

async function control(request: string, body?: object): Promise<Record<string, unknown>> {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${sim.simulator.url}${path}`, {
    method,
    headers: { authorization: 'Bearer sk_test_x' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

test('shuffled, duplicated and lost webhooks: all come at last, none is invented', async () => {
  await control('PUT /_sim/webhooks', { shuffle: true, duplicate: 0.3, lose: 0.2, seed: 7 });
  for (let index = 0; index < 5; index += 1) await sim.subscribe();
  await control('POST /_sim/settle');
  const made = idsOf(await sim.stripe.events.list({ limit: 100 }).then((list) => list.data));
  const first = idsOf(receiver.events);
  expect(new Set(first).size).toBeLessThan(made.length);
  expect(first.length).toBeGreaterThan(new Set(first).size);
  expect(first).not.toEqual(made.toReversed().filter((id) => first.includes(id)));
  await control('POST /_sim/webhooks/resend', { status: 'lost' });
  await control('POST /_sim/settle');
  expect(new Set(idsOf(receiver.events))).toEqual(new Set(made));
});

test('the same seed disturbs in the same way', async () => {
  const script = { shuffle: true, duplicate: 0.5, lose: 0.3, seed: 42 };
  const runs: string[][] = [];
  for (let run = 0; run < 2; run += 1) {
    sim.simulator.webhooks.set(script);
    receiver.events.length = 0;
    for (let index = 0; index < 10; index += 1) {
      await sim.stripe.products.create({ name: `p${index}` });
      await sim.simulator.settled();
    }
    runs.push(receiver.events.map((event) => (event.data.object as Stripe.Product).name));
  }
  expect(runs[0]).toEqual(runs[1]);
  expect(runs[0]).not.toHaveLength(10);
});

test('a wrong signature is refused by the official client, and the right one follows', async () => {
  sim.simulator.webhooks.set({ missign: 1, seed: 3 });
  for (let index = 0; index < 12; index += 1) {
    await sim.stripe.products.create({ name: `p${index}` });
  }
  await sim.simulator.settled();
  expect(receiver.events).toEqual([]);
  expect(receiver.refused()).toBe(12);
  await sim.simulator.advanceTo(start + 60);
  expect(receiver.events).toHaveLength(12);
});

test('a delayed webhook comes when business time has come to it', async () => {
  sim.simulator.webhooks.set({ delay_seconds: 1000, seed: 5 });
  await sim.stripe.products.create({ name: 'late' });
  await sim.simulator.settled();
  expect(receiver.events).toEqual([]);
  await sim.simulator.advanceTo(start + 1000);
  expect(receiver.events).toHaveLength(1);
});
