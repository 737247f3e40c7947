import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { findUsage } from '../metering/usage.ts';
import { lockOrganization } from '../organizations/organizations.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { assignPlan } from './subscriptions.ts';
import { moveUsageAnchor } from './usage-anchor.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const begin = (at: string) => {
  const clock = new ManualClock(at);
  return { clock, scene: scenario(database.db, clock).organization().plan('starter') };
};

const move = ({ ctx }: Scene, anchor: string) =>
  ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    return moveUsageAnchor(tx, ctx, new Date(anchor));
  });

const recordsOf = (organizationId: string) =>
  database.db.query(sql`SELECT period_start, period_end, conversion_count, overage_count, reserved
    FROM usage_records WHERE organization_id = ${organizationId} ORDER BY period_start`);

const day = (time: string) => `2027-${time}:00.000Z`;

describe('moving the anchor', () => {
  it('ends the running period there and starts a new one at zero', async () => {
    const { clock, scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.used(7).create();
    clock.set('2027-01-20T12:00:00Z');
    const period = await move(made, '2027-01-20T11:30:00Z');
    const now = { period_start: day('01-20T11:30'), period_end: day('02-20T11:30') };
    expect(period).toEqual(now);
    expect(await findUsage(made.ctx)).toMatchObject({
      period: { start: now.period_start, end: now.period_end },
      conversions: { used: 0, reserved: 0 },
      breakdown: {},
    });
    expect(await recordsOf(made.organizationId)).toEqual([
      {
        period_start: day('01-05T09:00'),
        period_end: day('01-20T11:30'),
        conversion_count: 7,
        overage_count: 0,
        reserved: 0,
      },
    ]);
    // From then on months are counted from the new anchor.
    clock.set('2027-03-01T00:00:00Z');
    expect((await findUsage(made.ctx)).period.end).toBe(day('03-20T11:30'));
    await expectInvariants(database.db, made.organizationId, clock.now());
  });

  it('leaves what is running in the old period, where it counts; its slot stays taken', async () => {
    const { clock, scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.used(2).running(2).create();
    const metering = meteringOn(database.db, clock);
    clock.set('2027-01-20T12:00:00Z');
    await move(made, '2027-01-20T12:00:00Z');
    const { organizationId: id, jobIds } = made;
    expect((await metering.admit(admitCall(id))).verdict).toBe('concurrency_limited');
    await expectInvariants(database.db, id, clock.now());
    for (const jobId of jobIds) {
      const done = await metering.complete(completeCall(id, jobId));
      expect(done).toMatchObject({ result: 'counted', period_start: day('01-05T09:00') });
    }
    expect(await recordsOf(id)).toMatchObject([{ conversion_count: 4, reserved: 0 }]);
    const fresh = await metering.admit(admitCall(id));
    expect(fresh).toMatchObject({ used: 0, reserved: 0, period_start: day('01-20T12:00') });
    await expectInvariants(database.db, id, clock.now());
  });

  it('changes nothing when it is repeated', async () => {
    const { clock, scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.used(1).create();
    clock.set('2027-01-20T12:00:00Z');
    const first = await move(made, '2027-01-20T12:00:00Z');
    expect(await move(made, '2027-01-20T12:00:00Z')).toEqual(first);
    expect(await recordsOf(made.organizationId)).toHaveLength(1);
  });

  it('closes the period that has ended by itself first', async () => {
    const { clock, scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.used(3).create();
    clock.set('2027-02-10T00:00:00Z');
    await move(made, '2027-02-09T00:00:00Z');
    expect(await recordsOf(made.organizationId)).toMatchObject([
      { period_start: day('01-05T09:00'), period_end: day('02-05T09:00'), conversion_count: 3 },
      { period_start: day('02-05T09:00'), period_end: day('02-09T00:00'), conversion_count: 0 },
    ]);
  });

  it('to before the running period keeps what is used, and ends it by the new count', async () => {
    const { clock, scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.create();
    const metering = meteringOn(database.db, clock);
    clock.set('2027-02-06T00:00:00Z');
    const call = admitCall(made.organizationId);
    await metering.admit(call);
    await metering.complete(completeCall(made.organizationId, call.jobId));
    const period = await move(made, '2027-02-03T00:00:00Z');
    expect(period).toEqual({ period_start: day('02-05T09:00'), period_end: day('03-03T00:00') });
    expect((await findUsage(made.ctx)).conversions.used).toBe(1);
    await expectInvariants(database.db, made.organizationId, clock.now());
  });

  it('past the running period is refused, and nothing is changed', async () => {
    const { scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.used(1).create();
    await expect(move(made, '2027-02-05T09:00:00Z')).rejects.toThrow(/past the running period/);
    expect((await findUsage(made.ctx)).conversions.used).toBe(1);
    expect(await recordsOf(made.organizationId)).toEqual([]);
  });

  it('amid admissions and completions loses none and counts none twice', async () => {
    const { clock, scene } = begin('2027-01-05T09:00:00Z');
    const made = await scene.overrides({ concurrent_limit: 'unlimited' }).create();
    const { organizationId: id } = made;
    const servers = [meteringOn(database.db, clock), meteringOn(database.db, clock)] as const;
    clock.set('2027-01-10T00:00:00Z');
    const convert = async (index: number) => {
      const metering = servers[index % 2 === 0 ? 0 : 1];
      const call = admitCall(id);
      await metering.admit(call);
      return metering.complete(completeCall(id, call.jobId));
    };
    const cut = async () => {
      for (let hour = 1; hour <= 5; hour++) {
        clock.set(day(`01-10T0${hour}:00`));
        await move(made, day(`01-10T0${hour}:00`));
      }
    };
    const [results] = await Promise.all([
      Promise.all(Array.from({ length: 60 }, (_, index) => convert(index))),
      cut(),
    ]);
    expect(results.every(({ result }) => result === 'counted')).toBe(true);
    const [row] = await database.db.query<{
      total: number;
    }>(sql`SELECT sum(n)::bigint AS total FROM (
        SELECT used AS n FROM usage_counters WHERE organization_id = ${id}
        UNION ALL SELECT conversion_count FROM usage_records WHERE organization_id = ${id}) x`);
    expect(row?.total).toBe(60);
    expect(await recordsOf(id)).toHaveLength(5);
    await expectInvariants(database.db, id, clock.now());
  });
});

it('under a yearly price usage is counted by the month, from the anchor', async () => {
  const { clock, scene } = begin('2027-01-31T10:00:00Z');
  const made = await scene.create();
  await assignPlan(made.ctx, { plan_id: 'plan_starter', interval: 'year' });
  const metering = meteringOn(database.db, clock);
  for (const at of ['01-31T10:00', '02-28T10:00', '03-31T10:00']) {
    clock.set(day(at));
    const call = admitCall(made.organizationId);
    expect(await metering.admit(call)).toMatchObject({ used: 0, period_start: day(at) });
    await metering.complete(completeCall(made.organizationId, call.jobId));
  }
  expect(await recordsOf(made.organizationId)).toMatchObject([
    { period_end: day('02-28T10:00'), conversion_count: 1 },
    { period_end: day('03-31T10:00'), conversion_count: 1 },
  ]);
  await expectInvariants(database.db, made.organizationId, clock.now());
});
