import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { resend } from '../../test/billing-world.ts';
import { type BillingWorld, billingEventTypes, createBillingWorld } from '../../test/billing.ts';
import { customerOf, finishCheckout, subscriber, visitor } from '../../test/checkout.ts';
import { idOf } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const starter = { plan_id: 'plan_starter' };

async function defaultsOf(one: Parameters<typeof customerOf>[1]) {
  const customer = await customerOf(world, one);
  const { data } = await world.stripe.subscriptions.list({ customer: customer.id });
  return {
    customer: customer.invoice_settings.default_payment_method,
    subscription: data[0]?.default_payment_method ?? null,
  };
}

describe('POST …/billing/payment-method', () => {
  const complete = (url: unknown, card: string) =>
    fetch(String(url), {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ card }),
    });
  const later = () => world.advanceTo(new Date(world.clock.now().getTime() + 60_000));

  test('200: the card is then the one of the customer and of the subscription', async () => {
    const one = await subscriber(world, starter);
    const before = await defaultsOf(one);
    expect(before.customer).toBe(before.subscription);
    const { status, body } = await one.call('POST', 'billing/payment-method', {
      return_url: 'https://mutate.test/settings/billing?tab=card',
    });
    expect(status).toBe(200);
    expect(await finishCheckout(world, body['url'], 'mastercard')).toBe(
      '/settings/billing?tab=card',
    );
    const after = await defaultsOf(one);
    expect(after.customer).toBe(after.subscription);
    expect(after.customer).not.toBe(before.customer);
    expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
      brand: 'mastercard',
    });
  });

  test('the news of an older page does not bring an older card back', async () => {
    const one = await subscriber(world, starter);
    const pages = [];
    for (const card of ['mastercard', 'amex']) {
      const { body } = await one.call('POST', 'billing/payment-method');
      await finishCheckout(world, body['url'], card);
      pages.push(body['url']);
      await world.advanceTo(new Date(world.clock.now().getTime() + 60_000));
    }
    const again = String(pages[0]).split('/').at(-1) ?? '';
    await world.api.app.inject({ method: 'GET', url: `/billing/return?session_id=${again}` });
    expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
      brand: 'amex',
    });
  });

  test('a visitor who never comes back has changed the card all the same', async () => {
    const one = await subscriber(world, starter);
    const { body } = await one.call('POST', 'billing/payment-method');
    await complete(body['url'], 'discover');
    await world.settle();
    const after = await defaultsOf(one);
    expect(after.customer).toBe(after.subscription);
    expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
      brand: 'discover',
    });
  });

  test('a card given in a later Checkout is not displaced by the page before it', async () => {
    const one = await visitor(world);
    const page = await one.call('POST', 'billing/payment-method');
    await finishCheckout(world, page.body['url'], 'amex');
    await later();
    const { body } = await one.call('POST', 'subscription', starter);
    await finishCheckout(world, body['checkout_url'], 'mastercard');
    await world.settle();
    const { subscription } = await defaultsOf(one);
    const method = await world.stripe.paymentMethods.retrieve(idOf(subscription) ?? '');
    expect(method.card?.brand).toBe('mastercard');
  });

  test('nor by news of that page that come after it', async () => {
    const one = await visitor(world);
    const page = await one.call('POST', 'billing/payment-method');
    world.simulator.webhooks.set({ lose: 1 });
    await complete(page.body['url'], 'amex');
    await world.simulator.settled();
    world.simulator.webhooks.set({});
    await later();
    const { body } = await one.call('POST', 'subscription', starter);
    await finishCheckout(world, body['checkout_url'], 'mastercard');
    await world.settle();
    const brand = async () => {
      const { subscription } = await defaultsOf(one);
      return (await world.stripe.paymentMethods.retrieve(idOf(subscription) ?? '')).card?.brand;
    };
    expect(await brand()).toBe('mastercard');
    await resend(world, 'lost');
    await world.settle();
    expect(await brand()).toBe('mastercard');
  });

  test('late news of a page does not undo a card that was changed at the provider', async () => {
    const one = await subscriber(world, starter);
    const { body } = await one.call('POST', 'billing/payment-method');
    await finishCheckout(world, body['url'], 'amex');
    const customer = await customerOf(world, one);
    await world.advanceTo(new Date(world.clock.now().getTime() + 3 * 86_400_000));
    const { id: portalCard } = await world.stripe.paymentMethods.attach('pm_card_visa', {
      customer: customer.id,
    });
    const { data } = await world.stripe.subscriptions.list({ customer: customer.id });
    await world.stripe.subscriptions.update(data[0]?.id ?? '', {
      default_payment_method: portalCard,
    });
    const again = String(body['url']).split('/').at(-1) ?? '';
    await world.api.app.inject({ method: 'GET', url: `/billing/return?session_id=${again}` });
    expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
      brand: 'visa',
    });
  });

  test('a card removed before its news is worked off holds up nothing', async () => {
    const one = await subscriber(world, starter);
    const customer = await customerOf(world, one);
    const { body } = await one.call('POST', 'billing/payment-method');
    await complete(body['url'], 'discover');
    const { data } = await world.stripe.customers.listPaymentMethods(customer.id);
    const given = data.find(({ card }) => card?.brand === 'discover');
    await world.stripe.paymentMethods.detach(given?.id ?? '');
    await world.settle();
    const waiting = await world.db.query(
      sql`SELECT type, last_error FROM stripe_events
        WHERE customer_id = ${customer.id} AND processed_at IS NULL`,
    );
    expect(waiting).toEqual([]);
    expect((await one.call('GET', 'billing')).body['payment_method']).toMatchObject({
      brand: 'visa',
    });
  });

  test('400: a page to come back to that is not ours', async () => {
    const one = await visitor(world);
    for (const return_url of ['https://evil.test/', 'https://mutate.test.evil.test/', 'nonsense']) {
      const { status } = await one.call('POST', 'billing/payment-method', { return_url });
      expect(status).toBe(400);
    }
  });
});

