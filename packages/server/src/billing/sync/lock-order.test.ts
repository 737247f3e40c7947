import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { holdUsage } from '../../organizations/limits.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../../test/billing.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { systemContext } from '../deps.ts';
import { syncOrganization } from './sync.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

test('a completion that fixes the currency and a sync that changes the plan do not wait for each other', async () => {
  const id = await world.organization();
  const { id: subscription, items } = await world.subscribe(id, { planId: 'plan_starter' });
  const pro = { planId: 'plan_pro', version: 1, currency: 'usd', interval: 'month' } as const;
  const price = await ensurePrice(world.deps, pro);
  world.simulator.webhooks.set({ lose: 1 });
  await world.stripe.subscriptions.update(subscription, {
    items: [{ id: items.data[0]?.id ?? '', price }],
    proration_behavior: 'none',
  });
  const syncs: Promise<void>[] = [];
  await world.db.transaction(async (tx) => {
    await holdUsage(tx, systemContext(world.deps, id));
    const [own] = await tx.query<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
    syncs.push(syncOrganization(world.deps, id));
    const waiting = sql`SELECT 1 AS found FROM pg_stat_activity
      WHERE ${own?.pid ?? 0}::integer = ANY (pg_blocking_pids(pid))`;
    await expect.poll(() => world.database.owner.query(waiting)).toHaveLength(1);
    // As `open_overage_bills` does.
    await tx.query(sql`UPDATE organization_subscriptions SET paid_currency = 'usd'
      WHERE organization_id = ${id}`);
  });
  await Promise.all(syncs);
  expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_pro' });
});
