import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { finishCheckout, offer, type Visitor, visitor } from '../../test/checkout.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { convert, overageOn, providerInvoices } from '../../test/overage.ts';

/** The operator puts a workspace onto a plan in dollars; then euros come into it. */
let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
  await offer(
    world,
    'plan_a',
    { usd: 1000, eur: 1000 },
    {
      limit: 0,
      body: { concurrent_conversion_limit: null },
    },
  );
});
afterEach(() => world.close());

const inEuro = { plan_id: 'plan_a', currency: 'eur' };

const assign = (one: Visitor, body: object) =>
  world.api.call(`POST /v1/admin/workspaces/${one.organizationId}/subscription`, { body });

async function assigned(): Promise<Visitor> {
  const one = await visitor(world);
  expect((await assign(one, { plan_id: 'plan_a' })).status).toBe(200);
  const page = await one.call('POST', 'billing/payment-method');
  await finishCheckout(world, page.body['url']);
  await world.settle();
  const charged = await one.call('PATCH', 'billing', { overage_policy: 'charge' });
  expect(charged.status).toBe(200);
  return one;
}

/** Conversions that are admitted now, and completed when it is called. */
async function underWay({ organizationId }: Visitor, count: number): Promise<() => Promise<void>> {
  const metering = meteringOn(world.db, world.clock);
  const calls = Array.from({ length: count }, () => admitCall(organizationId));
  for (const { verdict } of await Promise.all(calls.map((call) => metering.admit(call)))) {
    expect(verdict).toBe('allowed_overage');
  }
  return async () => {
    const done = calls.map(({ jobId }) => metering.complete(completeCall(organizationId, jobId)));
    await Promise.all(done);
  };
}

test.each([
  ['an hour', '2027-06-01T13:00:00Z'],
  ['less than a second', '2027-06-01T12:00:00Z'],
])(
  'a page in euros that is paid %s after overage in dollars: all later overage is collected in euros',
  async (_, paidAt) => {
    const one = await assigned();
    const page = await one.call('POST', 'subscription', inEuro);
    await convert(world, one.organizationId, 1);
    await world.advanceTo(paidAt);
    await finishCheckout(world, page.body['checkout_url']);
    await world.settle();
    await convert(world, one.organizationId, 40);
    await world.advanceTo('2027-07-01T15:00:00Z');
    await convert(world, one.organizationId, 20);
    await world.advanceTo('2027-08-01T15:00:00Z');
    const invoices = await providerInvoices(world, one.organizationId);
    expect(invoices.map(({ status, currency }) => [status, currency])).toEqual([
      ['paid', 'eur'],
      ['paid', 'eur'],
      ['paid', 'eur'],
    ]);
    expect(invoices.map(overageOn)).toEqual([[], [200], [100]]);
    await expectInvariants(world.db, one.organizationId);
  },
);

test('what is under way in dollars keeps euros out until it is done and owed', async () => {
  const one = await assigned();
  const complete = await underWay(one, 3);
  const credit = { amount_minor: 100, currency: 'eur', reason: 'sorry' };
  const path = `POST /v1/admin/workspaces/${one.organizationId}/credits` as const;
  const tried = async () => [
    (await one.call('POST', 'subscription', inEuro)).status,
    (await assign(one, inEuro)).status,
    (await world.api.call(path, { body: credit })).status,
  ];
  expect(await tried()).toEqual([409, 409, 409]);
  await complete();
  expect(await tried()).toEqual([409, 409, 409]);
});

test('a card stays while conversions past the limit run: what they cost is charged to it', async () => {
  const one = await assigned();
  const complete = await underWay(one, 40);
  expect((await one.call('PATCH', 'billing', { overage_policy: 'block' })).status).toBe(200);
  expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(409);
  await complete();
  await world.advanceTo('2027-07-01T15:00:00Z');
  const invoices = await providerInvoices(world, one.organizationId);
  expect(invoices.map((invoice) => [invoice.status, overageOn(invoice)])).toEqual([
    ['paid', [200]],
  ]);
  expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(204);
});

test('where nobody is billed, overage in dollars keeps no plan in euros out', async () => {
  const one = await assigned();
  await world.db.query(sql`DELETE FROM billing_account`);
  await convert(world, one.organizationId, 5);
  const complete = await underWay(one, 3);
  expect((await assign(one, inEuro)).status).toBe(200);
  await complete();
});
