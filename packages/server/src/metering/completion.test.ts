import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { quietLog } from '../test/server.ts';
import { admitCall, completeCall, meteringOn, releaseCall } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { sweep } from './sweep.ts';

let database: TestDatabase;
const clock = new ManualClock('2026-11-23T10:00:00Z');
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const scene = () => scenario(database.db, clock).organization();
const sweepNow = () => sweep({ db: database.db, clock, log: quietLog, attemptsMax: 3 });

async function findJob(organizationId: string, jobId: string) {
  const [job] = await database.db.query<{ status: string; fence: number; counted: boolean }>(
    sql`SELECT status, fence, counted FROM jobs
        WHERE organization_id = ${organizationId} AND id = ${jobId}`,
  );
  return job;
}

async function claimOne(): Promise<{ id: string; fence: number } | undefined> {
  const [job] = await database.db.query<{ id: string; fence: number }>(
    sql`SELECT id, fence FROM claim(1, '', 20, ${clock.now()}::timestamptz)`,
  );
  return job;
}

describe('completion', () => {
  it('counts a conversion once, however often it is completed', async () => {
    const { organizationId } = await scene().create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId);
    await metering.admit(call);
    const done = completeCall(organizationId, call.jobId);
    const results = await Promise.all(Array.from({ length: 20 }, () => metering.complete(done)));
    expect(results.filter((one) => one.result === 'counted')).toHaveLength(1);
    expect(results.filter((one) => one.result === 'already')).toHaveLength(19);
    const [row] = await database.db.query<{ used: number; reserved: number; active: number }>(
      sql`SELECT used, reserved, active FROM usage_counters
          WHERE organization_id = ${organizationId}`,
    );
    expect(row).toEqual({ used: 1, reserved: 0, active: 0 });
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('lets the first terminal state win between complete, fail and cancel', async () => {
    const { organizationId } = await scene().plan('enterprise').create();
    const servers = [meteringOn(database.db, clock), meteringOn(database.db, clock)] as const;
    for (let round = 0; round < 20; round++) {
      const call = admitCall(organizationId);
      await servers[0].admit(call);
      const [completed, failed, cancelled] = await Promise.all([
        servers[0].complete(completeCall(organizationId, call.jobId)),
        servers[1].release(releaseCall(organizationId, call.jobId)),
        servers[1].release(
          releaseCall(organizationId, call.jobId, { fence: null, status: 'cancelled' }),
        ),
      ]);
      const won = [
        completed.result === 'counted',
        failed.result === 'released',
        cancelled.result === 'released',
      ];
      expect(won.filter(Boolean)).toHaveLength(1);
      const job = await findJob(organizationId, call.jobId);
      expect(job?.counted).toBe(won[0]);
    }
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('refuses the completion of an attempt that was given to another worker', async () => {
    const { organizationId } = await scene().create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId, { mode: 'async' });
    await metering.admitDurably(call);
    expect(await claimOne()).toMatchObject({ id: call.jobId, fence: 1 });
    await database.db.query(
      sql`UPDATE active_conversions SET lease_expires_at = now() - interval '1 second'
          WHERE organization_id = ${organizationId}`,
    );
    expect(await sweepNow()).toBe(1);
    expect(await findJob(organizationId, call.jobId)).toMatchObject({ status: 'queued', fence: 2 });
    expect(await claimOne()).toMatchObject({ id: call.jobId, fence: 2 });
    const late = await metering.complete(completeCall(organizationId, call.jobId));
    expect(late.result).toBe('stale');
    const good = await metering.complete(completeCall(organizationId, call.jobId, { fence: 2 }));
    expect(good.result).toBe('counted');
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('keeps the unit of a job whose worker died until the job is terminal', async () => {
    const { organizationId } = await scene().overrides({ monthly_limit: 1 }).create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId, { mode: 'async' });
    await metering.admitDurably(call);
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await claimOne()).toMatchObject({ id: call.jobId, fence: attempt });
      await database.db.query(
        sql`UPDATE active_conversions SET lease_expires_at = now() - interval '1 second'
            WHERE organization_id = ${organizationId}`,
      );
      expect(await sweepNow()).toBe(1);
      const verdict = (await metering.look(admitCall(organizationId))).verdict;
      expect(verdict).toBe(attempt < 3 ? 'quota_exceeded' : 'allowed');
      await expectInvariants(database.db, organizationId, clock.now());
    }
    expect(await findJob(organizationId, call.jobId)).toMatchObject({ status: 'failed' });
  });

  it('prices overage by the moment of admission and keeps what was stamped', async () => {
    const { organizationId } = await scene()
      .plan('starter')
      .overrides({ monthly_limit: 1, overage_price: '0.10', concurrent_limit: 'unlimited' })
      .overage('charge')
      .used(1)
      .create();
    const metering = meteringOn(database.db, clock);
    const before = admitCall(organizationId);
    await metering.admit(before);
    await database.owner.query(
      sql`UPDATE organization_subscriptions SET override_overage_price = 0.20
          WHERE organization_id = ${organizationId}`,
    );
    const after = admitCall(organizationId);
    await metering.admit(after);
    const stamps = await Promise.all(
      [before, after].map((call) => metering.complete(completeCall(organizationId, call.jobId))),
    );
    expect(stamps.map((stamp) => stamp.unit_amount)).toEqual(['0.10', '0.20']);
    await expectInvariants(database.db, organizationId);
  });

  it('never turns a conversion into overage that was within the limit at its admission', async () => {
    const { organizationId } = await scene()
      .plan('starter')
      .overrides({ monthly_limit: 10, concurrent_limit: 'unlimited' })
      .overage('charge')
      .used(5)
      .create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId);
    await metering.admit(call);
    await database.owner.query(
      sql`UPDATE organization_subscriptions SET override_monthly_limit = 2
          WHERE organization_id = ${organizationId}`,
    );
    const completion = await metering.complete(completeCall(organizationId, call.jobId));
    expect(completion).toMatchObject({ billed_as: 'included', unit_amount: null });
  });

  it('tells of several thresholds in one message, once a period', async () => {
    const { organizationId } = await scene()
      .overrides({ monthly_limit: 10, concurrent_limit: 'unlimited' })
      .used(7)
      .create();
    const metering = meteringOn(database.db, clock);
    const calls = Array.from({ length: 3 }, () => admitCall(organizationId));
    await Promise.all(calls.map((call) => metering.admit(call)));
    await Promise.all(
      calls.map((call) => metering.complete(completeCall(organizationId, call.jobId))),
    );
    const messages = await database.db.query<{ payload: { thresholds: number[] } }>(
      sql`SELECT payload FROM outbox WHERE organization_id = ${organizationId}
          AND topic = 'usage.threshold_reached' ORDER BY id`,
    );
    expect(messages.map((message) => message.payload.thresholds)).toEqual([[80, 90, 100]]);
  });

  it('serves a thousand small tenants before the rest of a big one', async () => {
    const big = await scene().plan('enterprise').queued(40).create();
    const small = await Promise.all(
      Array.from({ length: 5 }, () => scene().plan('enterprise').queued(1).create()),
    );
    const claimed = await database.db.query<{ organization_id: string }>(
      sql`SELECT organization_id FROM claim(12, '', 20, ${clock.now()}::timestamptz)`,
    );
    const owners = new Set(claimed.map((job) => job.organization_id));
    for (const { organizationId } of small) expect(owners).toContain(organizationId);
    expect(claimed).toHaveLength(12);
    await expectInvariants(database.db, big.organizationId, clock.now());
  });

  it('passes over tenants that cannot run, whatever their place', async () => {
    await database.owner.query(sql`DELETE FROM active_conversions WHERE state = 'queued'`);
    const suspended = await scene().queued(2).suspended().create();
    const full = await scene().overrides({ concurrent_limit: 0 }).queued(2).create();
    const free = await scene().queued(1).create();
    const also = await scene().queued(1).create();
    const claimed = [await claimOne(), await claimOne()].map((job) => job?.id);
    expect(new Set(claimed)).toEqual(new Set([free.jobIds[0], also.jobIds[0]]));
    expect(await claimOne()).toBeUndefined();
    const waiting = await database.db.query(
      sql`SELECT FROM active_conversions WHERE state = 'queued'
          AND organization_id IN (${suspended.organizationId}, ${full.organizationId})`,
    );
    expect(waiting).toHaveLength(4);
  });

  it('gives queued jobs no more slots than the limit of this moment', async () => {
    await database.owner.query(sql`DELETE FROM active_conversions WHERE state = 'queued'`);
    const { organizationId } = await scene().plan('starter').queued(6).create();
    const claim = () =>
      database.db.query<{ organization_id: string }>(
        sql`SELECT organization_id FROM claim(10, '', 20, ${clock.now()}::timestamptz)`,
      );
    const claims = await Promise.all([claim(), claim(), claim()]);
    const mine = claims.flat().filter((job) => job.organization_id === organizationId);
    expect(mine).toHaveLength(2);
    await expectInvariants(database.db, organizationId, clock.now());
  });
});
