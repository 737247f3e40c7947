import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { hurry } from '../../test/billing-world.ts';
import { type BillingWorld, billingEventTypes, createBillingWorld } from '../../test/billing.ts';
import { finishCheckout, offer, subscriber } from '../../test/checkout.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { convert, overageOn, providerInvoices } from '../../test/overage.ts';
import { idOf } from '../provider/stripe.ts';

let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
  const body = { concurrent_conversion_limit: null };
  await offer(world, 'plan_a', { usd: 1000 }, { limit: 0, body });
});
afterEach(() => world.close());

const failures = [
  { what: 'issued', path: '/v1/invoices/in_' },
  { what: 'given its item', path: '/v1/invoiceitems' },
];

for (const { what, path } of failures) {
  test(`a last invoice that could not be ${what} before a new subscription is issued all the same`, async () => {
    const one = await subscriber(world, { plan_id: 'plan_a' });
    await one.call('PATCH', 'billing', { overage_policy: 'charge' });
    await convert(world, one.organizationId, 40);
    await world.advanceTo('2027-06-10T12:00:00Z');
    const end = 'subscription?when=now&settlement=none';
    expect((await one.call('DELETE', end, undefined, { asOperator: true })).status).toBe(200);
    world.simulator.faults.add({ kind: 'error_before', verb: 'POST', path, times: 3 });
    await world.advanceTo('2027-06-10T13:30:00Z');
    expect((await providerInvoices(world, one.organizationId)).at(-1)?.status).toBe('draft');
    const page = await one.call('POST', 'subscription', { plan_id: 'plan_a' });
    await finishCheckout(world, page.body['checkout_url']);
    world.simulator.faults.clear();
    await hurry(world);
    const shown = async () =>
      (await providerInvoices(world, one.organizationId)).map((invoice) => [
        invoice.status,
        invoice.total,
        overageOn(invoice),
      ]);
    const soFar = [
      ['paid', 1000, []],
      ['paid', 200, [200]],
      ['paid', 1000, []],
    ];
    await world.advanceTo('2027-06-10T16:00:00Z');
    expect(await shown()).toEqual(soFar);
    await world.advanceTo('2027-07-10T16:00:00Z');
    expect(await shown()).toEqual([...soFar, ['paid', 1000, []]]);
    await expectInvariants(world.db, one.organizationId);
  });
}

/** Ended, with two dollars to be invoiced an hour later, which fails at `path`. Answers the draft's id. */
async function leftAsDraft(path: string): Promise<{ id: string; draftId: string }> {
  const one = await subscriber(world, { plan_id: 'plan_a' });
  const { organizationId: id } = one;
  await one.call('PATCH', 'billing', { overage_policy: 'charge' });
  await convert(world, id, 40);
  await world.advanceTo('2027-06-10T12:00:00Z');
  const end = 'subscription?when=now&settlement=none';
  await one.call('DELETE', end, undefined, { asOperator: true });
  world.simulator.faults.add({ kind: 'error_before', verb: 'POST', path, times: 3 });
  await world.advanceTo('2027-06-10T13:30:00Z');
  const draft = (await providerInvoices(world, id)).at(-1);
  expect(draft?.status).toBe('draft');
  return { id, draftId: draft?.id ?? '' };
}

const waiting = (id: string) =>
  world.db.query(sql`SELECT kind, last_error FROM due_work
    WHERE organization_id = ${id} AND kind = 'overage_invoice'`);

for (const { what, path } of failures) {
  test(`a draft of its own that somebody deleted before it was ${what}: another one takes the bill, and it is told`, async () => {
    const { id, draftId } = await leftAsDraft(path);
    await world.stripe.invoices.del(draftId);
    await hurry(world);
    await world.advanceTo('2027-06-12T13:30:00Z');
    expect((await providerInvoices(world, id)).map((one) => [one.status, one.total])).toEqual([
      ['paid', 1000],
      ['paid', 200],
    ]);
    expect(await waiting(id)).toEqual([]);
    const history = await billingEventTypes(world, id);
    expect(history.filter((type) => type === 'overage.draft_deleted')).toHaveLength(1);
    await expectInvariants(world.db, id);
  });
}

test('its answer lost, deleted again and again: one that stays takes the bill, once', async () => {
  const { id, draftId } = await leftAsDraft('/v1/invoiceitems');
  await world.stripe.invoices.del(draftId);
  // Made, but nobody is told; deleted before the next try.
  world.simulator.faults.add({ kind: 'error_after', verb: 'POST', path: '/v1/invoices', times: 3 });
  await world.db.query(sql`UPDATE due_work SET next_attempt_at = now() WHERE attempts > 0`);
  await world.settle();
  for (const { id: made, status } of await providerInvoices(world, id)) {
    if (status === 'draft') await world.stripe.invoices.del(made);
  }
  await hurry(world);
  await world.advanceTo('2027-06-12T13:30:00Z');
  const all = await providerInvoices(world, id);
  expect(all.map((one) => [one.status, overageOn(one)])).toEqual([
    ['paid', []],
    ['paid', [200]],
  ]);
});

test('the customer deleted with its draft: a new one is asked, by mail', async () => {
  const { id, draftId } = await leftAsDraft('/v1/invoiceitems');
  const draft = await world.stripe.invoices.retrieve(draftId);
  await world.stripe.invoices.del(draftId);
  await world.stripe.customers.del(idOf(draft.customer) ?? '');
  await world.settle();
  await hurry(world);
  await world.advanceTo('2027-06-12T13:30:00Z');
  const all = await providerInvoices(world, id);
  expect(all.map((one) => [one.status, one.collection_method, one.total])).toEqual([
    ['open', 'send_invoice', 200],
  ]);
  expect(await waiting(id)).toEqual([]);
});
