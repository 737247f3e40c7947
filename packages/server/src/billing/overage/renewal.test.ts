import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { expectInvariants } from '../../test/invariants.ts';
import {
  chargeOverage,
  type ChargingPlan,
  convert,
  makeChargingPlan,
  overageOn,
  providerInvoices,
} from '../../test/overage.ts';
import { attachOverage } from './attach-overage.ts';
import { idOf } from '../provider/stripe.ts';
import { closeUncollectedBills } from './uncollected.ts';

const [june, july, august] = [
  '2027-06-01T12:00:00Z',
  '2027-07-01T12:00:00Z',
  '2027-08-01T12:00:00Z',
];
/** After the draft hour. */
const [julyLater, augustLater] = ['2027-07-01T14:00:00Z', '2027-08-01T14:00:00Z'];

let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: june });
});
afterEach(() => world.close());

async function subscribed(plan: ChargingPlan, interval: 'month' | 'year' = 'month') {
  const planId = await makeChargingPlan(world, plan);
  const id = await world.organization();
  const currency = plan.currency ?? 'usd';
  const subscription = await world.subscribe(id, { planId, currency, interval });
  await chargeOverage(world.db, id);
  return { id, subscription };
}

const summaryOf = async (id: string) =>
  (await providerInvoices(world, id)).map((invoice) => ({
    reason: invoice.billing_reason,
    status: invoice.status,
    total: invoice.total,
    overage: overageOn(invoice),
  }));

async function countOf(id: string, kind: 'audit' | 'outbox'): Promise<number> {
  const statement =
    kind === 'audit'
      ? sql`SELECT count(*) AS n FROM audit_log
          WHERE organization_id = ${id} AND action = 'overage.billed'`
      : sql`SELECT count(*) AS n FROM outbox
          WHERE organization_id = ${id} AND topic = 'invoice.finalized'`;
  return (await world.db.query<{ n: number }>(statement))[0]?.n ?? 0;
}

/** Nothing the provider sends arrives, or all of it again. */
async function setEndpoint(url: string): Promise<string> {
  return world.simulator.run((tx) => {
    const [endpoint] = tx.getAll('webhook_endpoint', undefined);
    const before = endpoint?.url ?? '';
    if (endpoint !== undefined) endpoint.url = url;
    return before;
  });
}
const nobody = 'http://127.0.0.1:9/nobody';

