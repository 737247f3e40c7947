import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import {
  customerOf,
  finishCheckout,
  offer,
  setCard,
  subscriber,
  type Visitor,
  visitor,
} from '../../test/checkout.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { convert, overageOn, providerInvoices } from '../../test/overage.ts';

/** Ways to use conversions past the limit and not to pay for them, or for others to be charged more. */
let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
});
afterEach(() => world.close());

/** A plan that includes nothing: each conversion costs five cents of its currency. */
async function offerCharging(id: string, monthly: Readonly<Record<string, number>>) {
  const yearly = Object.fromEntries(Object.entries(monthly).map(([name, n]) => [name, n * 10]));
  await offer(world, id, monthly, {
    limit: 0,
    yearly,
    body: { concurrent_conversion_limit: null },
  });
}

const charge = async (one: Visitor) => {
  const { status, body } = await one.call('PATCH', 'billing', { overage_policy: 'charge' });
  expect([status, body]).toMatchObject([200, {}]);
};

const end = (one: Visitor, settlement = 'none') =>
  one.call('DELETE', `subscription?when=now&settlement=${settlement}`, undefined, {
    asOperator: true,
  });

const summaryOf = async ({ organizationId }: Visitor) =>
  (await providerInvoices(world, organizationId)).map((invoice) => ({
    status: invoice.status,
    currency: invoice.currency,
    total: invoice.total,
    overage: overageOn(invoice),
  }));

test('a card stays while what was used is still to be charged to it, and may go after', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  await charge(one);
  await convert(world, one.organizationId, 40);
  await world.advanceTo('2027-06-10T12:00:00Z');
  expect((await end(one)).status).toBe(200);
  expect((await one.call('PATCH', 'billing', { overage_policy: 'block' })).status).toBe(200);
  expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(409);
  await world.advanceTo('2027-06-10T15:00:00Z');
  expect((await summaryOf(one)).at(-1)).toMatchObject({ status: 'paid', overage: [200] });
  expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(204);
});

test('a subscription that ends in the second in which its period began owes what was used in it', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  await charge(one);
  await convert(world, one.organizationId, 40);
  expect((await end(one)).status).toBe(200);
  await world.advanceTo('2027-07-03T15:00:00Z');
  expect((await summaryOf(one)).at(-1)).toMatchObject({ status: 'paid', overage: [200] });
});

test('a workspace that is deleted has its last conversions invoiced all the same', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  await charge(one);
  await convert(world, one.organizationId, 40);
  await world.advanceTo('2027-06-10T12:00:00Z');
  expect((await end(one)).status).toBe(200);
  const now = world.clock.now();
  await world.db.query(sql`SELECT delete_organization(${one.organizationId}, ${now}::timestamptz)`);
  await world.advanceTo('2027-06-10T15:00:00Z');
  expect((await summaryOf(one)).at(-1)).toMatchObject({ status: 'paid', overage: [200] });
});

test('overage that costs something fixes the currency: nobody leaves it behind in another one', async () => {
  await offerCharging('plan_a', { usd: 1000, eur: 1000 });
  const one = await visitor(world);
  const admin = `/v1/admin/workspaces/${one.organizationId}`;
  await world.api.call(`POST ${admin}/subscription`, { body: { plan_id: 'plan_a' } });
  await world.api.call(`PATCH ${admin}/billing`, { body: { overage_charge_allowed: true } });
  await charge(one);
  await convert(world, one.organizationId, 40);
  const inEuro = { plan_id: 'plan_a', currency: 'eur' };
  const subscribed = await one.call('POST', 'subscription', inEuro);
  const assigned = await world.api.call(`POST ${admin}/subscription`, { body: inEuro });
  expect([subscribed.status, assigned.status]).toEqual([409, 409]);
  await world.advanceTo('2027-07-01T15:00:00Z');
  expect(await summaryOf(one)).toEqual([
    { status: 'open', currency: 'usd', total: 200, overage: [200] },
  ]);
  await expectInvariants(world.db, one.organizationId);
});

