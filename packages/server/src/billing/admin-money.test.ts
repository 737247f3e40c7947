import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { billingEventTypes, type BillingWorld, createBillingWorld } from '../test/billing.ts';
import { customerOf, finishCheckout, invoicesOf, subscriber, visitor } from '../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
});
afterAll(() => world.close());

const starter = { plan_id: 'plan_starter' };
const admin = (one: { organizationId: string }) => `/v1/admin/workspaces/${one.organizationId}`;

describe('POST /v1/admin/workspaces/{id}/subscription', () => {
  test('200 without payment, and what the provider tells later does not undo it', async () => {
    const one = await subscriber(world, starter);
    const assign = () =>
      world.api.call(`POST ${admin(one)}/subscription`, { body: { plan_id: 'plan_enterprise' } });
    expect(await assign()).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await one.call('DELETE', 'subscription?when=now&settlement=credit', undefined, {
      asOperator: true,
    });
    expect((await assign()).body).toMatchObject({ plan: { id: 'plan_enterprise' } });
    await world.advanceTo(new Date(world.clock.now().getTime() + 2 * 3_600_000));
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_enterprise' },
      status: 'active',
    });
    const [told] = await world.db.query<{ count: number }>(sql`SELECT count(*) FROM outbox
      WHERE organization_id = ${one.organizationId} AND payload ->> 'change' = 'plan_assigned'`);
    expect(told?.count).toBe(1);
  });
});

describe('POST /v1/admin/workspaces/{id}/credits', () => {
  const give = (one: { organizationId: string }, body: object, headers = {}) =>
    world.api.call(`POST ${admin(one)}/credits`, { body, headers });
  const credit = { amount_minor: 500, currency: 'usd', reason: 'An outage' };

  test('201: in the balance, told in the history, and the next invoice is less', async () => {
    const one = await subscriber(world, starter);
    const { status, body } = await give(one, credit);
    expect([status, body]).toMatchObject([
      201,
      { object: 'credit', amount_minor: 500, currency: 'usd', status: 'given' },
    ]);
    expect((await one.call('GET', 'billing')).body).toMatchObject({
      balance_minor: 500,
      next_invoice: { amount_due_minor: 1400 },
    });
    expect(await billingEventTypes(world, one.organizationId)).toContain('credit.given');
  });

  test('201: once, however often it is asked for under one key', async () => {
    const one = await subscriber(world, starter);
    const headers = { 'idempotency-key': 'credit-1' };
    const replies = [await give(one, credit, headers), await give(one, credit, headers)];
    expect(replies[1]?.body).toEqual(replies[0]?.body);
    expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(500);
  });

  test('201 although every answer of the provider is lost: it is given once', async () => {
    const one = await subscriber(world, starter);
    world.simulator.faults.add({
      kind: 'cut_after',
      verb: 'POST',
      path: '/v1/customers',
      times: 3,
    });
    const { body } = await give(one, credit);
    world.simulator.faults.clear();
    // Its own news may have come before our answer.
    expect(['pending', 'given']).toContain(body['status']);
    await world.db.query(sql`UPDATE due_work SET next_attempt_at = now()`);
    await world.settle();
    expect((await one.call('GET', 'billing')).body['balance_minor']).toBe(500);
    const { id } = await customerOf(world, one);
    const { data } = await world.stripe.customers.listBalanceTransactions(id);
    expect(data).toHaveLength(1);
    const events = await billingEventTypes(world, one.organizationId);
    expect(events.filter((type) => type === 'credit.given')).toHaveLength(1);
  });

  test('409 for another currency; on Free it fixes the currency', async () => {
    const one = await visitor(world);
    expect((await give(one, { ...credit, currency: 'eur' })).status).toBe(201);
    expect((await give(one, credit)).status).toBe(409);
    expect((await one.call('POST', 'subscription', { ...starter, currency: 'usd' })).status).toBe(
      409,
    );
    const { body } = await one.call('POST', 'subscription', starter);
    await finishCheckout(world, body['checkout_url']);
    const [invoice] = await invoicesOf(world, one);
    expect(invoice).toMatchObject({ currency: 'eur', total: 1900, amount_paid: 1400 });
  });

  test('400, 401, 403 and 404', async () => {
    const one = await visitor(world);
    for (const wrong of [
      { amount_minor: 0 },
      { amount_minor: -5 },
      { amount_minor: 1.5 },
      { currency: 'USD' },
      { amount_minor: 1001, currency: 'kwd' },
      { reason: '' },
    ]) {
      expect((await give(one, { ...credit, ...wrong })).status).toBe(400);
    }
    expect((await give({ organizationId: 'org_nobody' }, credit)).status).toBe(404);
    const as = one.apiKey;
    const request = `POST ${admin(one)}/credits` as const;
    expect((await world.api.call(request, { as, body: credit })).status).toBe(403);
    expect((await world.api.call(request, { as: null, body: credit })).status).toBe(401);
  });
});