describe('a renewal', () => {
  test('base 2900, 1,000 included, 2,234 used at 0.4 cent: item 494, invoice 3394, however often it is told', async () => {
    const { id } = await subscribed({ included: 1_000, amountMinor: 2_900, price: '0.004' });
    await convert(world, id, 2_234);
    await world.advanceTo(july);
    const draft = (await providerInvoices(world, id)).at(-1);
    if (draft === undefined) throw new Error('there is no renewal');
    await Promise.all(Array.from({ length: 5 }, () => attachOverage(world.deps, id, draft)));
    await world.simulator.run((tx) => {
      for (const delivery of tx.scan('sim.delivery')) {
        Object.assign(delivery, { status: 'pending', due: tx.now, first_attempt_at: null });
      }
    });
    await world.advanceTo(julyLater);
    await attachOverage(world.deps, id, draft);
    expect(await summaryOf(id)).toEqual([
      { reason: 'subscription_create', status: 'paid', total: 2_900, overage: [] },
      { reason: 'subscription_cycle', status: 'paid', total: 3_394, overage: [494] },
    ]);
    expect(await countOf(id, 'audit')).toBe(1);
    expect(await countOf(id, 'outbox')).toBe(2);
    await expectInvariants(world.db, id);
  });

  test.each(['error_after', 'cut_after'] as const)(
    'the answer to the item is lost, again and again (%s): one item all the same',
    async (kind) => {
      const { id } = await subscribed({ included: 0, amountMinor: 2_900, price: '0.10' });
      await convert(world, id, 7);
      world.simulator.faults.add({ kind, verb: 'POST', path: '/v1/invoiceitems', times: 10 });
      await world.advanceTo('2027-07-03T12:00:00Z');
      expect((await summaryOf(id)).at(-1)).toMatchObject({ status: 'paid', overage: [70] });
      expect(world.simulator.faults.list()).toMatchObject([{ left: 7 }]);
      expect(await countOf(id, 'audit')).toBe(1);
    },
  );

  test('endpoint down 80 h: the renewal goes without, its overage is on the next one, once', async () => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '0.10' });
    await convert(world, id, 5);
    const url = await setEndpoint(nobody);
    await world.advanceTo('2027-07-04T20:00:00Z');
    await setEndpoint(url);
    await convert(world, id, 2);
    await world.advanceTo(augustLater);
    const cycles = (await summaryOf(id)).slice(1);
    expect(cycles.map(({ total }) => total)).toEqual([1_000, 1_070]);
    expect(cycles.map(({ overage }) => overage)).toEqual([[], [50, 20]]);
    await expectInvariants(world.db, id);
  });

  test('a conversion that completes after its renewal stands on the next, at its own price', async () => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '0.10' });
    await convert(world, id, 1);
    await world.advanceTo(july);
    await convert(world, id, 3);
    await world.advanceTo(augustLater);
    expect((await summaryOf(id)).slice(1).map(({ overage }) => overage)).toEqual([[10], [30]]);
  });

  test('what rounds to nothing makes no item, and nothing is left waiting', async () => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '0.004' });
    await convert(world, id, 1);
    await world.advanceTo(julyLater);
    expect((await summaryOf(id)).at(-1)).toMatchObject({ total: 1_000, overage: [] });
    await world.advanceTo(augustLater);
    expect((await summaryOf(id)).at(-1)).toMatchObject({ total: 1_000, overage: [] });
    expect(
      await world.db.query(sql`SELECT kind FROM due_work WHERE kind = 'overage_invoice'`),
    ).toEqual([]);
  });

  test('credit on the balance pays for overage as for the fee', async () => {
    const { id, subscription } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' });
    await convert(world, id, 5);
    await world.stripe.customers.createBalanceTransaction(idOf(subscription.customer) ?? '', {
      amount: -1_200,
      currency: 'usd',
    });
    await world.advanceTo(julyLater);
    const renewal = (await providerInvoices(world, id)).at(-1);
    expect(renewal).toMatchObject({ total: 1_500, amount_due: 300, status: 'paid' });
  });

  test.each([
    ['jpy', '1.5', 3, 5],
    ['kwd', '0.0154', 3, 50],
  ])('in %s: %s each, %i of them, are %i', async (currency, price, count, minor) => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price, currency });
    await convert(world, id, count);
    await world.advanceTo(julyLater);
    expect((await summaryOf(id)).at(-1)).toMatchObject({ overage: [minor] });
  });
});

describe('where nobody is billed', () => {
  test('bills are closed and shown, and not collected, not later either', async () => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' });
    await convert(world, id, 3);
    world.clock.set('2027-07-01T13:00:00Z');
    await closeUncollectedBills(world.deps);
    const bills = await world.db.query(
      sql`SELECT state, collected, amount_minor FROM overage_bills`,
    );
    expect(bills).toEqual([{ state: 'computed', collected: false, amount_minor: 300 }]);
    await world.advanceTo(augustLater);
    expect((await summaryOf(id)).flatMap(({ overage }) => overage)).toEqual([]);
  });
});

