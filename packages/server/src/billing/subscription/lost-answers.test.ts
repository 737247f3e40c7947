import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { billingEventTypes, type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { invoicesOf, subscriber } from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const pro = { plan_id: 'plan_pro' };
const starter = { plan_id: 'plan_starter' };
/** The client tries three times: after that the request has failed. */
const tries = 3;

/** Each call of the change that has an effect at the provider is done, and its answer is lost. */
const lostAnswers = [0, 1, 2].flatMap((skip) =>
  (['error_after', 'cut_after', 'error_before'] as const).map((kind) => ({ kind, skip })),
);

describe.each(lostAnswers)('$kind at call $skip', ({ kind, skip }) => {
  test('an upgrade repeated under its key is made, charged and told once', async () => {
    const one = await subscriber(world, starter);
    await one.call('POST', 'subscription', { ...pro, when: 'period_end' });
    const ask = () =>
      one.call('POST', 'subscription', pro, {
        headers: { 'idempotency-key': `upgrade ${kind} ${skip}` },
      });
    const path = '/v1/subscription';
    world.simulator.faults.add({ kind, verb: 'POST', path, skip, times: tries });
    const first = await ask();
    expect([200, 503]).toContain(first.status);
    world.simulator.faults.clear();
    const second = await ask();
    expect(second).toMatchObject({
      status: 200,
      body: { plan: { id: 'plan_pro' }, scheduled_change: null },
    });
    await world.settle();
    expect((await invoicesOf(world, one)).map(({ total }) => total)).toEqual([8000, 1900]);
    const types = await billingEventTypes(world, one.organizationId);
    expect(types.filter((type) => type === 'subscription.upgraded')).toHaveLength(1);
  });

  test('so is a downgrade, and a repeat without a key that comes too late is told so', async () => {
    const one = await subscriber(world, pro);
    const path = '/v1/subscription';
    world.simulator.faults.add({ kind, verb: 'POST', path, skip, times: tries });
    const first = await one.call('POST', 'subscription', starter);
    world.simulator.faults.clear();
    const second = await one.call('POST', 'subscription', starter);
    expect(second).toMatchObject({
      status: 200,
      body: { plan: { id: 'plan_pro' }, scheduled_change: { plan_id: 'plan_starter' } },
    });
    expect([200, 503]).toContain(first.status);
    expect(await invoicesOf(world, one)).toHaveLength(1);
  });
});

test('what the provider did and nobody heard of is there with the next webhook', async () => {
  const one = await subscriber(world, starter);
  const path = '/v1/subscriptions';
  world.simulator.faults.add({ kind: 'cut_after', verb: 'POST', path, times: tries });
  expect((await one.call('POST', 'subscription', pro)).status).toBe(503);
  world.simulator.faults.clear();
  await world.settle();
  expect((await one.call('GET', 'subscription')).body).toMatchObject({ plan: { id: 'plan_pro' } });
  expect(await one.call('POST', 'subscription', pro)).toMatchObject({ status: 409 });
  expect((await invoicesOf(world, one)).map(({ total }) => total)).toEqual([8000, 1900]);
});

test('two upgrades at once charge once', async () => {
  const one = await subscriber(world, starter);
  const replies = await Promise.all([1, 2, 3].map(() => one.call('POST', 'subscription', pro)));
  for (const { status } of replies) expect([200, 409]).toContain(status);
  await world.settle();
  expect((await one.call('GET', 'subscription')).body).toMatchObject({ plan: { id: 'plan_pro' } });
  const totals = (await invoicesOf(world, one)).map(({ total }) => total);
  expect(totals.reduce((sum, total) => sum + total, 0)).toBe(9900);
});
