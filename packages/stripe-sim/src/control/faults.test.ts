import { Stripe } from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientOf, simulate, type Simulated } from '../test/simulated.ts';
import type { FaultRule } from './faults.ts';

let sim: Simulated;
beforeEach(async () => {
  sim = await simulate();
});
afterEach(() => sim.stop());

const names = async (): Promise<(string | null | undefined)[]> =>
  (await sim.stripe.customers.list()).data.map((customer) => customer.name);

test.each([
  ['rate_limit', Stripe.errors.StripeRateLimitError, 0],
  ['error_before', Stripe.errors.StripeAPIError, 0],
  ['error_after', Stripe.errors.StripeAPIError, 1],
  ['cut_before', Stripe.errors.StripeConnectionError, 0],
  ['cut_after', Stripe.errors.StripeConnectionError, 1],
] as const)(
  '%s: the client sees its error, and as much is done as it says',
  async (kind, error, done) => {
    // The client repeats by itself what a connection took away that it had kept open.
    const times = kind.startsWith('cut') ? 2 : 1;
    sim.simulator.faults.add({ kind, verb: 'POST', path: '/v1/customers', times });
    await expect(sim.stripe.customers.create({ name: 'Ann' })).rejects.toBeInstanceOf(error);
    expect(await names()).toHaveLength(done);
  },
);

test.each(['rate_limit', 'error_before', 'error_after', 'cut_before', 'cut_after'] as const)(
  '%s: the client’s retry under the same key ends in exactly one',
  async (kind) => {
    sim.simulator.faults.add({ kind, path: '/v1/customers' });
    const client = clientOf(sim.simulator, { maxNetworkRetries: 2 });
    const attempt = () => client.customers.create({ name: 'Ann' }, { idempotencyKey: 'ann' });
    // The client does not repeat a 429 by itself.
    await (kind === 'rate_limit' ? attempt().catch(attempt) : attempt());
    expect(await names()).toEqual(['Ann']);
  },
);

test('refuse: answered with the status, type and code that were asked for, nothing done', async () => {
  const rule = {
    kind: 'refuse',
    path: '/v1/customers',
    status: 402,
    code: 'card_declined',
  } as const;
  sim.simulator.faults.add({ ...rule, error_type: 'card_error' });
  await expect(sim.stripe.customers.create({ name: 'Ann' })).rejects.toMatchObject({
    type: 'StripeCardError',
    statusCode: 402,
    code: 'card_declined',
  });
  expect(await names()).toEqual([]);
});

test('a fault can wait, strike more than once, and strike one path alone', async () => {
  const rule: FaultRule = {
    kind: 'error_before',
    verb: 'POST',
    path: '/v1/products',
    skip: 1,
    times: 2,
  };
  sim.simulator.faults.add(rule);
  const create = () =>
    sim.stripe.products.create({ name: 'p' }).then(
      () => 'done',
      () => 'failed',
    );
  const results = [await create(), await create(), await create(), await create()];
  expect(results).toEqual(['done', 'failed', 'failed', 'done']);
  await expect(sim.stripe.customers.create({})).resolves.toBeDefined();
  expect(sim.simulator.faults.list()).toEqual([]);
});

test('the control API sets and clears faults, and says what it takes', async () => {
  const call = async (method: string, body?: object, key = 'sk_test_x') => {
    const response = await fetch(`${sim.simulator.url}/_sim/faults`, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  expect((await call('POST', { kind: 'cut_after', times: 3 })).status).toBe(200);
  expect((await call('GET')).body).toMatchObject({ faults: [{ kind: 'cut_after', left: 3 }] });
  expect((await call('DELETE')).body).toEqual({ faults: [] });
  const wrong = await call('POST', { kind: 'earthquake' });
  expect(wrong.status).toBe(400);
  expect(JSON.stringify(wrong.body)).toContain('rate_limit');
  expect((await call('POST', { kind: 'cut_after', often: 1 })).status).toBe(400);
  expect((await call('GET', undefined, 'nobody')).status).toBe(401);
});
