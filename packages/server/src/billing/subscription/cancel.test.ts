import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { billingEventTypes, type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { convert } from '../../test/overage.ts';
import {
  customerOf,
  invoicesOf,
  offer,
  subscriber,
  type Visitor,
  visitor,
} from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
});
afterAll(() => world.close());

const day = 86_400_000;
const later = (ms: number) => new Date(world.clock.now().getTime() + ms);
const starter = { plan_id: 'plan_starter' };

describe('at the end of the period', () => {
  test('200: the plan holds until then, Free from then on', async () => {
    const one = await subscriber(world, starter);
    const { status, body } = await one.call('DELETE', 'subscription');
    expect([status, body]).toMatchObject([
      200,
      { plan: { id: 'plan_starter' }, status: 'active', cancel_at_period_end: true },
    ]);
    expect((await one.call('DELETE', 'subscription')).status).toBe(409);
    expect((await one.call('GET', 'billing')).body['next_invoice']).toBeNull();
    await world.advanceTo(new Date(Date.parse(String(body['current_period_end'])) + 3_600_000));
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_free' },
      status: 'cancelled',
      cancel_at_period_end: false,
      stripe_subscription_id: null,
    });
    expect((await one.call('POST', 'subscription/resume')).status).toBe(409);
    const again = await one.call('POST', 'subscription', starter);
    expect(String(again.body['checkout_url'])).toContain('/pages/checkout/');
    const other = await one.call('POST', 'subscription', { ...starter, currency: 'eur' });
    expect(other.status).toBe(409);
  });

  test('200: resumed before it took effect', async () => {
    const one = await subscriber(world, starter);
    await one.call('DELETE', 'subscription');
    const { status, body } = await one.call('POST', 'subscription/resume');
    expect([status, body]).toMatchObject([200, { cancel_at_period_end: false }]);
    expect((await one.call('POST', 'subscription/resume')).status).toBe(409);
    await world.settle();
    expect(await billingEventTypes(world, one.organizationId)).toEqual(
      expect.arrayContaining(['subscription.cancel_scheduled', 'subscription.resumed']),
    );
  });

  test('200: it drops a change that was to come; an upgrade takes it back', async () => {
    const one = await subscriber(world, { plan_id: 'plan_starter' });
    const pro = { plan_id: 'plan_pro' };
    await one.call('POST', 'subscription', { ...pro, when: 'period_end' });
    const { body } = await one.call('DELETE', 'subscription');
    expect(body).toMatchObject({ cancel_at_period_end: true, scheduled_change: null });
    const up = await one.call('POST', 'subscription', pro);
    expect(up.body).toMatchObject({ plan: { id: 'plan_pro' }, cancel_at_period_end: false });
  });
});

/** What is left of 19.00 for the period; a credit is rounded to the workspace's favour. */
async function restOf(one: Visitor): Promise<number> {
  const { body } = await one.call('GET', 'subscription');
  const end = Date.parse(String(body['current_period_end']));
  const start = Date.parse(String(body['current_period_start']));
  return Math.ceil((1900 * (end - world.clock.now().getTime())) / (end - start));
}

