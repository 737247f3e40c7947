import { afterEach, beforeEach, expect, test } from 'vitest';
import { hurry } from '../../test/billing-world.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { finishCheckout, offer, subscriber } from '../../test/checkout.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { convert, overageOn, providerInvoices } from '../../test/overage.ts';

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
