import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConversionDeps } from '../conversions/deps.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../test/billing.ts';
import { invoicesOf, subscriber } from '../test/checkout.ts';
import { quietLog } from '../test/server.ts';
import { deleteWorkspace } from './delete-workspace.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
});
afterAll(() => world.close());

test('a deleted workspace is not charged again, and its invoices stay in the books', async () => {
  const one = await subscriber(world, { plan_id: 'plan_starter' });
  const [paid] = await invoicesOf(world, one);
  const ctx = {
    db: world.db,
    clock: world.clock,
    log: quietLog,
    actor: { kind: 'super_admin', id: 'operator' } as const,
    requestId: newId('req', Date.now()),
    organization: { id: one.organizationId },
  };
  // No file is touched by the deletion itself.
  const deps = { conversions: {} as ConversionDeps, billing: world.deps };
  await deleteWorkspace(deps, ctx, 'Acme');
  await world.settle();
  const { data } = await world.stripe.subscriptions.list({ status: 'canceled', limit: 100 });
  expect(data.map(({ metadata }) => metadata['organization_id'])).toContain(one.organizationId);
  await world.advanceTo('2027-08-02T00:00:00Z');
  expect((await invoicesOf(world, one)).map(({ id }) => id)).toEqual([paid?.id]);
  expect(await keptSubscription(world, one.organizationId)).toMatchObject({ status: 'cancelled' });
  const kept = await world.db.query<{ total_minor: number }>(
    sql`SELECT total_minor FROM invoices WHERE organization_id = ${one.organizationId}`,
  );
  expect(kept).toEqual([{ total_minor: 1900 }]);
});
