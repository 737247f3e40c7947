import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import {
  customerOf,
  offer,
  setCard,
  subscriber,
  type Visitor,
  visitor,
} from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const starter = { plan_id: 'plan_starter' };
const pro = { plan_id: 'plan_pro' };

/** A trial that ends before a word of it has come to us. */
async function buyAndEndUnheard(one: Visitor, currency: string): Promise<void> {
  const { id: customer } = await customerOf(world, one);
  world.simulator.webhooks.set({ lose: 1 });
  const price = await ensurePrice(world.deps, {
    planId: 'plan_tried',
    version: 1,
    currency,
    interval: 'month',
  });
  const { id } = await world.stripe.subscriptions.create({
    customer,
    items: [{ price }],
    trial_period_days: 5,
    billing_mode: { type: 'flexible' },
  });
  await world.stripe.subscriptions.cancel(id);
  await world.settle();
  world.simulator.webhooks.set({});
}

describe('a change of plan that is refused', () => {
  test('409: the plan it is on, another currency, downward at once', async () => {
    const one = await subscriber(world, { ...pro, currency: 'eur' });
    const ask = async (body: object) => (await one.call('POST', 'subscription', body)).status;
    expect(await ask(pro)).toBe(409);
    expect(await ask({ ...starter, currency: 'usd' })).toBe(409);
    expect(await ask({ ...starter, when: 'now' })).toBe(409);
    expect(await ask({ plan_id: 'plan_free', when: 'now' })).toBe(409);
    const free = await visitor(world);
    expect((await free.call('POST', 'subscription', { plan_id: 'plan_free' })).status).toBe(409);
    expect((await free.call('POST', 'subscription', { ...pro, when: 'period_end' })).status).toBe(
      409,
    );
  });

  test('409: another currency than that of a trial that ended, heard of or not', async () => {
    await offer(
      world,
      'plan_tried',
      { usd: 900, eur: 800 },
      {
        body: { features: { trial_days: 10 } },
      },
    );
    const inEuro = { plan_id: 'plan_tried', currency: 'eur' };
    const inDollar = { ...inEuro, currency: 'usd' };
    const heard = await subscriber(world, inEuro);
    const end = 'subscription?when=now&settlement=none';
    expect((await heard.call('DELETE', end, undefined, { asOperator: true })).status).toBe(200);
    const unheard = await visitor(world);
    const page = await unheard.call('POST', 'subscription', inDollar);
    expect(page.status).toBe(200);
    await buyAndEndUnheard(unheard, inEuro.currency);
    for (const one of [heard, unheard]) {
      const refused = await one.call('POST', 'subscription', inDollar);
      expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', currency: 'eur' } });
      const preview = await one.call('POST', 'subscription/preview', inDollar);
      expect(preview).toMatchObject({ status: 409, body: { currency: 'eur' } });
      expect((await one.call('POST', 'subscription', inEuro)).status).toBe(200);
    }
  });

  test('403: a plan that the operator assigns; 404: unknown, archived, another workspace its own', async () => {
    const one = await visitor(world);
    const other = await visitor(world);
    const ask = async (plan_id: string, who = one) =>
      (await who.call('POST', 'subscription', { plan_id })).status;
    expect(await ask('plan_enterprise')).toBe(403);
    expect(await ask('plan_nothing')).toBe(404);
    const body = { workspace_id: other.organizationId };
    await offer(world, 'plan_negotiated', { usd: 700 }, { body });
    expect(await ask('plan_negotiated')).toBe(404);
    expect(await ask('plan_negotiated', other)).toBe(200);
    await offer(world, 'plan_gone', { usd: 700 });
    await world.api.call('DELETE /v1/admin/plans/plan_gone');
    expect(await ask('plan_gone')).toBe(404);
  });

  test('400: a currency or interval that the plan is not sold in, an old preview', async () => {
    await offer(world, 'plan_dollar', { usd: 100 });
    const one = await visitor(world);
    const pointers = async (body: object, who = one) => {
      const reply = await who.call('POST', 'subscription', body);
      expect([reply.status, reply.body]).toMatchObject([400, {}]);
      return (reply.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    };
    const plan = { plan_id: 'plan_dollar' };
    expect(await pointers({ ...plan, currency: 'eur' })).toEqual(['/body/currency']);
    expect(await pointers({ ...plan, currency: 'Euro' })).toEqual(['/body/currency']);
    expect(await pointers({ ...plan, interval: 'year' })).toEqual(['/body/interval']);
    expect(await pointers({ ...plan, return_url: 'https://evil.test/' })).toEqual([
      '/body/return_url',
    ]);
    expect(await pointers({ plan: 'plan_pro' })).toEqual(['/body/plan_id', '/body/plan']);
    const paid = await subscriber(world, plan);
    const old = new Date(world.clock.now().getTime() + 60_000).toISOString();
    expect(await pointers({ ...pro, proration_date: old }, paid)).toEqual(['/body/proration_date']);
  });

  test('409: while an invoice is overdue, with the page to pay on', async () => {
    const one = await subscriber(world, starter);
    const { id } = await customerOf(world, one);
    const { data } = await world.stripe.paymentMethods.list({ customer: id });
    await setCard(world, data[0]?.id ?? '', 'chargeCustomerFail');
    const { body } = await one.call('GET', 'subscription');
    await world.advanceTo(new Date(Date.parse(String(body['current_period_end'])) + 7_200_000));
    expect((await one.call('GET', 'subscription')).body['status']).toBe('past_due');
    const refused = await one.call('POST', 'subscription', pro);
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(refused.body['invoice_url']).toContain('http');
  });

  test('429: a sixth change within a day, and for the operator none too many', async () => {
    const one = await subscriber(world, pro);
    for (const plan of [starter, pro, starter, pro, starter]) {
      expect((await one.call('POST', 'subscription', plan)).status).toBe(200);
    }
    const { status, body, headers } = await one.call('POST', 'subscription', pro);
    expect([status, body]).toMatchObject([429, { code: 'rate_limited', limit: 5 }]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(86_000);
    const operator = await one.call('POST', 'subscription', pro, { asOperator: true });
    expect(operator.status).toBe(200);
    await world.advanceTo(new Date(world.clock.now().getTime() + 86_400_000));
    expect((await one.call('POST', 'subscription', starter)).status).toBe(200);
  });

  test('401, 403 and 404: by credentials, as everywhere', async () => {
    const one = await visitor(world);
    const other = await visitor(world);
    const url = `POST ${one.path}/subscription` as const;
    expect((await world.api.call(url, { as: null, body: pro })).status).toBe(401);
    expect((await world.api.call(url, { as: other.apiKey, body: pro })).status).toBe(404);
  });
});
