import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { hurry } from '../../test/billing-world.ts';
import {
  customerOf,
  finishCheckout,
  invoicesOf,
  setCard,
  subscriber,
  type Visitor,
} from '../../test/checkout.ts';
import { idOf } from '../provider/stripe.ts';
import { adoptCard } from './payment-method.ts';

/** Another card is given while an invoice is overdue. */
let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const starter = { plan_id: 'plan_starter' };

async function defaultsOf(one: Visitor) {
  const customer = await customerOf(world, one);
  const { data } = await world.stripe.subscriptions.list({ customer: customer.id });
  return {
    customer: customer.invoice_settings.default_payment_method,
    subscription: data[0]?.default_payment_method ?? null,
  };
}

const complete = (url: unknown, card: string) =>
  fetch(String(url), {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ card }),
  });

type FaultRule = Parameters<BillingWorld['simulator']['faults']['add']>[0];
const tries = 3;
const required = 'payment_intent_requires_action';

/** A subscriber whose renewal failed, and the page that takes another card. */
async function overdue() {
  const one = await subscriber(world, starter);
  const { subscription: methodId } = await defaultsOf(one);
  await setCard(world, idOf(methodId) ?? '', 'chargeCustomerFail');
  const { body } = await one.call('GET', 'subscription');
  await world.advanceTo(new Date(Date.parse(String(body['current_period_end'])) + 7_200_000));
  const page = await one.call('POST', 'billing/payment-method');
  return { one, url: page.body['url'] };
}

/** Its payment with the new card suffers `fault`. */
async function changeCard(fault: FaultRule) {
  const { one, url } = await overdue();
  world.simulator.faults.add(fault);
  await complete(url, 'amex');
  await world.settle();
  world.simulator.faults.clear();
  const { id } = await customerOf(world, one);
  const waiting = await world.db.query(sql`SELECT type FROM stripe_events
    WHERE customer_id = ${id} AND processed_at IS NULL`);
  await hurry(world);
  const { payment_method, status } = (await one.call('GET', 'billing')).body;
  const { brand } = payment_method as { brand: string };
  return { one, brand, status, waiting };
}

const refused = (status: number, code: string, error_type?: 'card_error'): FaultRule => ({
  kind: 'refuse',
  verb: 'POST',
  path: '/v1/invoices/',
  status,
  code,
  ...(error_type === undefined ? {} : { error_type }),
});

test('what is overdue is paid with the new card at once', async () => {
  const { one, url } = await overdue();
  expect((await one.call('GET', 'billing')).body['status']).toBe('past_due');
  await finishCheckout(world, url);
  await world.settle();
  expect((await one.call('GET', 'billing')).body['status']).toBe('ok');
  expect((await invoicesOf(world, one)).every(({ status }) => status === 'paid')).toBe(true);
});

test.each([
  refused(402, 'card_declined', 'card_error'),
  refused(402, `invoice_${required}`),
  refused(400, `invoice_${required}`),
  refused(400, `subscription_${required}`),
])('a payment refused with $status $code leaves the new card, and no news waiting', async (one) => {
  const { brand, status, waiting } = await changeCard(one);
  expect({ brand, status, waiting }).toEqual({
    brand: 'amex',
    status: 'past_due',
    waiting: [],
  });
});

test('so does one that somebody else has just paid', async () => {
  const paid = { kind: 'error_after', verb: 'POST', path: '/v1/invoices/' } as const;
  const { one, brand, status, waiting } = await changeCard({ ...paid, times: tries });
  expect({ brand, status, waiting }).toEqual({ brand: 'amex', status: 'ok', waiting: [] });
  const totals = (await invoicesOf(world, one)).map(({ amount_paid: amount }) => amount);
  expect(totals).toEqual([1900, 1900]);
});

test('so does one that is gone', async () => {
  const { one, url } = await overdue();
  world.simulator.webhooks.set({ lose: 1 });
  await complete(url, 'amex');
  const { id } = await customerOf(world, one);
  const gone = refused(404, 'resource_missing');
  world.simulator.faults.add(gone);
  world.simulator.faults.add({ ...gone, verb: 'GET' });
  const sessionId = String(url).split('/').at(-1) ?? '';
  expect(await adoptCard(world.deps, id, sessionId)).toBe(true);
  world.simulator.faults.clear();
  world.simulator.webhooks.set({});
  const { customer, subscription } = await defaultsOf(one);
  expect(customer).toBe(subscription);
});

test('what is refused for another reason is tried again, not forgotten', async () => {
  const { brand, status, waiting } = await changeCard(refused(400, 'lock_timeout'));
  expect(waiting).toEqual([{ type: 'checkout.session.completed' }]);
  expect({ brand, status }).toEqual({ brand: 'amex', status: 'ok' });
});
