import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { PlatformClock, readPlatformClock } from '../../platform-clock.ts';
import { createTestApi } from '../../test/api.ts';
import {
  type BillingWorld,
  billingEventTypes,
  createBillingWorld,
  keptSubscription,
} from '../../test/billing.ts';
import { scenario } from '../../test/scenario.ts';
import { clockRoutes } from './routes.ts';
import { planWork } from '../due-work/due-work.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-01-31T10:00:00Z' });
});
afterAll(() => world.close());

const advance = (advance_to: unknown, as?: string | null) =>
  world.api.call('POST /v1/admin/clock', {
    body: { advance_to },
    ...(as === undefined ? {} : { as }),
  });

test('GET tells the time that business goes by, and who bills', async () => {
  const { status, body } = await world.api.call('GET /v1/admin/clock');
  expect(status).toBe(200);
  expect(body).toEqual({
    object: 'clock',
    now: world.clock.now().toISOString(),
    billing_mode: 'simulator',
  });
});

test('subscribed on 31 January: the periods end on 28 February, 31 March, 30 April, 31 May', async () => {
  const id = await world.organization();
  await world.subscribe(id, { planId: 'plan_starter' });
  const ends: unknown[] = [];
  for (const month of [2, 3, 4, 5]) {
    ends.push((await keptSubscription(world, id))['current_period_end']);
    const to = `2027-0${month + 1}-02T00:00:00Z`;
    expect((await advance(to)).body).toMatchObject({ now: new Date(to).toISOString() });
  }
  expect(ends).toEqual([
    '2027-02-28T10:00:00.000Z',
    '2027-03-31T10:00:00.000Z',
    '2027-04-30T10:00:00.000Z',
    '2027-05-31T10:00:00.000Z',
  ]);
  const renewals = (await billingEventTypes(world, id)).filter((type) => type.endsWith('renewed'));
  expect(renewals).toHaveLength(4);
  const { body } = await world.api.call(`GET /v1/workspaces/${id}/subscription`);
  expect(body).toMatchObject({
    usage_period_start: '2027-05-31T10:00:00.000Z',
    current_period_start: '2027-05-31T10:00:00.000Z',
  });
});

test('what falls due on the way happens at its own moment, ours and theirs in one order', async () => {
  const id = await world.organization();
  await world.subscribe(id, { planId: 'plan_starter' });
  const start = world.clock.now().getTime();
  const dueAt = new Date(start + 86_400_000);
  await planWork(world.db, { organizationId: id, kind: 'of_nobody', reference: '1', dueAt });
  const renewedAt = (await keptSubscription(world, id))['current_period_end'];
  await advance(new Date(start + 40 * 86_400_000).toISOString());
  const [work] = await world.db.query<{ attempts: number }>(
    sql`SELECT attempts FROM due_work WHERE organization_id = ${id} AND kind = 'of_nobody'`,
  );
  expect(work?.attempts).toBeGreaterThan(0);
  const [renewal] = await world.db.query<{ created_at: string }>(
    sql`SELECT created_at FROM billing_events
      WHERE organization_id = ${id} AND type = 'subscription.renewed'`,
  );
  expect(renewal?.created_at).toBe(renewedAt);
});

test('400 with the present time for a moment that is past; nothing moves', async () => {
  const before = world.clock.now().toISOString();
  const { status, body } = await advance('2027-01-01T00:00:00Z');
  expect(status).toBe(400);
  expect(body).toMatchObject({
    errors: [
      { pointer: '/body/advance_to', detail: `must not be in the past: it is ${before} now` },
    ],
  });
  expect(world.clock.now().toISOString()).toBe(before);
});

test('400 for a moment more than ten years ahead', async () => {
  const { status, body } = await advance('2038-01-01T00:00:00Z');
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('must be at most 3660 days ahead');
});

test('400 for what is no time, 401, 403 for an API key', async () => {
  for (const wrong of ['tomorrow', 5, null, undefined, '2027-13-01T00:00:00Z']) {
    expect((await advance(wrong)).status).toBe(400);
  }
  expect((await advance('2028-01-01T00:00:00Z', null)).status).toBe(401);
  const { apiKey } = await scenario(world.db, world.clock).organization().create();
  expect((await advance('2028-01-01T00:00:00Z', apiKey)).status).toBe(403);
});

test('409 where there is no simulator', async () => {
  const off = createTestApi(world.db, world.clock, clockRoutes(null));
  const real = createTestApi(
    world.db,
    world.clock,
    clockRoutes({ ...world.billing, deps: { ...world.deps, timeControl: null } }),
  );
  const call = { body: { advance_to: '2040-01-01T00:00:00Z' } };
  expect((await off.call('GET /v1/admin/clock')).body).toMatchObject({ billing_mode: 'off' });
  expect((await off.call('POST /v1/admin/clock', call)).status).toBe(409);
  expect((await real.call('POST /v1/admin/clock', call)).status).toBe(409);
  await Promise.all([off.close(), real.close()]);
});

test('every process follows, and none goes back', async () => {
  const [one, other] = [await readPlatformClock(world.db), new PlatformClock()];
  const target = new Date(Date.now() + 90 * 86_400_000);
  await one.moveTo(world.db, target);
  await one.moveTo(world.db, new Date());
  await other.read(world.db);
  for (const clock of [one, other]) {
    expect(clock.now().getTime() - target.getTime()).toBeGreaterThanOrEqual(0);
    expect(clock.now().getTime() - target.getTime()).toBeLessThan(5_000);
  }
});
