import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { secondsToNextSlot } from './room.ts';

let database: TestDatabase;
const clock = new ManualClock('2026-11-23T10:00:00Z');
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

/** A workspace whose only slot is taken, and whose conversions took `durationMs` before. */
async function busySince(secondsAgo: number, durationMs: number | null): Promise<Scene> {
  const scene = await scenario(database.db, clock)
    .organization()
    .overrides({ concurrent_limit: 1, monthly_limit: 1_000 })
    .create();
  const metering = meteringOn(database.db, clock);
  const { organizationId } = scene;
  if (durationMs !== null) {
    const { jobId } = admitCall(organizationId);
    await metering.admit(admitCall(organizationId, { jobId }));
    await metering.complete(completeCall(organizationId, jobId, { durationMs }));
  }
  await metering.admit(admitCall(organizationId, { leaseSeconds: 600 }));
  await database.owner.query(sql`UPDATE active_conversions
    SET started_at = clock_timestamp() - ${secondsAgo}::integer * interval '1 second'
    WHERE organization_id = ${organizationId}`);
  return scene;
}

async function secondsToWait(scene: Scene): Promise<number> {
  return secondsToNextSlot(scene.ctx, scene.organizationId);
}

test('whoever is refused for slots waits as long as the running conversion should still take', async () => {
  const waits = await secondsToWait(await busySince(4, 30_000));
  expect(waits).toBeGreaterThanOrEqual(24);
  expect(waits).toBeLessThanOrEqual(26);
});

test('never less than a second, though the conversion should be over by now', async () => {
  expect(await secondsToWait(await busySince(45, 30_000))).toBe(1);
});

test('never more than a minute, however long conversions take here', async () => {
  expect(await secondsToWait(await busySince(0, 3_600_000))).toBe(60);
});

test('a second where nothing is known of earlier conversions', async () => {
  expect(await secondsToWait(await busySince(0, null))).toBe(1);
});
