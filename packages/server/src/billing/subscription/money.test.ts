import { afterEach, describe, expect, test } from 'vitest';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { invoicesOf, offer, subscriber, type Visitor, visitor } from '../../test/checkout.ts';

/** The cases of docs/billing.md, each in a world whose time begins where the case does. */
let world: BillingWorld;
afterEach(() => world.close());

const at = (unixSeconds: number) => new Date(unixSeconds * 1000);
/** Whole months of thirty days: half of one is fifteen. */
const june = '2027-06-01T00:00:00Z';

async function begin(start: string | Date): Promise<void> {
  world = await createBillingWorld({ start: new Date(start).toISOString() });
}

async function change(one: Visitor, plan: string, more: object = {}) {
  const preview = await one.call('POST', 'subscription/preview', { plan_id: plan, ...more });
  expect([preview.status, preview.body]).toMatchObject([200, {}]);
  const { proration_date } = preview.body;
  const { status, body } = await one.call('POST', 'subscription', {
    plan_id: plan,
    ...more,
    proration_date,
  });
  expect([status, body]).toMatchObject([200, {}]);
  const [invoice] = await invoicesOf(world, one);
  const lines = invoice?.lines.data.map(({ amount }) => amount) ?? [];
  const previewed = preview.body['lines'] as { amount_minor: number }[];
  expect(previewed.map((line) => line.amount_minor)).toEqual(lines);
  expect(preview.body).toMatchObject({
    total_minor: invoice?.total,
    amount_due_minor: invoice?.amount_due,
  });
  return { lines: lines.toSorted((a, b) => a - b), total: invoice?.total };
}

describe('an upgrade', () => {
  test('1000 to 2000 at exactly half the period: -500 +1000', async () => {
    await begin(june);
    await offer(world, 'plan_a', { usd: 1000 });
    await offer(world, 'plan_b', { usd: 2000 });
    const one = await subscriber(world, { plan_id: 'plan_a' });
    await world.advanceTo('2027-06-16T00:00:00Z');
    expect(await change(one, 'plan_b')).toEqual({ lines: [-500, 1000], total: 500 });
  });

  test('2000 to 2500 in 1718643234-1721235234 at 1718661676: -1986 +2482', async () => {
    await begin(at(1718643234));
    await offer(world, 'plan_a', { usd: 2000 });
    await offer(world, 'plan_b', { usd: 2500 });
    const one = await subscriber(world, { plan_id: 'plan_a' });
    const { body } = await one.call('GET', 'subscription');
    expect(body['current_period_end']).toBe(at(1721235234).toISOString());
    await world.advanceTo(at(1718661676));
    expect(await change(one, 'plan_b')).toEqual({ lines: [-1986, 2482], total: 496 });
  });

  test('JPY 2000 to 5000 at half: -1000 +2500 yen', async () => {
    await begin(june);
    await offer(world, 'plan_a', { jpy: 2000 });
    await offer(world, 'plan_b', { jpy: 5000 });
    const one = await subscriber(world, { plan_id: 'plan_a', currency: 'jpy' });
    await world.advanceTo('2027-06-16T00:00:00Z');
    expect(await change(one, 'plan_b')).toEqual({ lines: [-1000, 2500], total: 1500 });
    const billing = {
      currency: 'jpy',
      next_invoice: { amount_due_minor: 5000, currency: 'jpy', due_at: '2027-07-01T00:00:00.000Z' },
    };
    expect((await one.call('GET', 'billing')).body).toMatchObject(billing);
    const settings = { billing_email: 'books@example.com' };
    expect((await one.call('PATCH', 'billing', settings)).body).toMatchObject(billing);
  });

  test('KWD 10.000 to 20.000 at half: +5.000, and a last digit of 0 at odd moments', async () => {
    await begin(june);
    await offer(world, 'plan_a', { kwd: 10_000 });
    await offer(world, 'plan_b', { kwd: 20_000 });
    await offer(world, 'plan_c', { kwd: 33_330 });
    const one = await subscriber(world, { plan_id: 'plan_a', currency: 'kwd' });
    await world.advanceTo('2027-06-16T00:00:00Z');
    expect(await change(one, 'plan_b')).toEqual({ lines: [-5000, 10_000], total: 5000 });
    await world.advanceTo('2027-06-17T11:22:33Z');
    const { lines, total } = await change(one, 'plan_c');
    for (const amount of [...lines, total ?? 1]) expect(Math.abs(amount % 10)).toBe(0);
  });

  test('less than can be charged goes onto the balance, as the preview says', async () => {
    await begin(june);
    await offer(world, 'plan_a', { eur: 1000 });
    await offer(world, 'plan_b', { eur: 1060 });
    const one = await subscriber(world, { plan_id: 'plan_a', currency: 'eur' });
    await world.advanceTo('2027-06-16T00:00:00Z');
    expect(await change(one, 'plan_b')).toEqual({ lines: [-500, 530], total: 30 });
    const [invoice] = await invoicesOf(world, one);
    expect(invoice).toMatchObject({ amount_due: 0, status: 'paid' });
    expect((await one.call('GET', 'billing')).body).toMatchObject({
      balance_minor: -30,
      next_invoice: { amount_due_minor: 1090 },
    });
  });

  test('EUR and GBP, end to end: renewed at the price of the currency', async () => {
    await begin(june);
    for (const [currency, amount, top] of [
      ['eur', 1900, 9900],
      ['gbp', 1600, 8500],
    ] as const) {
      const one = await subscriber(world, { plan_id: 'plan_starter', currency });
      const [first] = await invoicesOf(world, one);
      expect(first).toMatchObject({ currency, total: amount, status: 'paid' });
      const { total } = await change(one, 'plan_pro');
      expect(total).toBe(top - amount);
      expect((await one.call('GET', 'subscription')).body).toMatchObject({ currency });
      expect((await one.call('GET', 'billing')).body).toMatchObject({
        next_invoice: { amount_due_minor: top, currency },
      });
    }
  });

  test('100 to 200 to 300 to 400 to 500 on 7, 13, 19, 25 June: the month costs exactly 300', async () => {
    await begin(june);
    const amounts = [100, 200, 300, 400, 500];
    for (const amount of amounts) await offer(world, `plan_${amount}`, { usd: amount * 100 });
    const one = await subscriber(world, { plan_id: 'plan_100' });
    for (const [index, day] of ['07', '13', '19', '25'].entries()) {
      await world.advanceTo(`2027-06-${day}T00:00:00Z`);
      await change(one, `plan_${amounts[index + 1]}`);
    }
    const totals = (await invoicesOf(world, one)).map(({ total }) => total);
    expect(totals).toHaveLength(5);
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe(30_000);
  }, 120_000);

  test('a balance in its favour pays for it, and the preview says so', async () => {
    await begin(june);
    await offer(world, 'plan_a', { usd: 1000 });
    await offer(world, 'plan_b', { usd: 3000 });
    const one = await subscriber(world, { plan_id: 'plan_a' });
    const credit = await world.api.call(`POST /v1/admin/workspaces/${one.organizationId}/credits`, {
      body: { amount_minor: 700, currency: 'usd', reason: 'An outage' },
    });
    expect(credit.status).toBe(201);
    await world.advanceTo('2027-06-16T00:00:00Z');
    const { total } = await change(one, 'plan_b');
    expect(total).toBe(1000);
    const [invoice] = await invoicesOf(world, one);
    expect(invoice).toMatchObject({ amount_due: 300, amount_paid: 300, status: 'paid' });
    expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(0);
  });
});

