import type Stripe from 'stripe';
import { afterEach, expect, test } from 'vitest';
import { at, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
afterEach(() => sim.stop());

async function upgrade(id: string, item: string, price: Stripe.Price): Promise<Stripe.Invoice> {
  const { latest_invoice: invoice } = await sim.stripe.subscriptions.update(id, {
    items: [{ id: item, price: price.id }],
    proration_behavior: 'always_invoice',
    expand: ['latest_invoice'],
  });
  return invoice as Stripe.Invoice;
}

test('2000 to 2500 within 1718643234-1721235234 at 1718661676: −1986 and 2482', async () => {
  sim = await simulate({ heldAt: 1_718_643_234 });
  const { id, item } = await sim.subscribe(2000);
  const { items } = await sim.stripe.subscriptions.retrieve(id);
  expect(items.data[0]).toMatchObject({
    current_period_start: 1_718_643_234,
    current_period_end: 1_721_235_234,
  });
  await sim.simulator.advanceTo(1_718_661_676);
  const invoice = await upgrade(id, item, await sim.price(2500));
  expect(invoice.lines.data.map((line) => line.amount)).toEqual([-1986, 2482]);
  expect(invoice.amount_paid).toBe(496);
});

test('to the nearest, where the operator sets it: −1986 and 2482, and half a cent goes up', async () => {
  sim = await simulate({ heldAt: at('2024-06-01T00:00:00Z') });
  await sim.simulator.run((tx) => {
    for (const settings of tx.getAll('sim.settings', undefined)) {
      settings.proration_rounding = 'nearest';
    }
  });
  const { id, item } = await sim.subscribe(2001);
  await sim.simulator.advanceTo(at('2024-06-16T00:00:00Z'));
  const invoice = await upgrade(id, item, await sim.price(3001));
  expect(invoice.lines.data.map((line) => line.amount)).toEqual([-1001, 1501]);
});

test('100 to 500 dollars in four steps on 7, 13, 19 and 25 June: the month costs exactly 300.00', async () => {
  sim = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
  const { customer, id, item } = await sim.subscribe(10_000);
  for (const [day, amount] of [
    [7, 20_000],
    [13, 30_000],
    [19, 40_000],
    [25, 50_000],
  ] as const) {
    await sim.simulator.advanceTo(at(`2027-06-${String(day).padStart(2, '0')}T00:00:00Z`));
    await upgrade(id, item, await sim.price(amount));
  }
  const { data } = await sim.stripe.invoices.list({ customer });
  expect(data).toHaveLength(5);
  expect(data.reduce((sum, invoice) => sum + invoice.amount_paid, 0)).toBe(30_000);
});

test('subscribed on 31 January 2027: periods end on 28 February, 31 March, 30 April and 31 May', async () => {
  sim = await simulate({ heldAt: at('2027-01-31T10:30:00Z') });
  const { id } = await sim.subscribe(1000);
  const ends = ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31'];
  for (const day of ends) {
    const { items } = await sim.stripe.subscriptions.retrieve(id);
    const end = items.data[0]?.current_period_end ?? 0;
    expect(new Date(end * 1000).toISOString()).toBe(`${day}T10:30:00.000Z`);
    await sim.simulator.advanceTo(end + 7200);
  }
});

test('base 2900 with 2,234 of 1,000 used at 0.4 cent each: 494 on the draft, 3394 collected', async () => {
  sim = await simulate({ heldAt: at('2027-06-01T00:00:00Z') });
  const { customer } = await sim.subscribe(2900);
  await sim.simulator.advanceTo(at('2027-07-01T00:00:00Z'));
  const [draft] = (await sim.stripe.invoices.list({ customer, status: 'draft' })).data;
  await sim.stripe.invoiceItems.create(
    {
      customer,
      invoice: draft?.id ?? '',
      unit_amount_decimal: '0.4' as unknown as Stripe.Decimal,
      quantity: 1234,
      description: 'Overage',
    },
    { idempotencyKey: 'overage-1' },
  );
  await sim.simulator.advanceTo(at('2027-07-01T02:00:00Z'));
  const invoice = await sim.stripe.invoices.retrieve(draft?.id ?? '');
  expect(invoice.lines.data.map((line) => line.amount)).toEqual([2900, 494]);
  expect(invoice.amount_paid).toBe(3394);
});