describe('GET /billing/return', () => {
  const visit = (query: string) =>
    world.api.app.inject({ method: 'GET', url: `/billing/return?${query}` });

  test('303: only onto a page of ours, whatever the link says', async () => {
    const unknown = 'session_id=cs_test_0123456789abcdef';
    expect((await visit(unknown)).headers.location).toBe('/');
    expect((await visit(`${unknown}&to=%2Fplans%3Fa%3D1`)).headers.location).toBe('/plans?a=1');
    for (const to of [
      'https://evil.test',
      '//evil.test/x',
      '/\\evil.test',
      '/.//evil.test/x',
      'https://mutate.test//evil.test/x',
      'javascript:alert(1)',
    ]) {
      const { statusCode, headers } = await visit(`${unknown}&to=${encodeURIComponent(to)}`);
      expect(statusCode).toBe(303);
      expect(headers.location).toBe('/');
    }
  });

  test('400: no session', async () => {
    expect((await visit('session_id=nonsense')).statusCode).toBe(400);
  });
});

describe('DELETE …/billing/payment-method', () => {
  test('409 while something is charged to it, 204 after, 404 when there is none', async () => {
    const one = await subscriber(world, starter);
    expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(409);
    await one.call('DELETE', 'subscription?when=now&settlement=none', undefined, {
      asOperator: true,
    });
    expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(204);
    expect((await one.call('GET', 'billing')).body['payment_method']).toBeNull();
    expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(404);
  });

  test('409 while overage is charged, unless the operator gave his word', async () => {
    const one = await visitor(world);
    const admin = `/v1/admin/workspaces/${one.organizationId}`;
    await world.api.call(`POST ${admin}/subscription`, { body: { plan_id: 'plan_pro' } });
    const charge = () => one.call('PATCH', 'billing', { overage_policy: 'charge' });
    expect(await charge()).toMatchObject({ status: 409, body: { missing: ['payment_method'] } });
    const page = await one.call('POST', 'billing/payment-method');
    await finishCheckout(world, page.body['url']);
    expect((await charge()).status).toBe(200);
    expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(409);
    await world.api.call(`PATCH ${admin}/billing`, { body: { overage_charge_allowed: true } });
    expect((await one.call('DELETE', 'billing/payment-method')).status).toBe(204);
    expect((await one.call('GET', 'billing')).body).toMatchObject({
      payment_method: null,
      overage_policy: 'charge',
    });
  });
});

test('a card removed at the provider: what was to be charged to it is refused from then on', async () => {
  const one = await visitor(world);
  const admin = `/v1/admin/workspaces/${one.organizationId}`;
  await world.api.call(`POST ${admin}/subscription`, { body: { plan_id: 'plan_pro' } });
  const page = await one.call('POST', 'billing/payment-method');
  await finishCheckout(world, page.body['url']);
  expect((await one.call('PATCH', 'billing', { overage_policy: 'charge' })).status).toBe(200);
  const { customer } = await defaultsOf(one);
  await world.stripe.paymentMethods.detach(idOf(customer) ?? '');
  await world.settle();
  expect((await one.call('GET', 'billing')).body).toMatchObject({
    payment_method: null,
    overage_policy: 'block',
  });
});

test('a card changed or removed at the provider is in the billing history and the audit log', async () => {
  const one = await subscriber(world, starter);
  const customer = await customerOf(world, one);
  const told = async () => {
    const history = await billingEventTypes(world, one.organizationId);
    const audit = await world.db.query(
      sql`SELECT payload -> 'before' ->> 'brand' AS before,
          payload -> 'after' ->> 'brand' AS after FROM audit_log
        WHERE chain_id = ${one.organizationId} AND action = 'payment_method.synced'
        ORDER BY sequence`,
    );
    return { history: history.filter((type) => type.startsWith('payment_method.')), audit };
  };
  const { id: card } = await world.stripe.paymentMethods.attach('pm_card_amex', {
    customer: customer.id,
  });
  await world.stripe.customers.update(customer.id, {
    invoice_settings: { default_payment_method: card },
  });
  const { data } = await world.stripe.subscriptions.list({ customer: customer.id });
  await world.stripe.subscriptions.update(data[0]?.id ?? '', { default_payment_method: card });
  await world.settle();
  await world.stripe.paymentMethods.detach(card);
  await world.settle();
  await syncOrganization(world.deps, one.organizationId);
  expect(await told()).toEqual({
    history: ['payment_method.changed', 'payment_method.changed', 'payment_method.removed'],
    audit: [
      { before: null, after: 'visa' },
      { before: 'visa', after: 'amex' },
      { before: 'amex', after: null },
    ],
  });
});

describe('POST …/billing/portal', () => {
  test("200: the provider's page, which leads back to ours", async () => {
    const one = await subscriber(world, starter);
    const { status, body } = await one.call('POST', 'billing/portal', {
      return_url: 'https://mutate.test/settings',
    });
    expect(status).toBe(200);
    const page = await fetch(String(body['url']));
    expect(page.status).toBe(200);
    const evil = await one.call('POST', 'billing/portal', { return_url: 'https://evil.test' });
    expect(evil.status).toBe(400);
  });
});
