import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../../test/billing.ts';
import { makeSubscriber, type Subscriber, useCard } from '../../test/subscriber.ts';
import { syncOrganization } from '../sync/sync.ts';

let world: BillingWorld;
let subscriber: Subscriber;
let id: string;
let subscriptionId: string;
let customer: string;
let renewedAt: number;

beforeAll(async () => {
  world = await createBillingWorld();
});
beforeEach(async () => {
  subscriber = await makeSubscriber(world);
  ({ id, subscriptionId, customer, renewedAtMs: renewedAt } = subscriber);
});
afterAll(() => world.close());

const hour = 3_600_000;
const day = 24 * hour;

interface Told {
  topic: string;
  payload: Record<string, unknown>;
  created_at: string;
}

async function told(topic: string): Promise<Told[]> {
  return world.db.query(sql`SELECT topic, payload, created_at FROM outbox
    WHERE organization_id = ${id} AND topic = ${topic} ORDER BY id`);
}

async function attachBadCard(): Promise<string> {
  return (await world.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })).id;
}

const missRenewal = () => useCard(world, subscriber, 'chargeCustomerFail');

/** An invoice that is no renewal, and whose charge is declined. */
async function failAnotherInvoice(): Promise<void> {
  const made = await world.stripe.invoices.create({ customer, auto_advance: false });
  const item = { customer, invoice: made.id, currency: 'usd', amount: 700, description: 'Set-up' };
  await world.stripe.invoiceItems.create(item);
  await world.stripe.invoices.finalizeInvoice(made.id, { auto_advance: false });
  const bad = await attachBadCard();
  await expect(world.stripe.invoices.pay(made.id, { payment_method: bad })).rejects.toThrow(
    'declined',
  );
  await world.settle();
}

test('an unpaid renewal is told on days 0, 3 and 7, each once, with the end of the grace', async () => {
  await missRenewal();
  await world.advanceTo(new Date(renewedAt + 10 * day));
  const mails = await told('invoice.payment_failed');
  expect(mails.map(({ payload }) => payload.day)).toEqual([0, 3, 7]);
  const [first] = mails;
  const failedAt = Date.parse(first?.created_at ?? '');
  const days = mails.map(({ created_at }) => (Date.parse(created_at) - failedAt) / day);
  expect(days.map(Math.round)).toEqual([0, 3, 7]);
  const row = await keptSubscription(world, id);
  for (const { payload } of mails) {
    expect(payload).toMatchObject({
      invoice_id: first?.payload.invoice_id,
      amount_due_minor: 1900,
      currency: 'usd',
      grace_ends_at: row['grace_ends_at'],
      hosted_invoice_url: row['overdue_invoice_url'],
    });
  }
  await syncOrganization(world.deps, id);
  await world.settle();
  expect(await told('invoice.payment_failed')).toHaveLength(3);
});

test('an invoice beside the renewal promises no grace, however it fails', async () => {
  await failAnotherInvoice();
  expect(await keptSubscription(world, id)).toMatchObject({ status: 'active' });
  const [first, ...more] = await told('invoice.payment_failed');
  expect(first?.payload).toMatchObject({ total_minor: 700, day: 0, grace_ends_at: null });
  expect(more).toEqual([]);
});

test('a second invoice that fails in the grace tells the same end of it', async () => {
  await missRenewal();
  await world.advanceTo(new Date(renewedAt + 2 * day));
  await failAnotherInvoice();
  const { grace_ends_at: graceEnd } = await keptSubscription(world, id);
  const mails = await told('invoice.payment_failed');
  expect(mails.map(({ payload }) => payload.total_minor)).toEqual([1900, 700]);
  expect(mails.map(({ payload }) => payload.grace_ends_at)).toEqual([graceEnd, graceEnd]);
});

test('paid in between, there is nothing more to remind of', async () => {
  await missRenewal();
  await world.advanceTo(new Date(renewedAt + 4 * day));
  const good = await world.stripe.paymentMethods.attach('pm_card_visa', { customer });
  const { data } = await world.stripe.invoices.list({ customer, status: 'open' });
  await world.stripe.invoices.pay(data[0]?.id ?? '', { payment_method: good.id });
  await world.advanceTo(new Date(renewedAt + 10 * day));
  const days = (await told('invoice.payment_failed')).map(({ payload }) => payload.day);
  expect(days).toEqual([0, 3]);
  const rest = await world.db.query(sql`SELECT kind FROM due_work
    WHERE organization_id = ${id} AND kind = 'payment_reminder'`);
  expect(rest).toEqual([]);
});

test('three days before a cancelled subscription ends, and not once it was resumed', async () => {
  const setCancel = async (cancel_at_period_end: boolean) => {
    await world.stripe.subscriptions.update(subscriptionId, { cancel_at_period_end });
    await world.settle();
  };
  await setCancel(true);
  await setCancel(false);
  await world.advanceTo(new Date(renewedAt - 2 * day));
  expect(await told('subscription.ending')).toEqual([]);
  await setCancel(true);
  const [ending] = await told('subscription.ending');
  expect(ending?.payload).toEqual({
    ends_at: new Date(renewedAt).toISOString(),
    plan_name: 'Starter',
  });
  await world.advanceTo(new Date(renewedAt + day));
  expect(await told('subscription.ending')).toHaveLength(1);
});

test('a card that is good for thirty days yet is told of once', async () => {
  const { stripe_payment_method_id: method } = await keptSubscription(world, id);
  const end = new Date(world.clock.now().getTime() + 60 * day);
  const expMonth = end.getUTCMonth() + 1;
  await world.stripe.paymentMethods.update(String(method), {
    card: { exp_month: expMonth, exp_year: end.getUTCFullYear() },
  });
  await syncOrganization(world.deps, id);
  expect(await told('payment_method.expiring')).toEqual([]);
  const lastDay = Date.UTC(end.getUTCFullYear(), expMonth, 1);
  await world.advanceTo(new Date(lastDay - 29 * day));
  const [notice] = await told('payment_method.expiring');
  expect(notice?.payload).toEqual({
    brand: 'visa',
    last4: '4242',
    exp_month: expMonth,
    exp_year: end.getUTCFullYear(),
  });
  expect(notice?.created_at).toBe(new Date(lastDay - 30 * day).toISOString());
  await world.advanceTo(new Date(lastDay + day));
  expect(await told('payment_method.expiring')).toHaveLength(1);
});
