import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, billingEventTypes, createBillingWorld } from '../../test/billing.ts';
import {
  customerOf,
  finishCheckout,
  invoicesOf,
  offer,
  subscriber,
  type Visitor,
} from '../../test/checkout.ts';
import { convert } from '../../test/overage.ts';
import { findOrganization } from '../../organizations/organizations.ts';
import { systemContext } from '../deps.ts';
import { idOf } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
  const body = { concurrent_conversion_limit: null };
  await offer(world, 'plan_metered', { usd: 0 }, { limit: 0, body });
  const yearly = { usd: 10_000 };
  await offer(world, 'plan_by_year', { usd: 1_000 }, { limit: 0, yearly, body });
});
let one: Visitor;
beforeEach(async () => {
  one = await subscriber(world, { plan_id: 'plan_starter' });
});
afterAll(() => world.close());

/** As on the provider's own page. */
async function removeCardThere(of: Visitor): Promise<void> {
  const { invoice_settings } = await customerOf(world, of);
  await world.stripe.paymentMethods.detach(idOf(invoice_settings.default_payment_method) ?? '');
  await world.settle();
}

async function told(of: Visitor): Promise<Record<string, unknown>[]> {
  const rows = await world.db.query<{ payload: Record<string, unknown> }>(
    sql`SELECT payload FROM outbox WHERE organization_id = ${of.organizationId}
      AND topic = 'payment_method.removed' ORDER BY id`,
  );
  return rows.map(({ payload }) => payload);
}

async function isMissing(of: Visitor): Promise<unknown[]> {
  const { body } = await of.call('GET', 'billing');
  const workspace = await findOrganization(systemContext(world.deps, of.organizationId));
  return [body['payment_method_missing'], workspace.payment_method_missing];
}

async function addCard(of: Visitor): Promise<void> {
  const { body } = await of.call('POST', 'billing/payment-method');
  await finishCheckout(world, body['url'], 'mastercard');
  await world.settle();
}

const days = (count: number) => new Date(world.clock.now().getTime() + count * 86_400_000);
const periodEnd = async () =>
  (await one.call('GET', 'subscription')).body['current_period_end'] as string;

test('the last card removed at the provider: told once, with the day of the next charge, and shown', async () => {
  expect(await isMissing(one)).toEqual([false, false]);
  await removeCardThere(one);
  await syncOrganization(world.deps, one.organizationId);
  expect(await told(one)).toEqual([
    {
      brand: 'visa',
      last4: '4242',
      plan_name: 'Starter',
      status: 'active',
      charged_at: await periodEnd(),
      overage_mailed: false,
      overage_blocked: false,
    },
  ]);
  expect(await isMissing(one)).toEqual([true, true]);
  const history = await billingEventTypes(world, one.organizationId);
  expect(history.filter((type) => type.startsWith('payment_method.'))).toEqual([
    'payment_method.changed',
    'payment_method.removed',
  ]);
  await addCard(one);
  expect(await isMissing(one)).toEqual([false, false]);
  await world.advanceTo(new Date(Date.parse(await periodEnd()) + 2 * 3_600_000));
  const [renewal] = await invoicesOf(world, one);
  expect(renewal).toMatchObject({ billing_reason: 'subscription_cycle', status: 'paid' });
  expect(await told(one)).toHaveLength(1);
});

test('the event of a removal names its customer only as what was there before: it is that of the workspace', async () => {
  const customer = await customerOf(world, one);
  // Not the one that counts: nothing else changes there, so no other event comes.
  const { id } = await world.stripe.paymentMethods.attach('pm_card_amex', {
    customer: customer.id,
  });
  await world.stripe.paymentMethods.detach(id);
  await world.settle();
  const events = await world.db.query(
    sql`SELECT customer_id, organization_id, ignored_reason FROM stripe_events
      WHERE type = 'payment_method.detached' AND object_id = ${id}`,
  );
  expect(events).toEqual([
    { customer_id: customer.id, organization_id: one.organizationId, ignored_reason: null },
  ]);
});

test("the subscription's own card removed: the customer's is the one that counts, and nobody is told", async () => {
  const customer = await customerOf(world, one);
  const { id } = await world.stripe.paymentMethods.attach('pm_card_amex', {
    customer: customer.id,
  });
  const { data } = await world.stripe.subscriptions.list({ customer: customer.id });
  await world.stripe.subscriptions.update(data[0]?.id ?? '', { default_payment_method: id });
  await world.settle();
  const card = async () => (await one.call('GET', 'billing')).body['payment_method'];
  expect(await card()).toMatchObject({ brand: 'amex' });
  await world.stripe.paymentMethods.detach(id);
  await world.settle();
  expect(await card()).toMatchObject({ brand: 'visa' });
  expect(await told(one)).toEqual([]);
});

test('nothing will be charged any more: no mail, and no card is missing', async () => {
  await one.call('DELETE', 'subscription');
  await removeCardThere(one);
  expect(await told(one)).toEqual([]);
  expect(await isMissing(one)).toEqual([false, false]);
  await one.call('POST', 'subscription/resume');
  expect(await isMissing(one)).toEqual([true, true]);
});