test('a plan archived while a change to it is to come: who was promised it gets it, at its price', async () => {
  await offerCharging('plan_a', { usd: 2000 });
  await offerCharging('plan_b', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  await charge(one);
  expect((await one.call('POST', 'subscription', { plan_id: 'plan_b' })).status).toBe(200);
  const archived = await world.api.call('DELETE /v1/admin/plans/plan_b');
  expect([archived.status, archived.body]).toMatchObject([200, {}]);
  await convert(world, one.organizationId, 40);
  await world.advanceTo('2027-07-01T15:00:00Z');
  expect((await one.call('GET', 'subscription')).body).toMatchObject({ plan: { id: 'plan_b' } });
  expect((await summaryOf(one)).at(-1)).toMatchObject({ status: 'paid', total: 1200 });
});

test('what was used past the limit in a trial is paid with the next renewal, or at the end', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await visitor(world);
  const ends_at = '2027-06-15T12:00:00Z';
  const path = `POST /v1/admin/workspaces/${one.organizationId}/trial` as const;
  const trial = await world.api.call(path, { body: { plan_id: 'plan_a', ends_at } });
  expect([trial.status, trial.body]).toMatchObject([200, {}]);
  const page = await one.call('POST', 'billing/payment-method');
  await finishCheckout(world, page.body['url']);
  await charge(one);
  await convert(world, one.organizationId, 40);
  await world.advanceTo('2027-06-15T15:00:00Z');
  expect((await summaryOf(one)).at(-1)).toMatchObject({ status: 'paid', total: 1000 });
  await world.advanceTo('2027-07-15T15:00:00Z');
  expect((await summaryOf(one)).at(-1)).toMatchObject({
    status: 'paid',
    total: 1200,
    overage: [200],
  });
  await expectInvariants(world.db, one.organizationId);
});

test('days for nothing put off no overage: it is invoiced by the month meanwhile', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  await charge(one);
  const path = `POST /v1/admin/workspaces/${one.organizationId}/trial` as const;
  const trial = await world.api.call(path, { body: { ends_at: '2027-12-01T12:00:00Z' } });
  expect([trial.status, trial.body]).toMatchObject([200, { status: 'trialing' }]);
  await convert(world, one.organizationId, 40);
  await world.advanceTo('2027-07-01T15:00:00Z');
  expect((await summaryOf(one)).at(-1)).toMatchObject({ status: 'paid', overage: [200] });
  await expectInvariants(world.db, one.organizationId);
});

test('a yearly plan that is ended with a refund: the rest of the year back, the month’s overage paid', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a', interval: 'year' });
  await charge(one);
  await convert(world, one.organizationId, 40);
  await world.advanceTo('2027-07-01T15:00:00Z');
  await convert(world, one.organizationId, 20);
  expect((await end(one, 'refund')).status).toBe(200);
  await world.advanceTo('2027-07-02T15:00:00Z');
  const invoices = await providerInvoices(world, one.organizationId);
  expect(invoices.map(({ status, total }) => [status, total])).toEqual([
    ['paid', 10_000],
    ['paid', 200],
    ['paid', 100],
  ]);
  // Of 366 days 30 and three hours were used.
  expect(invoices.map((invoice) => invoice.post_payment_credit_notes_amount)).toEqual([
    Math.ceil((10_000 * (336 * 24 - 3)) / (366 * 24)),
    0,
    0,
  ]);
});

test('a refund after a part of the invoice was credited already gives back no more than was paid', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  const [invoice] = await providerInvoices(world, one.organizationId);
  const id = invoice?.id ?? '';
  await world.stripe.creditNotes.create({ invoice: id, amount: 700, credit_amount: 700 });
  expect((await end(one, 'refund')).status).toBe(200);
  const { data } = await world.stripe.creditNotes.list({ invoice: id });
  expect(data.reduce((sum, { amount }) => sum + amount, 0)).toBe(1000);
});

test('nor after a part was credited before the invoice was paid', async () => {
  await offerCharging('plan_a', { usd: 1000 });
  const one = await subscriber(world, { plan_id: 'plan_a' });
  const { id: customer } = await customerOf(world, one);
  const { data: cards } = await world.stripe.customers.listPaymentMethods(customer);
  await setCard(world, cards[0]?.id ?? '', 'chargeCustomerFail');
  await world.advanceTo('2027-07-01T15:00:00Z');
  const id = (await providerInvoices(world, one.organizationId)).at(-1)?.id ?? '';
  await world.stripe.creditNotes.create({ invoice: id, amount: 700 });
  await setCard(world, cards[0]?.id ?? '', 'visa');
  await world.stripe.invoices.pay(id);
  await world.settle();
  expect((await end(one, 'refund')).status).toBe(200);
  const { data } = await world.stripe.creditNotes.list({ invoice: id });
  expect(data.map(({ amount }) => amount)).toEqual([300, 700]);
});
