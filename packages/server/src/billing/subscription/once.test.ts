import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureCustomer } from '../customer/customer.ts';
import { systemContext } from '../deps.ts';
import type { Stripe } from '../provider/stripe.ts';
import { openCheckout } from './checkout.ts';
import { billingEventTypes, type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import {
  customerOf,
  finishCheckout,
  invoicesOf,
  setCard,
  subscriber,
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
const pro = { plan_id: 'plan_pro' };
const end = (one: { path: string }, settlement: string) =>
  world.api.call(`DELETE ${one.path}/subscription?when=now&settlement=${settlement}`);

/** Paid by card on the hosted page, and the tab is closed before it leads back. */
async function payAndLeave(url: unknown): Promise<void> {
  const done = await fetch(String(url), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ card: 'visa' }),
  });
  expect(done.status).toBe(303);
}

describe('a workspace that was subscribed and has not heard of it', () => {
  test('is given no second page to pay on', async () => {
    const one = await visitor(world);
    const first = await one.call('POST', 'subscription', starter);
    await payAndLeave(first.body['checkout_url']);
    const second = await one.call('POST', 'subscription', starter);
    expect(second.body['checkout_url'] ?? null).toBeNull();
    await world.settle();
    expect(await invoicesOf(world, one)).toHaveLength(1);
  });

  test('nor a trial beside it; and an open page is closed by a trial', async () => {
    const ends_at = later(10 * day).toISOString();
    const trial = (one: { organizationId: string }) =>
      world.api.call(`POST /v1/admin/workspaces/${one.organizationId}/trial`, {
        body: { ...pro, ends_at },
      });
    const paid = await visitor(world);
    const page = await paid.call('POST', 'subscription', starter);
    await payAndLeave(page.body['checkout_url']);
    expect((await trial(paid)).status).toBe(409);
    const one = await visitor(world);
    await one.call('POST', 'subscription', starter);
    expect((await trial(one)).status).toBe(200);
    const { id } = await customerOf(world, one);
    const { data } = await world.stripe.checkout.sessions.list({ customer: id });
    expect(data.map(({ status }) => status)).toEqual(['expired']);
  });
});

test('those who ask at the same moment are given one page', async () => {
  const one = await visitor(world);
  await one.call('POST', 'billing/payment-method');
  const replies = await Promise.all([1, 2, 3].map(() => one.call('POST', 'subscription', starter)));
  expect(new Set(replies.map(({ body }) => body['checkout_url'])).size).toBe(1);
  const other = await one.call('POST', 'subscription', pro);
  await finishCheckout(world, other.body['checkout_url']);
  await world.settle();
  expect((await invoicesOf(world, one)).map(({ total }) => total)).toEqual([9900]);
});

test('two processes that both found no open page make one page', async () => {
  const one = await visitor(world);
  const ctx = systemContext(world.deps, one.organizationId);
  await ensureCustomer(world.deps, ctx);
  const { sessions } = world.stripe.checkout;
  let looked = 0;
  const { promise: haveLooked, resolve } = Promise.withResolvers<void>();
  /** Goes on when the other one has looked, too. */
  const list = async (params: Stripe.Checkout.SessionListParams) => {
    const page = await sessions.list(params);
    looked += 1;
    if (looked === 2) resolve();
    await haveLooked;
    return page;
  };
  const checkout = { sessions: Object.create(sessions, { list: { value: list } }) as object };
  const stripe = Object.create(world.stripe, { checkout: { value: checkout } }) as Stripe;
  const terms = { planVersion: 1, interval: 'month', currency: 'usd', trialDays: null } as const;
  const named = { planName: 'Starter', amountMinor: 1900 };
  const target = { planId: 'plan_starter', ...named, ...terms };
  const open = () => openCheckout({ ...world.deps, stripe }, ctx, target, undefined);
  const urls = await Promise.all([open(), open()]);
  expect(new Set(urls).size).toBe(1);
  const { id } = await customerOf(world, one);
  expect((await world.stripe.checkout.sessions.list({ customer: id })).data).toHaveLength(1);
});

describe('an end with a refund', () => {
  test('asked for again after a lost answer pays back once, and is told', async () => {
    const one = await subscriber(world, starter);
    await world.advanceTo(later(15 * day));
    world.simulator.faults.add({
      kind: 'error_before',
      verb: 'DELETE',
      path: '/v1/subscriptions',
      times: 3,
    });
    expect((await end(one, 'refund')).status).toBe(503);
    world.simulator.faults.clear();
    expect((await end(one, 'none')).status).toBe(409);
    expect((await end(one, 'refund')).status).toBe(200);
    const [invoice] = await invoicesOf(world, one);
    const { data } = await world.stripe.creditNotes.list({ invoice: invoice?.id ?? '' });
    expect(data).toHaveLength(1);
    const types = await billingEventTypes(world, one.organizationId);
    expect(types.filter((type) => type === 'refund.created')).toHaveLength(1);
  });

  test('409 while the period is not paid: there is nothing to give back', async () => {
    const one = await subscriber(world, starter);
    const { id } = await customerOf(world, one);
    const { data } = await world.stripe.paymentMethods.list({ customer: id });
    await setCard(world, data[0]?.id ?? '', 'chargeCustomerFail');
    const { body } = await one.call('GET', 'subscription');
    await world.advanceTo(new Date(Date.parse(String(body['current_period_end'])) + 7_200_000));
    expect((await one.call('GET', 'subscription')).body['status']).toBe('past_due');
    expect((await end(one, 'refund')).status).toBe(409);
    expect((await end(one, 'credit')).status).toBe(409);
    expect((await end(one, 'none')).status).toBe(200);
  });

  test('after an upgrade pays back from every invoice of the period', async () => {
    const one = await subscriber(world, starter);
    expect((await one.call('POST', 'subscription', pro)).status).toBe(200);
    expect((await end(one, 'refund')).status).toBe(200);
    const back = (await invoicesOf(world, one)).map(
      ({ post_payment_credit_notes_amount: amount }) => amount,
    );
    expect(back).toEqual([8000, 1900]);
  });
});

test('days are given free on top of what is paid, never instead of it', async () => {
  const one = await subscriber(world, starter);
  const { body } = await one.call('GET', 'subscription');
  const path = `POST /v1/admin/workspaces/${one.organizationId}/trial` as const;
  const refused = await world.api.call(path, { body: { ends_at: later(5 * day).toISOString() } });
  expect([refused.status, JSON.stringify(refused.body['errors'])]).toEqual([
    400,
    expect.stringContaining(String(body['current_period_end'])),
  ]);
  await one.call('POST', 'subscription', { ...pro, when: 'period_end' });
  const body40 = { ends_at: later(40 * day).toISOString() };
  expect((await world.api.call(path, { body: body40 })).status).toBe(409);
  await one.call('POST', 'subscription', starter);
  const given = await world.api.call(path, { body: body40 });
  expect(given).toMatchObject({ status: 200, body: { status: 'trialing' } });
});
