import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { Pool } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { admitCall, completeCall } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { createMetering } from './metering.ts';
import { renewLeases, sweepExpiredLeases } from './sql.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const past = 20_000;

/** Index entries of jobs and reservations that were read so far. */
async function entriesRead(db: Pool): Promise<number> {
  await db.query(sql`SELECT pg_stat_force_next_flush()`);
  const [row] = await db.query<{ read: number }>(
    sql`SELECT sum(idx_tup_read)::integer AS read FROM pg_stat_user_indexes
        WHERE relname IN ('jobs', 'active_conversions')`,
  );
  return row?.read ?? Number.NaN;
}

test('a plan that was made on empty tables does not read the whole history', async () => {
  // One connection, so that all statements have the plans of the first ones.
  const db = new Pool({ connection: database.connection, connectionsMax: 1 });
  try {
    const { organizationId } = await scenario(db, systemClock)
      .organization()
      .plan('pro')
      .overrides({ monthly_limit: 30, concurrent_limit: 100 })
      .create();
    await db.query(sql`UPDATE organization_subscriptions SET overage_policy = 'warn'
      WHERE organization_id = ${organizationId}`);
    await database.owner.query(sql`ANALYZE`);
    const metering = createMetering({
      clock: systemClock,
      relaxed: db,
      durable: db,
      queuedMax: 1_000,
      attemptsMax: 3,
    });
    const round = async (batch: number) => {
      const calls = Array.from({ length: batch }, (_, index) =>
        admitCall(organizationId, { mode: index % 4 === 0 ? 'async' : 'sync' }),
      );
      await Promise.all(calls.map((call) => metering.admit(call)));
      await db.query(sql`SELECT id FROM claim(100, '', 20, ${systemClock.now()}::timestamptz)`);
      const attempts = calls.map(({ jobId }) => ({ organizationId, jobId, fence: 1 }));
      expect(await db.query(renewLeases(attempts, 20))).toHaveLength(batch);
      await db.query(sql`UPDATE active_conversions SET lease_expires_at = clock_timestamp()
        WHERE job_id = ${calls[0]?.jobId}`);
      await db.query(sweepExpiredLeases(3, systemClock.now()));
      const done = await Promise.all(
        calls.slice(1).map(({ jobId }) => metering.complete(completeCall(organizationId, jobId))),
      );
      expect(done.map((one) => one.result)).toEqual(done.map(() => 'counted'));
      return done.filter((one) => one.billed_as === 'overage').length;
    };
    await round(2);
    await database.owner.query(sql`INSERT INTO jobs (organization_id, id, kind, mode, status, type,
        input, period_start, request_id, created_at)
      SELECT ${organizationId}, 'job_past_' || n, 'conversion', 'sync', 'failed', 'CSV_TO_JSON',
        '{}', now(), 'req_past', now() FROM generate_series(1, ${past}::integer) AS n`);
    const before = await entriesRead(db);
    expect(await round(44)).toBeGreaterThan(0);
    expect((await entriesRead(db)) - before).toBeLessThan(past / 4);
  } finally {
    await db.close();
  }
});
