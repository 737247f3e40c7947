import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../test/billing.ts';
import { finishCheckout, offer, visitor } from '../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
  await offer(world, 'plan_a', { usd: 1000 });
  await offer(world, 'plan_b', { usd: 3000 });
});
afterAll(() => world.close());

const migration = new URL('../../db/migrations/0037_recurring_revenue.sql', import.meta.url);

test('what an older history tells of what recurs is what was written since, an assigned plan is nothing', async () => {
  const one = await visitor(world);
  const assign = `POST /v1/admin/workspaces/${one.organizationId}/subscription` as const;
  expect((await world.api.call(assign, { body: { plan_id: 'plan_a' } })).status).toBe(200);
  await world.advanceTo('2027-06-09T15:00:00Z');
  const page = await one.call('POST', 'subscription', { plan_id: 'plan_a' });
  await finishCheckout(world, page.body['checkout_url']);
  await world.settle();
  // At the same moment of business time.
  expect((await one.call('POST', 'subscription', { plan_id: 'plan_b' })).status).toBe(200);
  await world.settle();
  const { owner } = world.database;
  const rows = sql`SELECT changed_at, currency, monthly_before, monthly_after
    FROM recurring_revenue_changes ORDER BY changed_at, monthly_after`;
  const written = await owner.query<Written>(rows);
  const changed_at = '2027-06-09T15:00:00.000Z';
  expect(written).toEqual([
    { changed_at, currency: 'usd', monthly_before: null, monthly_after: expect.anything() },
    {
      changed_at,
      currency: 'usd',
      monthly_before: expect.anything(),
      monthly_after: expect.anything(),
    },
  ]);
  await owner.query(sql`DELETE FROM recurring_revenue_changes`);
  const text = await readFile(migration, 'utf8');
  await owner.query({ text: text.slice(text.indexOf('WITH told')), values: [], name: 'history' });
  const told = await owner.query<Written>(rows);
  expect(told.map(plain)).toEqual(written.map(plain));
});

interface Written {
  readonly monthly_before: string | null;
  readonly monthly_after: string | null;
}

/** However many digits the division left. */
function plain({ monthly_before: before, monthly_after: after, ...row }: Written) {
  return { ...row, before: before === null ? null : Number(before), after: Number(after) };
}