describe('now', () => {
  const end = (one: { path: string }, settlement: string) =>
    world.api.call(`DELETE ${one.path}/subscription?when=now&settlement=${settlement}`);

  const previewOf = (one: { organizationId: string }, as?: string) =>
    world.api.call(
      `GET /v1/admin/workspaces/${one.organizationId}/subscription/end-preview`,
      as === undefined ? {} : { as },
    );

  test('200, preview: what each settlement gives back, as it then is', async () => {
    const [refunded, credited] = [
      await subscriber(world, starter),
      await subscriber(world, starter),
    ];
    await world.advanceTo(later(10 * day));
    const rest = await restOf(refunded);
    const { status, body } = await previewOf(refunded);
    expect([status, body]).toMatchObject([
      200,
      {
        currency: 'usd',
        refund: { to_card_minor: rest, to_balance_minor: 0 },
        credit: { to_balance_minor: rest },
        overage_minor: 0,
      },
    ]);
    await end(refunded, 'refund');
    const { data } = await world.stripe.refunds.list({ limit: 100 });
    expect(data[0]?.amount).toBe(rest);
    const told = (await previewOf(credited)).body['credit'] as { to_balance_minor: number };
    await end(credited, 'credit');
    await world.advanceTo(later(2 * 3_600_000));
    const { body: billing } = await credited.call('GET', 'billing');
    expect(billing['balance_minor']).toBe(told.to_balance_minor);
    expect((await previewOf(credited)).status).toBe(409);
  });

  test('preview: overage of this usage period and of a bill on a draft is still to be invoiced', async () => {
    await offer(
      world,
      'plan_past',
      { usd: 1000 },
      { limit: 0, body: { concurrent_conversion_limit: null } },
    );
    const one = await subscriber(world, { plan_id: 'plan_past' });
    await one.call('PATCH', 'billing', { overage_policy: 'charge' });
    const owed = async () => (await previewOf(one)).body['overage_minor'];
    await convert(world, one.organizationId, 40);
    expect(await owed()).toBe(200);
    const { body } = await one.call('GET', 'subscription');
    const renewal = String(body['current_period_end']);
    world.clock.set(new Date(renewal));
    expect(await owed()).toBe(200);
    await world.advanceTo(renewal);
    expect(await owed()).toBe(200);
    await convert(world, one.organizationId, 20);
    expect(await owed()).toBe(300);
    await world.advanceTo(later(2 * 3_600_000));
    expect(await owed()).toBe(100);
  });

  test('preview: 401, 403 for the workspace itself, 404 for none, nothing left where it is not paid', async () => {
    const one = await subscriber(world, starter);
    expect((await previewOf(one, 'mk_live_nobody')).status).toBe(401);
    expect((await previewOf(one, one.apiKey)).status).toBe(403);
    expect((await previewOf({ organizationId: 'org_none' })).status).toBe(404);
    const { owner } = world.database;
    const accrue = (amount: number) =>
      owner.query(sql`UPDATE usage_counters SET overage_accrued = ${amount}
        WHERE organization_id = ${one.organizationId}`);
    await accrue(0.4);
    expect((await previewOf(one)).body['overage_minor']).toBe(40);
    await accrue(0);
    const { id: customer } = await customerOf(world, one);
    const failing = await world.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer,
    });
    const { data } = await world.stripe.subscriptions.list({ customer });
    await world.stripe.subscriptions.update(data[0]?.id ?? '', {
      default_payment_method: failing.id,
    });
    await world.advanceTo(later(32 * day));
    expect((await previewOf(one)).body).toMatchObject({ refund: null, credit: null });
  });

  test('403: not for the workspace itself; 400: without saying what becomes of the money', async () => {
    const one = await subscriber(world, starter);
    expect((await one.call('DELETE', 'subscription?when=now&settlement=refund')).status).toBe(403);
    const silent = await one.call('DELETE', 'subscription?when=now', undefined, {
      asOperator: true,
    });
    expect(silent).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/query/settlement' }] },
    });
    expect((await one.call('DELETE', 'subscription?settlement=refund')).status).toBe(400);
    expect((await one.call('DELETE', 'subscription?when=later')).status).toBe(400);
  });

  test('200, refund: what is left is paid back to the card', async () => {
    const one = await subscriber(world, starter);
    await world.advanceTo(later(15 * day));
    const rest = await restOf(one);
    const { status, body } = await end(one, 'refund');
    expect([status, body]).toMatchObject([200, { plan: { id: 'plan_free' } }]);
    const { id: customer } = await customerOf(world, one);
    const { data } = await world.stripe.refunds.list({ limit: 100 });
    const notes = await world.stripe.creditNotes.list({ customer });
    expect(notes.data.map(({ amount }) => amount)).toEqual([rest]);
    expect(data[0]?.amount).toBe(rest);
    expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(0);
    expect(await billingEventTypes(world, one.organizationId)).toContain('refund.created');
  });

  test('200, credit: what is left is in the balance', async () => {
    const one = await subscriber(world, starter);
    await world.advanceTo(later(15 * day));
    const rest = await restOf(one);
    expect((await end(one, 'credit')).status).toBe(200);
    await world.advanceTo(later(2 * 3_600_000));
    expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(rest);
  });

  test('200, none: nothing is given back', async () => {
    const one = await subscriber(world, starter);
    await world.advanceTo(later(15 * day));
    expect((await end(one, 'none')).body).toMatchObject({ plan: { id: 'plan_free' } });
    expect(await invoicesOf(world, one)).toHaveLength(1);
    expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(0);
  });

  test.each(['refund', 'credit', 'none'])(
    '200, %s: of days for nothing nothing is left',
    async (how) => {
      const one = await visitor(world);
      const admin = `/v1/admin/workspaces/${one.organizationId}` as const;
      const body = { ...starter, ends_at: later(10 * day).toISOString() };
      expect((await world.api.call(`POST ${admin}/trial`, { body })).status).toBe(200);
      const preview = await world.api.call(`GET ${admin}/subscription/end-preview`);
      expect(preview).toMatchObject({
        status: 200,
        body: {
          refund: { to_card_minor: 0, to_balance_minor: 0 },
          credit: { to_balance_minor: 0 },
        },
      });
      expect((await end(one, how)).body).toMatchObject({ plan: { id: 'plan_free' } });
      expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(0);
    },
  );

  test('409: there is nothing to end', async () => {
    const one = await visitor(world);
    expect((await end(one, 'none')).status).toBe(409);
    expect((await one.call('DELETE', 'subscription')).status).toBe(409);
    expect((await one.call('POST', 'subscription/resume')).status).toBe(409);
  });
});