describe('POST /v1/admin/workspaces/{id}/trial', () => {
  const later = (days: number) =>
    new Date(world.clock.now().getTime() + days * 86_400_000).toISOString();
  const set = (one: { organizationId: string }, body: object) =>
    world.api.call(`POST ${admin(one)}/trial`, { body });

  test('200: a plan without a card until the day, then Free', async () => {
    const one = await visitor(world);
    const end = later(10);
    const { status, body } = await set(one, { plan_id: 'plan_pro', ends_at: end });
    expect([status, body]).toMatchObject([
      200,
      { plan: { id: 'plan_pro' }, status: 'trialing', current_period_end: end },
    ]);
    const longer = later(20);
    expect((await set(one, { ends_at: longer })).body).toMatchObject({
      status: 'trialing',
      current_period_end: longer,
    });
    await world.advanceTo(later(15));
    expect((await one.call('GET', 'subscription')).body['status']).toBe('trialing');
    await world.advanceTo(later(6));
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_free' },
      status: 'cancelled',
    });
  });

  test('200: with a card it goes on, paid, and usage is counted from its end', async () => {
    const one = await visitor(world);
    const end = later(10);
    await set(one, { plan_id: 'plan_starter', ends_at: end });
    const page = await one.call('POST', 'billing/payment-method');
    await finishCheckout(world, page.body['url']);
    await world.advanceTo(later(10.2));
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_starter' },
      status: 'active',
      current_period_start: end,
      usage_period_start: end,
    });
    expect((await invoicesOf(world, one))[0]).toMatchObject({ total: 1900, status: 'paid' });
  });

  test('400: a day that is past or too far, no plan; 409: a plan where there is one', async () => {
    const one = await visitor(world);
    expect((await set(one, { plan_id: 'plan_pro', ends_at: later(-1) })).status).toBe(400);
    expect((await set(one, { plan_id: 'plan_pro', ends_at: later(800) })).status).toBe(400);
    expect((await set(one, { ends_at: later(5) })).status).toBe(400);
    expect((await set(one, { plan_id: 'plan_none', ends_at: later(5) })).status).toBe(404);
    const paying = await subscriber(world, starter);
    expect((await set(paying, { plan_id: 'plan_pro', ends_at: later(5) })).status).toBe(409);
  });
});

describe('the currency of a trial', () => {
  const trial = async (days: number) => {
    const one = await visitor(world);
    const endsAt = new Date(world.clock.now().getTime() + days * 86_400_000);
    const { status } = await world.api.call(`POST ${admin(one)}/trial`, {
      body: { plan_id: 'plan_pro', ends_at: endsAt.toISOString(), currency: 'usd' },
    });
    expect(status).toBe(200);
    return { one, endsAt };
  };

  test('409: credit in another one, which the provider would refuse for ever', async () => {
    const { one } = await trial(10);
    const inEuros = { amount_minor: 500, currency: 'eur', reason: 'An outage' };
    const refused = await world.api.call(`POST ${admin(one)}/credits`, { body: inEuros });
    expect(refused).toMatchObject({ status: 409, body: { currency: 'usd' } });
    const credit = { ...inEuros, currency: 'usd' };
    const given = await world.api.call(`POST ${admin(one)}/credits`, { body: credit });
    expect(given).toMatchObject({ status: 201, body: { status: 'given' } });
  });

  test('stays when it ended unpaid: 409 for a subscription in another one, with the one it is', async () => {
    const { one, endsAt } = await trial(2);
    await world.advanceTo(new Date(endsAt.getTime() + 3_600_000));
    expect((await one.call('GET', 'subscription')).body['status']).toBe('cancelled');
    const order = { plan_id: 'plan_starter', currency: 'eur' };
    const refused = await one.call('POST', 'subscription', order);
    expect(refused).toMatchObject({ status: 409, body: { currency: 'usd' } });
    const { body } = await one.call('POST', 'subscription', { plan_id: 'plan_starter' });
    await finishCheckout(world, body['checkout_url']);
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      status: 'active',
      currency: 'usd',
    });
  });
});
