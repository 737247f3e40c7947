import { expect } from 'vitest';
import type { Stripe } from '../billing/provider/stripe.ts';
import type { Method } from '../http/route.ts';
import type { ApiReply } from './api.ts';
import type { OpenWorld } from './billing-world.ts';
import { scenario } from './scenario.ts';

/** A workspace on Free, and calls with its own key. */
export interface Visitor {
  readonly organizationId: string;
  readonly apiKey: string;
  readonly path: string;
  /** `what` is the rest of the path; as the operator with `asOperator`. */
  call(
    method: Method,
    what: string,
    body?: object,
    options?: { asOperator?: boolean; headers?: Record<string, string> },
  ): Promise<ApiReply>;
}

export async function visitor(world: OpenWorld, name = 'Acme'): Promise<Visitor> {
  const { organizationId, apiKey } = await scenario(world.db, world.clock)
    .organization(name)
    .create();
  const path = `/v1/workspaces/${organizationId}`;
  return {
    organizationId,
    apiKey,
    path,
    call: (method, what, body, { asOperator = false, headers = {} } = {}) =>
      world.api.call(`${method} ${path}/${what}`, {
        ...(asOperator ? {} : { as: apiKey }),
        ...(body === undefined ? {} : { body }),
        headers,
      }),
  };
}

/** Fills in the hosted page with a test card, and comes back. Answers where that leads to. */
export async function finishCheckout(
  world: OpenWorld,
  url: unknown,
  card = 'visa',
): Promise<string> {
  expect(String(url)).toContain('/pages/checkout/');
  const done = await fetch(String(url), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ card }),
  });
  expect(done.status).toBe(303);
  const back = new URL(done.headers.get('location') ?? '');
  const reply = await world.api.app.inject({
    method: 'GET',
    url: `${back.pathname}${back.search}`,
  });
  expect(reply.statusCode).toBe(303);
  return String(reply.headers.location);
}

/** A workspace that has bought a plan through Checkout. */
export async function subscriber(
  world: OpenWorld,
  order: { plan_id: string; interval?: 'month' | 'year'; currency?: string },
  card = 'visa',
): Promise<Visitor> {
  const one = await visitor(world);
  const { status, body } = await one.call('POST', 'subscription', order);
  expect([status, body]).toMatchObject([200, {}]);
  await finishCheckout(world, body['checkout_url'], card);
  await world.settle();
  return one;
}

/** What the provider has of a workspace's customer. */
export async function customerOf(
  world: OpenWorld,
  { organizationId }: Visitor,
): Promise<Stripe.Customer> {
  const { data } = await world.stripe.customers.list({ limit: 100 });
  const found = data.find(({ metadata }) => metadata['organization_id'] === organizationId);
  if (found === undefined) throw new Error(`${organizationId} has no customer`);
  return found;
}

/** Its invoices, newest first. */
export async function invoicesOf(world: OpenWorld, one: Visitor): Promise<Stripe.Invoice[]> {
  const { id } = await customerOf(world, one);
  const { data } = await world.stripe.invoices.list({ customer: id, limit: 100 });
  return data;
}

/** A plan with one price a currency and interval, e.g. `offer(world, 'plan_a', { usd: 1000 })`. */
export async function offer(
  world: OpenWorld,
  id: string,
  monthly: Readonly<Record<string, number>>,
  given: { limit?: number | null; yearly?: Readonly<Record<string, number>>; body?: object } = {},
): Promise<void> {
  const prices = (amounts: Readonly<Record<string, number>>, interval: string) =>
    Object.entries(amounts).map(([currency, amount_minor]) => ({
      currency,
      interval,
      amount_minor,
      overage_amount: '0.05',
    }));
  const { status, body } = await world.api.call('POST /v1/admin/plans', {
    body: {
      id,
      name: id,
      monthly_conversion_limit: given.limit === undefined ? 1_000 : given.limit,
      concurrent_conversion_limit: 5,
      max_file_size_mb: 25,
      rate_limit_per_minute: 1_000,
      overage_policies: ['block', 'charge'],
      prices: [...prices(monthly, 'month'), ...prices(given.yearly ?? {}, 'year')],
      ...given.body,
    },
  });
  expect([status, body]).toMatchObject([201, {}]);
}

/** What a saved card does from now on. */
export async function setCard(
  world: OpenWorld,
  paymentMethod: string,
  card: string,
): Promise<void> {
  const reply = await fetch(`${world.simulator.url}/_sim/payment_methods/${paymentMethod}`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_x', 'content-type': 'application/json' },
    body: JSON.stringify({ card }),
  });
  expect(reply.status).toBe(200);
}
