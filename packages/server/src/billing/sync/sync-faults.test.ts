import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../../test/billing.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { ensureCustomer } from '../customer/customer.ts';
import { systemContext } from '../deps.ts';
import { syncOrganization } from './sync.ts';

let world: BillingWorld;
let id: string;
beforeAll(async () => {
  const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  world = await createBillingWorld({ log: quiet });
});
beforeEach(async () => {
  id = await world.organization();
});
afterAll(() => world.close());

function nothing(): void {
  return undefined;
}

/** The real database, whose connection is cut before the n-th statement of a transaction. */
function cutBefore(n: number): { db: Database; wasCut: () => boolean } {
  let wasCut = false;
  const db: Database = {
    query: (statement) => world.db.query(statement),
    transaction: (work) =>
      world.db.transaction((tx) => {
        let count = 0;
        return work({
          query: async (statement) => {
            count += 1;
            if (count === n) {
              wasCut = true;
              await tx.query(sql`SELECT pg_terminate_backend(pg_backend_pid())`);
            }
            return tx.query(statement);
          },
        });
      }),
  };
  return { db, wasCut: () => wasCut };
}

async function toldOf() {
  const [counts] = await world.db.query<{ audit: number; history: number; outbox: number }>(
    sql`SELECT
      (SELECT count(*) FROM audit_log WHERE chain_id = ${id}
        AND action = 'subscription.synced') AS audit,
      (SELECT count(*) FROM billing_events WHERE organization_id = ${id}
        AND type LIKE 'subscription.%graded') AS history,
      (SELECT count(*) FROM outbox WHERE organization_id = ${id}
        AND payload ->> 'change' LIKE '%graded') AS outbox`,
  );
  return counts;
}

async function otherPlan(subscriptionId: string, planId: string): Promise<void> {
  const price = await ensurePrice(world.deps, {
    planId,
    version: 1,
    currency: 'usd',
    interval: 'month',
  });
  const subscription = await world.stripe.subscriptions.retrieve(subscriptionId);
  await world.stripe.subscriptions.update(subscriptionId, {
    items: [{ id: subscription.items.data[0]?.id ?? '', price }],
    proration_behavior: 'none',
  });
}

test('a sync that is cut off before any of its statements leaves nothing; the next tells it once', async () => {
  const { id: subscriptionId } = await world.subscribe(id, { planId: 'plan_starter' });
  world.simulator.webhooks.set({ lose: 1 });
  let changes = 0;
  for (let n = 1; ; n += 1) {
    await otherPlan(subscriptionId, n % 2 === 1 ? 'plan_pro' : 'plan_starter');
    const { db, wasCut } = cutBefore(n);
    const outcome = await syncOrganization({ ...world.deps, db }, id).catch(() => 'cut');
    if (!wasCut()) break;
    expect(outcome).toBe('cut');
    expect(await toldOf()).toEqual({ audit: changes + 1, history: changes, outbox: changes });
    await syncOrganization(world.deps, id);
    await syncOrganization(world.deps, id);
    changes += 1;
    expect(await toldOf()).toEqual({ audit: changes + 1, history: changes, outbox: changes });
  }
  world.simulator.webhooks.set({});
  expect(changes).toBeGreaterThan(10);
}, 120_000);

describe('answers that are lost', () => {
  const price = { planId: 'plan_pro', version: 1, currency: 'usd', interval: 'month' } as const;

  test.each(['error_after', 'cut_after', 'rate_limit'] as const)(
    '%s, again and again: one customer, one price',
    async (kind) => {
      const priceId = await ensurePrice(world.deps, price);
      for (let seed = 1; seed <= 4; seed += 1) {
        const workspace = await world.organization();
        const ctx = systemContext(world.deps, workspace);
        await world.db.query(sql`DELETE FROM stripe_prices WHERE price_id = ${priceId}`);
        world.simulator.faults.add({ kind, verb: 'POST', probability: 0.5, times: 1000, seed });
        const given = await Promise.allSettled([
          ensureCustomer(world.deps, ctx),
          ensureCustomer(world.deps, ctx),
          ensurePrice(world.deps, price),
        ]);
        world.simulator.faults.clear();
        const customer = await ensureCustomer(world.deps, ctx);
        expect(await ensurePrice(world.deps, price)).toBe(priceId);
        const right = new Set([customer, priceId]);
        const values = given.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
        expect(values.filter((value) => !right.has(value))).toEqual([]);
        const { data } = await world.stripe.customers.list({ limit: 100 });
        const ours = data.filter(({ metadata }) => metadata['organization_id'] === workspace);
        expect(ours).toHaveLength(1);
      }
    },
    120_000,
  );

  test('events whose look at the provider fails are worked off in the end, and told once', async () => {
    const { id: subscriptionId } = await world.subscribe(id, { planId: 'plan_starter' });
    await otherPlan(subscriptionId, 'plan_pro');
    world.simulator.faults.add({ kind: 'error_before', verb: 'GET', times: 1000 });
    await world.settle();
    expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_starter' });
    world.simulator.faults.clear();
    const waiting = () =>
      world.db.query(sql`UPDATE stripe_events SET next_attempt_at = now()
        WHERE organization_id = ${id} AND processed_at IS NULL RETURNING id`);
    expect(await waiting()).not.toEqual([]);
    await world.settle();
    expect(await waiting()).toEqual([]);
    expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_pro' });
    expect(await toldOf()).toEqual({ audit: 2, history: 1, outbox: 1 });
  });
});
