import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { syncOrganization } from '../sync/sync.ts';
import { hurry } from '../../test/billing-world.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { expectInvariants } from '../../test/invariants.ts';
import {
  chargeOverage,
  convert,
  makeChargingPlan,
  overageOn,
  providerInvoices,
} from '../../test/overage.ts';

let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
});
afterEach(() => world.close());

test('a draft that stays one, or was deleted, takes no overage: the next renewal has it, once', async () => {
  const plan = { included: 0, amountMinor: 1_000, price: '0.10' };
  const planId = await makeChargingPlan(world, plan);
  const id = await world.organization();
  const subscription = await world.subscribe(id, { planId, currency: 'usd', interval: 'month' });
  await chargeOverage(world.db, id);
  const { stripe, db } = world;
  const pause = { behavior: 'keep_as_draft' } as const;
  await stripe.subscriptions.update(subscription.id, { pause_collection: pause });
  await convert(world, id, 5);
  await world.advanceTo('2027-07-01T14:00:00Z');
  const kept = (await providerInvoices(world, id)).at(-1);
  expect(kept).toMatchObject({ status: 'draft', total: 1_000 });
  // As after a crash before the item was asked for, and an operator who deleted the draft.
  await db.query(sql`UPDATE overage_bills SET stripe_invoice_id = 'in_deleted'
    WHERE organization_id = ${id}`);
  await stripe.subscriptions.update(subscription.id, { pause_collection: '' });
  await world.advanceTo('2027-08-01T14:00:00Z');
  const renewals = (await providerInvoices(world, id)).slice(1);
  expect(renewals.map(({ status, total }) => ({ status, total }))).toEqual([
    { status: 'draft', total: 1_000 },
    { status: 'paid', total: 1_050 },
  ]);
  expect(renewals.map(overageOn)).toEqual([[], [50]]);
  await expectInvariants(db, id);
});

/** Five conversions at a dollar on the draft of a renewal, which waits to be finalized. */
async function renewing() {
  const planId = await makeChargingPlan(world, { included: 0, amountMinor: 1_000, price: '1' });
  const id = await world.organization();
  const subscription = await world.subscribe(id, { planId, currency: 'usd', interval: 'month' });
  await chargeOverage(world.db, id);
  await convert(world, id, 5);
  await world.advanceTo('2027-07-01T12:00:00Z');
  const draft = (await providerInvoices(world, id)).at(-1);
  expect([draft?.status, draft?.total]).toEqual(['draft', 1_500]);
  return { id, subscription, draftId: draft?.id ?? '' };
}

const shown = async (id: string) =>
  (await providerInvoices(world, id)).slice(1).map((invoice) => ({
    reason: invoice.billing_reason,
    status: invoice.status,
    total: invoice.total,
    overage: overageOn(invoice),
  }));

const leftBehind = {
  reason: 'subscription_cycle',
  status: 'draft',
  total: 1_000,
  overage: [],
} as const;
const own = { reason: 'manual', status: 'paid', total: 500, overage: [500] } as const;

test('a subscription that ends while its draft waits: the overage leaves it, for an invoice of its own', async () => {
  const { id, subscription, draftId } = await renewing();
  await world.stripe.subscriptions.cancel(subscription.id);
  await world.settle();
  await world.advanceTo('2027-07-02T12:00:00Z');
  expect(await shown(id)).toEqual([leftBehind, own]);
  // Even if somebody finalizes what was left, it is on one invoice.
  await world.stripe.invoices.finalizeInvoice(draftId);
  await world.settle();
  await world.advanceTo('2027-08-02T12:00:00Z');
  expect((await shown(id)).map(({ overage }) => overage)).toEqual([[], [500]]);
  await expectInvariants(world.db, id);
});

test('so it does where nobody will finalize the draft of a subscription that became unpaid', async () => {
  const { id, subscription, draftId } = await renewing();
  await world.simulator.run((tx) => {
    const invoice = tx.get('invoice', draftId);
    const unpaid = tx.get('subscription', subscription.id);
    Object.assign(invoice ?? {}, { auto_advance: false, sim_finalize_at: null });
    Object.assign(unpaid ?? {}, { status: 'unpaid' });
  });
  await syncOrganization(world.deps, id);
  await world.advanceTo('2027-07-02T12:00:00Z');
  expect(await shown(id)).toEqual([leftBehind, own]);
});

test('a draft that somebody finalizes meanwhile keeps its item, and no other invoice gets one', async () => {
  const { id, subscription, draftId } = await renewing();
  await world.stripe.subscriptions.cancel(subscription.id);
  await world.settle();
  world.simulator.faults.add({ kind: 'error_before', verb: 'DELETE', times: 3 });
  await world.advanceTo('2027-07-01T13:00:00Z');
  await world.stripe.invoices.finalizeInvoice(draftId);
  await hurry(world);
  await world.advanceTo('2027-07-02T12:00:00Z');
  const made = await shown(id);
  expect(made.map(({ overage }) => overage).filter((one) => one.length > 0)).toEqual([[500]]);
  expect(made[0]).toMatchObject({ status: 'open', total: 1_500 });
  const [bill] = await world.db.query(sql`SELECT state, stripe_invoice_id FROM overage_bills
    WHERE organization_id = ${id}`);
  expect(bill).toEqual({ state: 'invoiced', stripe_invoice_id: draftId });
});

test.each([
  ['DELETE', '/v1/invoiceitems'],
  ['POST', '/v1/invoiceitems'],
  ['POST', '/v1/invoices'],
])('%s %s is done and answered 500 again and again: still one item', async (verb, path) => {
  const { id, subscription } = await renewing();
  await world.stripe.subscriptions.cancel(subscription.id);
  await world.settle();
  world.simulator.faults.add({ kind: 'error_after', verb, path, times: 7 });
  await world.advanceTo('2027-07-01T13:00:00Z');
  await hurry(world);
  await hurry(world);
  await world.advanceTo('2027-07-02T12:00:00Z');
  const made = await shown(id);
  expect(made[0]).toEqual(leftBehind);
  expect(made.filter(({ overage }) => overage.length > 0)).toEqual([own]);
});
