import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { admitCall, completeCall, meteringOn, releaseCall } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import type { Verdict } from './schema.ts';

let database: TestDatabase;
const clock = new ManualClock('2026-11-23T10:00:00Z');
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const scene = () => scenario(database.db, clock).organization();
const count = (verdicts: readonly Verdict[], verdict: Verdict) =>
  verdicts.filter((one) => one === verdict).length;

async function setUsage(organizationId: string, columns: { used?: number }): Promise<void> {
  await database.owner.query(
    sql`UPDATE usage_counters SET used = ${columns.used ?? 0}::bigint
        WHERE organization_id = ${organizationId}`,
  );
}

describe('admission', () => {
  it('lets exactly 10 of 200 parallel calls onto the last 10 units', async () => {
    const { organizationId } = await scene()
      .overrides({ monthly_limit: 30, concurrent_limit: 'unlimited' })
      .used(20)
      .create();
    // Two servers' batchers at once, so that batches really meet in the database.
    const servers = [meteringOn(database.db, clock), meteringOn(database.db, clock)];
    const decisions = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (servers[index % 2] ?? meteringOn(database.db, clock)).admit(admitCall(organizationId)),
      ),
    );
    const verdicts = decisions.map((decision) => decision.verdict);
    expect(count(verdicts, 'allowed')).toBe(10);
    expect(count(verdicts, 'quota_exceeded')).toBe(190);
    const taken = decisions
      .filter((decision) => decision.verdict === 'allowed')
      .map(({ used, reserved }) => used + reserved + 1);
    expect(Math.max(...taken)).toBe(30);
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('never shows more than 2 active when 12 come at once on 2 slots', async () => {
    const { organizationId } = await scene().plan('starter').create();
    const metering = meteringOn(database.db, clock);
    let activeMax = 0;
    const attempts = Array.from({ length: 12 }, async () => {
      const call = admitCall(organizationId);
      const decision = await metering.admit(call);
      const [row] = await database.db.query<{ active: number }>(
        sql`SELECT active FROM usage_counters WHERE organization_id = ${organizationId}`,
      );
      activeMax = Math.max(activeMax, row?.active ?? 0);
      if (decision.verdict === 'allowed') {
        activeMax = Math.max(activeMax, decision.active + 1);
        await metering.complete(completeCall(organizationId, call.jobId));
      }
      return decision.verdict;
    });
    const verdicts = await Promise.all(attempts);
    expect(activeMax).toBeLessThanOrEqual(2);
    expect(count(verdicts, 'allowed')).toBeGreaterThanOrEqual(2);
    expect(count(verdicts, 'allowed') + count(verdicts, 'concurrency_limited')).toBe(12);
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('refuses in the order suspended, file size, quota, concurrency', async () => {
    const metering = meteringOn(database.db, clock);
    const huge = { sizeBytes: 11 * 1_048_576 };
    const limits = { monthly_limit: 1, concurrent_limit: 1 };
    const full = await scene().overrides(limits).running(1).create();
    expect((await metering.admit(admitCall(full.organizationId, huge))).verdict).toBe(
      'file_too_large',
    );
    expect((await metering.admit(admitCall(full.organizationId))).verdict).toBe('quota_exceeded');
    const busy = await scene()
      .overrides({ ...limits, monthly_limit: 2 })
      .running(1)
      .create();
    expect((await metering.admit(admitCall(busy.organizationId))).verdict).toBe(
      'concurrency_limited',
    );
    const suspended = await scene().overrides(limits).running(1).suspended().create();
    expect((await metering.admit(admitCall(suspended.organizationId, huge))).verdict).toBe(
      'suspended',
    );
  });

  it('lets a file of exactly the limit pass, and not a byte more', async () => {
    const { organizationId } = await scene().create();
    const metering = meteringOn(database.db, clock);
    const exact = { sizeBytes: 10 * 1_048_576 };
    const over = { sizeBytes: 10 * 1_048_576 + 1 };
    expect((await metering.admit(admitCall(organizationId, over))).verdict).toBe('file_too_large');
    expect((await metering.admit(admitCall(organizationId, exact))).verdict).toBe('allowed');
  });

  it('answers duplicate for a job that holds its unit, even when nothing is left', async () => {
    const { organizationId } = await scene().overrides({ monthly_limit: 1 }).create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId);
    const [first, second] = await Promise.all([metering.admit(call), metering.admit(call)]);
    expect([first.verdict, second.verdict]).toEqual(['allowed', 'duplicate']);
    expect((await metering.admit(call)).verdict).toBe('duplicate');
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('queues asynchronous calls without a slot, up to the bound', async () => {
    const { organizationId } = await scene().create();
    const metering = meteringOn(database.db, clock, 3);
    const call = () => admitCall(organizationId, { mode: 'async' });
    const decisions = await Promise.all(Array.from({ length: 5 }, () => metering.admit(call())));
    const verdicts = decisions.map((decision) => decision.verdict);
    expect(verdicts).toEqual(['allowed', 'allowed', 'allowed', 'queue_full', 'queue_full']);
    expect((await metering.admit(admitCall(organizationId))).verdict).toBe('allowed');
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('admits past the limit under warn and counts it as overage without a price', async () => {
    const { organizationId } = await scene()
      .plan('starter')
      .overrides({ monthly_limit: 1 })
      .overage('warn')
      .used(1)
      .create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId);
    expect((await metering.admit(call)).verdict).toBe('allowed_overage');
    const completion = await metering.complete(completeCall(organizationId, call.jobId));
    expect(completion).toMatchObject({ billed_as: 'overage', unit_amount: '0' });
    await expectInvariants(database.db, organizationId);
  });

  it('stops charging at the spend cap: of 15 at once, 5 included and 5 overage pass', async () => {
    const { organizationId } = await scene()
      .plan('starter')
      .overrides({ monthly_limit: 5, overage_price: '1.00', concurrent_limit: 'unlimited' })
      .overage('charge', 500)
      .create();
    const metering = meteringOn(database.db, clock);
    const calls = Array.from({ length: 15 }, () => admitCall(organizationId));
    const decisions = await Promise.all(calls.map((call) => metering.admit(call)));
    const verdicts = decisions.map((decision) => decision.verdict);
    expect(count(verdicts, 'allowed')).toBe(5);
    expect(count(verdicts, 'allowed_overage')).toBe(5);
    expect(count(verdicts, 'spend_cap_reached')).toBe(5);
    const admitted = calls.filter((_, index) => verdicts[index]?.startsWith('allowed'));
    const completions = await Promise.all(
      admitted.map((call) => metering.complete(completeCall(organizationId, call.jobId))),
    );
    expect(completions.filter((one) => one.billed_as === 'overage')).toHaveLength(5);
    const [row] = await database.db.query<{ accrued: string; reserved: string }>(
      sql`SELECT overage_accrued AS accrued, overage_reserved AS reserved FROM usage_counters
          WHERE organization_id = ${organizationId}`,
    );
    expect(row).toEqual({ accrued: '5.00', reserved: '0.00' });
    await expectInvariants(database.db, organizationId);
  });

  it('holds a key to its own monthly limit within the organization', async () => {
    const { organizationId, apiKeyId } = await scene()
      .overrides({ concurrent_limit: 'unlimited' })
      .key({ monthlyLimit: 2 })
      .create();
    const metering = meteringOn(database.db, clock);
    const decisions = await Promise.all(
      Array.from({ length: 4 }, () => metering.admit(admitCall(organizationId, { apiKeyId }))),
    );
    const verdicts = decisions.map((decision) => decision.verdict);
    expect(verdicts).toEqual(['allowed', 'allowed', 'quota_exceeded', 'quota_exceeded']);
    expect((await metering.admit(admitCall(organizationId))).verdict).toBe('allowed');
  });

  it('frees what a dead worker holds before it refuses anybody', async () => {
    const { organizationId } = await scene().overrides({ monthly_limit: 1 }).create();
    const metering = meteringOn(database.db, clock);
    const dead = admitCall(organizationId, { leaseSeconds: 0 });
    expect((await metering.admit(dead)).verdict).toBe('allowed');
    expect((await metering.admit(admitCall(organizationId))).verdict).toBe('allowed');
    const [job] = await database.db.query<{ status: string; error: { code: string } }>(
      sql`SELECT status, error FROM jobs
          WHERE organization_id = ${organizationId} AND id = ${dead.jobId}`,
    );
    expect(job).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
    await expectInvariants(database.db, organizationId, clock.now());
  });

  it('starts a new period at zero with the first admission in it, and keeps slots', async () => {
    const monthly = new ManualClock('2026-01-31T10:00:00Z');
    const { organizationId, jobIds } = await scenario(database.db, monthly)
      .organization()
      .overrides({ monthly_limit: 3, concurrent_limit: 2 })
      .used(2)
      .running(1)
      .create();
    const metering = meteringOn(database.db, monthly);
    expect((await metering.admit(admitCall(organizationId))).verdict).toBe('quota_exceeded');
    monthly.set('2026-02-28T10:00:00Z');
    const decision = await metering.admit(admitCall(organizationId));
    expect(decision).toMatchObject({ verdict: 'allowed', used: 0, reserved: 0, active: 1 });
    expect(decision.period_end).toBe('2026-03-31T10:00:00.000Z');
    // The one admitted before belongs to the period that is over.
    const late = await metering.complete(completeCall(organizationId, jobIds[0] ?? ''));
    expect(late).toMatchObject({ result: 'counted', period_start: '2026-01-31T10:00:00.000Z' });
    const [record] = await database.db.query<{ conversion_count: number; reserved: number }>(
      sql`SELECT conversion_count, reserved FROM usage_records
          WHERE organization_id = ${organizationId}`,
    );
    expect(record).toEqual({ conversion_count: 3, reserved: 0 });
    await expectInvariants(database.db, organizationId, monthly.now());
  });

  it('admits an unlimited organization without end', async () => {
    const { organizationId } = await scene().plan('enterprise').create();
    const metering = meteringOn(database.db, clock);
    const call = admitCall(organizationId);
    await metering.admit(call);
    await metering.complete(completeCall(organizationId, call.jobId));
    await setUsage(organizationId, { used: 5_000_000_000 });
    expect((await metering.admit(admitCall(organizationId))).verdict).toBe('allowed');
  });

  it('gives unit and slot back when a conversion fails', async () => {
    const { organizationId } = await scene().overrides({ monthly_limit: 1 }).create();
    const metering = meteringOn(database.db, clock);
    for (let round = 0; round < 3; round++) {
      const call = admitCall(organizationId);
      expect((await metering.admit(call)).verdict).toBe('allowed');
      expect((await metering.release(releaseCall(organizationId, call.jobId))).result).toBe(
        'released',
      );
    }
    await expectInvariants(database.db, organizationId, clock.now());
  });
});