test('a renewal without a card is past due, and paid as soon as one is given', async () => {
  await removeCardThere(one);
  await world.advanceTo(new Date(Date.parse(await periodEnd()) + 2 * 3_600_000));
  const status = async () => (await one.call('GET', 'subscription')).body['status'];
  expect(await status()).toBe('past_due');
  const announced = await world.db.query(
    sql`SELECT topic, payload -> 'has_failed' AS has_failed FROM outbox
      WHERE organization_id = ${one.organizationId} AND topic LIKE 'invoice.%' ORDER BY id DESC LIMIT 2`,
  );
  // No mail says that it is ready and paid with the stored card.
  expect(announced).toEqual([
    { topic: 'invoice.payment_failed', has_failed: null },
    { topic: 'invoice.finalized', has_failed: true },
  ]);
  await addCard(one);
  expect(await status()).toBe('active');
  const [renewal] = await invoicesOf(world, one);
  expect(renewal).toMatchObject({ status: 'paid', total: 1_900 });
});

test('paid by the conversion: refused from then on, what was used is told, and owed once', async () => {
  const payer = await subscriber(world, { plan_id: 'plan_metered' });
  await payer.call('PATCH', 'billing', { overage_policy: 'charge' });
  expect(await isMissing(payer)).toEqual([false, false]);
  await convert(world, payer.organizationId, 20);
  await removeCardThere(payer);
  const { body: subscription } = await payer.call('GET', 'subscription');
  expect(await told(payer)).toMatchObject([
    {
      charged_at: subscription['current_period_end'],
      overage_mailed: false,
      overage_blocked: true,
    },
  ]);
  expect(await isMissing(payer)).toEqual([true, true]);
  await expect(convert(world, payer.organizationId, 1)).rejects.toThrow('quota_exceeded');
  const again = await payer.call('PATCH', 'billing', { overage_policy: 'charge' });
  expect(again).toMatchObject({ status: 409, body: { missing: ['payment_method'] } });
  await world.advanceTo(days(32));
  await addCard(payer);
  const [renewal] = await invoicesOf(world, payer);
  expect(renewal).toMatchObject({ status: 'paid', total: 100 });
  expect((await payer.call('PATCH', 'billing', { overage_policy: 'charge' })).status).toBe(200);
});

test('by the year: the renewal is far, and what was used is on an invoice that is mailed', async () => {
  const payer = await subscriber(world, { plan_id: 'plan_by_year', interval: 'year' });
  await payer.call('PATCH', 'billing', { overage_policy: 'charge' });
  await convert(world, payer.organizationId, 20);
  await removeCardThere(payer);
  const { body: subscription } = await payer.call('GET', 'subscription');
  const chargedAt = subscription['current_period_end'];
  expect(await told(payer)).toMatchObject([{ charged_at: chargedAt, overage_mailed: true }]);
  await world.advanceTo(days(32));
  const [own] = await invoicesOf(world, payer);
  expect(own).toMatchObject({ status: 'open', collection_method: 'send_invoice', total: 100 });
});

test('a card that is being removed pays for nothing new: charging for overage is refused meanwhile', async () => {
  await one.call('DELETE', 'subscription?when=now&settlement=none', undefined, {
    asOperator: true,
  });
  const admin = `/v1/admin/workspaces/${one.organizationId}`;
  await world.api.call(`POST ${admin}/subscription`, { body: { plan_id: 'plan_pro' } });
  // The client asks again after a pause, in which the removal is under way.
  world.simulator.faults.add({
    kind: 'error_before',
    verb: 'POST',
    path: '/v1/payment_methods/',
    times: 2,
  });
  const removal = one.call('DELETE', 'billing/payment-method');
  await expect.poll(() => world.simulator.faults.list()[0]?.left).toBe(1);
  const charge = await one.call('PATCH', 'billing', { overage_policy: 'charge' });
  expect(charge).toMatchObject({ status: 409, body: { missing: ['payment_method'] } });
  // A look at the provider in between still finds it there.
  await syncOrganization(world.deps, one.organizationId);
  expect((await one.call('PATCH', 'billing', { overage_policy: 'charge' })).status).toBe(409);
  expect((await removal).status).toBe(204);
  const { body } = await one.call('GET', 'billing/events');
  const history = body['data'] as { type: string }[];
  expect(history.filter(({ type }) => type === 'payment_method.removed')).toMatchObject([
    {
      summary: 'Removed the visa card that ends in 4242',
      data: { before: { brand: 'visa', last4: '4242' }, after: null },
    },
  ]);
});

test('a removal that the provider never answers leaves the card as it is', async () => {
  await one.call('DELETE', 'subscription?when=now&settlement=none', undefined, {
    asOperator: true,
  });
  world.simulator.faults.add({
    kind: 'error_before',
    verb: 'POST',
    path: '/v1/payment_methods/',
    times: 3,
  });
  expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(503);
  expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
    brand: 'visa',
  });
  const admin = `/v1/admin/workspaces/${one.organizationId}`;
  await world.api.call(`POST ${admin}/subscription`, { body: { plan_id: 'plan_pro' } });
  expect((await one.call('PATCH', 'billing', { overage_policy: 'charge' })).status).toBe(200);
  expect((await one.call('PATCH', 'billing', { overage_policy: 'block' })).status).toBe(200);
  expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(204);
});
