import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { invoicesOf, offer, subscriber } from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
  for (const step of [1, 2, 3]) {
    const [usd, yearly] = [step * 1_000, { usd: step * 10_000 }];
    await offer(world, `plan_${step}`, { usd }, { yearly });
  }
});
afterAll(() => world.close());

test.each([
  { waits: { plan_id: 'plan_1' }, wanted: { plan_id: 'plan_3' } },
  { waits: { plan_id: 'plan_1' }, wanted: { plan_id: 'plan_2', interval: 'year' } },
  {
    waits: { plan_id: 'plan_3', interval: 'year', when: 'period_end' },
    wanted: { plan_id: 'plan_3' },
  },
])('while $waits is to come, $wanted costs what its preview says', async ({ waits, wanted }) => {
  const one = await subscriber(world, { plan_id: 'plan_2' });
  await world.advanceTo(new Date(world.clock.now().getTime() + 3 * 86_400_000));
  const { body } = await one.call('POST', 'subscription', waits);
  expect(body['scheduled_change']).toMatchObject({ plan_id: waits.plan_id });
  const preview = await one.call('POST', 'subscription/preview', wanted);
  expect([preview.status, preview.body]).toMatchObject([200, {}]);
  const { proration_date, total_minor } = preview.body;
  const changed = await one.call('POST', 'subscription', { ...wanted, proration_date });
  expect([changed.status, changed.body]).toMatchObject([
    200,
    { plan: { id: wanted.plan_id }, scheduled_change: null },
  ]);
  expect((await invoicesOf(world, one))[0]?.total).toBe(total_minor);
});