test('2000 to 1000 with a third left, invoiced at once at the provider: 334 to the balance', async () => {
  await begin(june);
  await offer(world, 'plan_a', { usd: 2000 });
  await offer(world, 'plan_b', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  await world.advanceTo('2027-06-21T00:00:00Z');
  const price = await ensurePrice(world.deps, {
    planId: 'plan_b',
    version: 1,
    currency: 'usd',
    interval: 'month',
  });
  const { body } = await one.call('GET', 'subscription');
  const id = String(body['stripe_subscription_id']);
  const live = await world.stripe.subscriptions.retrieve(id);
  await world.stripe.subscriptions.update(id, {
    items: [{ id: live.items.data[0]?.id ?? '', price }],
    proration_behavior: 'always_invoice',
  });
  await world.settle();
  const [invoice] = await invoicesOf(world, one);
  expect(invoice?.lines.data.map(({ amount }) => amount).toSorted((a, b) => a - b)).toEqual([
    -667, 333,
  ]);
  expect(invoice).toMatchObject({ total: -334, amount_due: 0 });
  expect((await one.call('GET', 'subscription')).body).toMatchObject({ plan: { id: 'plan_b' } });
  expect((await one.call('GET', 'billing')).body).toMatchObject({
    balance_minor: 334,
    next_invoice: { amount_due_minor: 666 },
  });
  await world.advanceTo('2027-07-01T02:00:00Z');
  const [renewal] = await invoicesOf(world, one);
  expect(renewal).toMatchObject({ total: 1000, amount_paid: 666, status: 'paid' });
});

test('subscribed on 31 January: periods end on 28 February, 31 March, 30 April, 31 May', async () => {
  await begin('2027-01-31T10:00:00Z');
  const curious = await visitor(world);
  const preview = await curious.call('POST', 'subscription/preview', { plan_id: 'plan_starter' });
  expect(preview.body['lines']).toMatchObject([{ period: { end: '2027-02-28T10:00:00.000Z' } }]);
  const one = await subscriber(world, { plan_id: 'plan_starter' });
  const ends = [];
  for (const day of ['2027-02-20', '2027-03-20', '2027-04-20', '2027-05-20']) {
    await world.advanceTo(`${day}T00:00:00Z`);
    const { body } = await one.call('GET', 'subscription');
    expect(body['usage_period_end']).toBe(body['current_period_end']);
    ends.push(body['current_period_end']);
  }
  expect(ends).toEqual([
    '2027-02-28T10:00:00.000Z',
    '2027-03-31T10:00:00.000Z',
    '2027-04-30T10:00:00.000Z',
    '2027-05-31T10:00:00.000Z',
  ]);
});
