import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { admitBatch, completeBatch } from '../../metering/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { admitCall, completeCall } from '../../test/calls.ts';
import { offer, subscriber, type Visitor } from '../../test/checkout.ts';
import { expectInvariants } from '../../test/invariants.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
  await offer(world, 'plan_10', { usd: 1000 }, { limit: 10, yearly: { usd: 10_000 } });
  await offer(world, 'plan_50', { usd: 5000 }, { limit: 50 });
});
afterAll(() => world.close());

async function use(one: Visitor, count: number): Promise<(string | null)[]> {
  const calls = Array.from({ length: count }, () => admitCall(one.organizationId));
  const settings = { queuedMax: 1_000, attemptsMax: 3, asOf: world.clock.now() };
  const stamps: (string | null)[] = [];
  for (const call of calls) {
    const [admitted] = await world.db.query<{ verdict: string }>(admitBatch([call], settings));
    if (admitted?.verdict.startsWith('allowed') !== true) {
      stamps.push(null);
      continue;
    }
    const [done] = await world.db.query<{ billed_as: string }>(
      completeBatch([completeCall(one.organizationId, call.jobId)], world.clock.now()),
    );
    stamps.push(done?.billed_as ?? null);
  }
  return stamps;
}

async function standing(one: Visitor) {
  const [row] = await world.db.query<{ used: number; overage: number; limit: number }>(
    sql`SELECT u.used, u.overage, l.monthly_limit AS limit
      FROM current_usage(ARRAY[${one.organizationId}], ${world.clock.now()}) u
      JOIN effective_limits(ARRAY[${one.organizationId}], ${world.clock.now()}) l
        USING (organization_id)`,
  );
  return row;
}

const day = 86_400_000;
const pass = (days: number) => world.advanceTo(new Date(world.clock.now().getTime() + days * day));

test('what was used stays used across an upgrade, and the new limit holds at once', async () => {
  const one = await subscriber(world, { plan_id: 'plan_10' });
  expect(await use(one, 11)).toEqual([...Array.from({ length: 10 }, () => 'included'), null]);
  await one.call('POST', 'subscription', { plan_id: 'plan_50' });
  expect(await standing(one)).toEqual({ used: 10, overage: 0, limit: 50 });
  expect(await use(one, 2)).toEqual(['included', 'included']);
  await expectInvariants(world.db);
});

test('a downgrade never makes past usage overage, and what is stamped keeps its price', async () => {
  const one = await subscriber(world, { plan_id: 'plan_50' });
  await one.call('PATCH', 'billing', { overage_policy: 'charge' });
  await use(one, 30);
  await one.call('POST', 'subscription', { plan_id: 'plan_10' });
  expect(await standing(one)).toEqual({ used: 30, overage: 0, limit: 50 });
  expect(await use(one, 1)).toEqual(['included']);
  const before = await listEvents(one);
  await pass(31);
  expect(await standing(one)).toEqual({ used: 0, overage: 0, limit: 10 });
  expect(await listEvents(one)).toEqual(before);
  expect((await use(one, 11)).at(-1)).toBe('overage');
  const stamped = await listEvents(one);
  await one.call('POST', 'subscription', { plan_id: 'plan_50' });
  expect(await listEvents(one)).toEqual(stamped);
  expect(await use(one, 1)).toEqual(['included']);
  await expectInvariants(world.db);
});

function listEvents(one: Visitor) {
  return world.db.query(sql`SELECT job_id, billed_as, unit_amount, plan_id FROM usage_events
    WHERE organization_id = ${one.organizationId} ORDER BY admitted_at, job_id`);
}

test('another interval begins a usage period of its own at zero', async () => {
  const one = await subscriber(world, { plan_id: 'plan_10' });
  await use(one, 4);
  await pass(3);
  await one.call('POST', 'subscription', { plan_id: 'plan_10', interval: 'year' });
  expect(await standing(one)).toEqual({ used: 0, overage: 0, limit: 10 });
  await expectInvariants(world.db);
});

test('a cancelled subscription keeps its anchor and what was used; Free holds from then on', async () => {
  const one = await subscriber(world, { plan_id: 'plan_50' });
  await use(one, 5);
  const end = (await one.call('GET', 'subscription')).body['usage_period_end'];
  await one.call('DELETE', 'subscription?when=now&settlement=none', undefined, {
    asOperator: true,
  });
  expect(await standing(one)).toEqual({ used: 5, overage: 0, limit: 100 });
  expect((await one.call('GET', 'subscription')).body['usage_period_end']).toBe(end);
});
