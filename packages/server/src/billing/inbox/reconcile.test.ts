import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import {
  type BillingWorld,
  billingEventTypes,
  createBillingWorld,
  keptSubscription,
} from '../../test/billing.ts';
import { reconcile } from './reconcile.ts';

let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld();
});
afterEach(() => world.close());

const hour = 3_600_000;
const later = (hours: number) => new Date(world.clock.now().getTime() + hours * hour);

/** Webhooks that reach nobody, as when the whole server is away. */
async function takeDown(): Promise<void> {
  await world.simulator.sendWebhooksTo('http://127.0.0.1:9/', 'whsec_nobody');
}

async function expectProviderState(id: string): Promise<void> {
  const kept = await keptSubscription(world, id);
  const { data } = await world.stripe.subscriptions.list({
    customer: String(kept['stripe_customer_id']),
    status: 'all',
  });
  const [theirs] = data;
  const end = new Date((theirs?.items.data[0]?.current_period_end ?? 0) * 1000);
  const alive = {
    status: theirs?.status,
    stripe_subscription_id: theirs?.id,
    current_period_end: end.toISOString(),
  };
  const over = { status: 'cancelled', stripe_subscription_id: null };
  expect(kept).toMatchObject(theirs?.status === 'canceled' ? over : alive);
}

test('the endpoint down for 70 hours, then up: every state is right after one look', async () => {
  const ids = await Promise.all(['a', 'b', 'c', 'd'].map((name) => world.organization(name)));
  const bought = [];
  for (const id of ids) bought.push(await world.subscribe(id, { planId: 'plan_starter' }));
  await world.advanceTo(later(29 * 24));
  await takeDown();
  await world.stripe.subscriptions.cancel(bought[0]?.id ?? '');
  await world.stripe.subscriptions.update(bought[1]?.id ?? '', { cancel_at_period_end: true });
  await world.advanceTo(later(70));
  const statuses = async () =>
    Promise.all(ids.map(async (id) => (await keptSubscription(world, id))['status']));
  expect(await statuses()).toEqual(['active', 'active', 'active', 'active']);
  await reconcile(world.deps);
  await world.settle();
  for (const id of ids) await expectProviderState(id);
  expect(await statuses()).toEqual(['cancelled', 'cancelled', 'active', 'active']);
  const renewals = (await billingEventTypes(world, ids[2] ?? '')).filter((type) =>
    type.endsWith('renewed'),
  );
  expect(renewals).toHaveLength(1);
}, 120_000);

test('webhooks that are lost for good are read from the list of events; a second look adds none', async () => {
  const id = await world.organization();
  world.simulator.webhooks.set({ lose: 1 });
  await world.subscribe(id, { planId: 'plan_pro' });
  expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_free' });
  // The second finds what the first brought about: the card became the customer's.
  for (let look = 0; look < 2; look += 1) {
    await reconcile(world.deps);
    await world.settle();
  }
  expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_pro' });
  const events = () =>
    world.db.query(sql`SELECT id, source FROM stripe_events WHERE organization_id = ${id}`);
  const before = await events();
  expect(before.length).toBeGreaterThan(3);
  await reconcile(world.deps);
  await world.settle();
  expect(await events()).toEqual(before);
});

test('what no event tells of is found by the daily comparison', async () => {
  const id = await world.organization();
  await world.subscribe(id, { planId: 'plan_pro' });
  await world.db.query(sql`UPDATE organization_subscriptions SET plan_id = 'plan_starter'
    WHERE organization_id = ${id}`);
  await reconcile(world.deps);
  await world.advanceTo(later(25));
  await reconcile(world.deps);
  expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_pro' });
});

test('events are forgotten after sixty days, when nothing reads them again', async () => {
  const id = await world.organization();
  await world.subscribe(id, { planId: 'plan_pro' });
  const oldest = async () => {
    const [row] = await world.db.query<{ oldest: string }>(
      sql`SELECT min(created_at) AS oldest FROM stripe_events`,
    );
    return (world.clock.now().getTime() - Date.parse(row?.oldest ?? '')) / (24 * hour);
  };
  await world.advanceTo(later(59 * 24));
  await reconcile(world.deps);
  expect(await oldest()).toBeGreaterThan(58);
  await world.advanceTo(later(3 * 24));
  await reconcile(world.deps);
  await world.settle();
  expect(await oldest()).toBeLessThan(60);
}, 120_000);

test('a renewal whose draft was not answered for is prepared; one that fails holds up no other', async () => {
  const ids = [await world.organization('a'), await world.organization('b')];
  for (const id of ids) await world.subscribe(id, { planId: 'plan_starter' });
  await takeDown();
  await world.advanceTo(later(31 * 24));
  const seen: string[] = [];
  const deps = {
    ...world.deps,
    log: { ...world.deps.log, warn: () => undefined },
    onRenewalDraft: (_: unknown, organizationId: string) => {
      seen.push(organizationId);
      return Promise.reject(new Error('not now'));
    },
  };
  await reconcile(deps);
  expect(seen.toSorted()).toEqual(ids.toSorted());
});
