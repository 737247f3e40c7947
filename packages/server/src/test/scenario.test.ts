import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { expectInvariants } from './invariants.ts';
import { scenario } from './scenario.ts';

const clock = new ManualClock('2027-03-10T12:00:00Z');
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const usageOf = async (organizationId: string) => {
  const [row] = await database.db.query<{ used: number; reserved: number; overage: number }>(
    sql`SELECT used, reserved, overage, active, queued FROM usage_counters
        WHERE organization_id = ${organizationId}`,
  );
  return row;
};

test('a scenario leaves a ledger that adds up, whatever was used', async () => {
  const { db } = database;
  const { organizationId, jobIds } = await scenario(db, clock)
    .organization('Used')
    .plan('pro')
    .used(700)
    .running(3)
    .queued(4)
    .create();
  expect(await usageOf(organizationId)).toEqual({
    used: 700,
    reserved: 7,
    overage: 0,
    active: 3,
    queued: 4,
  });
  expect(jobIds).toHaveLength(7);
  await expectInvariants(db, organizationId, clock.now());
});

test('what a scenario uses past the limit is overage, priced', async () => {
  const { db } = database;
  const { organizationId } = await scenario(db, clock)
    .organization()
    .plan('starter')
    .overrides({ monthly_limit: 5, overage_price: '0.5' })
    .overage('charge', 10_000)
    .used(8)
    .create();
  expect(await usageOf(organizationId)).toMatchObject({ used: 8, overage: 3 });
  await expectInvariants(db, organizationId);
});

test('a scenario that the plan refuses fails instead of counting less', async () => {
  await expect(scenario(database.db, clock).organization().used(101).create()).rejects.toThrow(
    'quota_exceeded',
  );
});

test('every kind of damage to the ledger is a violation', async () => {
  const { db, owner } = database;
  const { organizationId, jobIds } = await scenario(db, clock)
    .organization()
    .used(3)
    .queued(2)
    .create();
  const damages = [
    sql`UPDATE usage_counters SET used = used + 1 WHERE organization_id = ${organizationId}`,
    sql`UPDATE usage_hourly SET conversions = 9 WHERE organization_id = ${organizationId}`,
    sql`UPDATE api_key_usage SET bytes_in = 9 WHERE organization_id = ${organizationId}`,
    sql`DELETE FROM active_conversions WHERE job_id = ${jobIds[0]}`,
    sql`UPDATE usage_counters SET queued = 0 WHERE organization_id = ${organizationId}`,
    sql`UPDATE jobs SET status = 'failed' WHERE organization_id = ${organizationId}`,
    sql`DELETE FROM usage_events WHERE organization_id = ${organizationId}`,
  ];
  const unnoticed: string[] = [];
  for (const damage of damages) {
    const attempt = owner.transaction(async (tx) => {
      await tx.query(damage);
      await expectInvariants(tx, organizationId);
      unnoticed.push(damage.text);
      throw new Error('rolled back');
    });
    await expect(attempt).rejects.toThrow();
  }
  expect(unnoticed).toEqual([]);
  await expectInvariants(db, organizationId);
});