describe('an invoice of its own', () => {
  test('a yearly plan pays overage by the month, an hour after each', async () => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' }, 'year');
    await convert(world, id, 3);
    await world.advanceTo('2027-07-01T12:59:00Z');
    expect(await summaryOf(id)).toHaveLength(1);
    await world.advanceTo('2027-07-01T16:00:00Z');
    await convert(world, id, 4);
    await world.advanceTo('2027-08-01T16:00:00Z');
    expect(await summaryOf(id)).toEqual([
      { reason: 'subscription_create', status: 'paid', total: 10_000, overage: [] },
      { reason: 'manual', status: 'paid', total: 300, overage: [300] },
      { reason: 'manual', status: 'paid', total: 400, overage: [400] },
    ]);
    await expectInvariants(world.db, id);
  });

  test('a subscription that ends within its period: one last invoice an hour later', async () => {
    const { id, subscription } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' });
    await convert(world, id, 3);
    await world.advanceTo('2027-06-10T12:00:00Z');
    await world.stripe.subscriptions.cancel(subscription.id);
    await world.settle();
    await world.advanceTo('2027-06-10T12:59:00Z');
    expect(await summaryOf(id)).toHaveLength(1);
    await world.advanceTo('2027-06-10T16:00:00Z');
    expect((await summaryOf(id)).slice(1)).toEqual([
      { reason: 'manual', status: 'paid', total: 300, overage: [300] },
    ]);
    await world.advanceTo(august);
    expect(await summaryOf(id)).toHaveLength(2);
    await expectInvariants(world.db, id);
  });

  test('one that ends with its period as well, and its bill does not wait for a renewal', async () => {
    const { id, subscription } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' });
    await convert(world, id, 3);
    await world.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    await world.advanceTo('2027-07-01T16:00:00Z');
    expect((await summaryOf(id)).slice(1)).toEqual([
      { reason: 'manual', status: 'paid', total: 300, overage: [300] },
    ]);
  });

  test('time that is moved while the server works by itself: the invoice is of the hour it is due', async () => {
    const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' }, 'year');
    await convert(world, id, 3);
    const over = new AbortController();
    const working = (async () => {
      while (!over.signal.aborted) await world.billing.settle();
    })();
    await world.advanceTo('2027-07-02T12:00:00Z');
    over.abort();
    await working;
    const created = (await providerInvoices(world, id)).at(-1)?.created ?? 0;
    expect(new Date(created * 1000).toISOString()).toBe('2027-07-01T13:00:00.000Z');
  });

  test('below the smallest charge it goes onto the balance', async () => {
    const { id, subscription } = await subscribed(
      { included: 0, amountMinor: 1_000, price: '0.10' },
      'year',
    );
    await convert(world, id, 3);
    await world.advanceTo('2027-07-01T16:00:00Z');
    expect((await summaryOf(id)).at(-1)).toMatchObject({ status: 'paid', overage: [30] });
    const customer = await world.stripe.customers.retrieve(idOf(subscription.customer) ?? '');
    expect(customer).toMatchObject({ balance: 30 });
  });

  test.each([
    ['POST', '/v1/invoices'],
    ['POST', '/v1/invoiceitems'],
    ['GET', '/v1/invoices'],
  ])(
    '%s %s fails after it was done, again and again: one invoice, one item',
    async (verb, path) => {
      const { id } = await subscribed({ included: 0, amountMinor: 1_000, price: '1' }, 'year');
      await convert(world, id, 3);
      await world.advanceTo('2027-07-01T12:30:00Z');
      world.simulator.faults.add({ kind: 'error_after', verb, path, times: 10 });
      await world.advanceTo('2027-07-01T13:00:00Z');
      // Work that failed is tried again by the wall clock: at once, for the test.
      for (let turn = 0; turn < 20; turn += 1) {
        await world.db.query(sql`UPDATE due_work SET next_attempt_at = now()`);
        await world.db.query(sql`UPDATE stripe_events SET next_attempt_at = now()`);
        await world.settle();
      }
      await world.advanceTo('2027-07-01T16:00:00Z');
      const own = (await summaryOf(id)).filter(({ overage }) => overage.length > 0);
      expect(own).toEqual([{ reason: 'manual', status: 'paid', total: 300, overage: [300] }]);
      expect(await countOf(id, 'audit')).toBe(1);
    },
  );

  test('without a card it is mailed, to be paid within a month', async () => {
    const planId = await makeChargingPlan(world, { included: 0, amountMinor: 0, price: '1' });
    const id = await world.organization();
    await world.db.query(sql`UPDATE organization_subscriptions
      SET plan_id = ${planId}, overage_charge_allowed = true WHERE organization_id = ${id}`);
    await chargeOverage(world.db, id);
    await convert(world, id, 3);
    await world.advanceTo('2027-07-01T16:00:00Z');
    const [invoice] = await providerInvoices(world, id);
    expect(invoice).toMatchObject({
      status: 'open',
      collection_method: 'send_invoice',
      total: 300,
      due_date: Date.parse('2027-07-31T13:00:00Z') / 1000,
    });
    const told = await world.db.query(sql`SELECT payload -> 'due_at' AS due_at FROM outbox
      WHERE organization_id = ${id} AND topic = 'invoice.finalized'`);
    expect(told).toEqual([{ due_at: '2027-07-31T13:00:00.000Z' }]);
  });
});
