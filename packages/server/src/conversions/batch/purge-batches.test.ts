import { afterAll, beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { scenario } from '../../test/scenario.ts';
import { deleteOldBatches, findBatch, insertBatch } from './sql.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('a batch is forgotten after 30 days, and not before its files are', async () => {
  const { db } = database;
  const clock = new ManualClock('2026-11-23T10:00:00Z');
  const [usual, patient] = [
    (await scenario(db, clock).organization().create()).organizationId,
    (await scenario(db, clock).organization().create()).organizationId,
  ];
  await db.query(sql`UPDATE organization SET retention_hours = 1000 WHERE id = ${patient}`);
  const asOf = clock.now();
  const daysAgo = (days: number) => new Date(asOf.getTime() - days * 86_400_000).toISOString();
  for (const organizationId of [usual, patient]) {
    for (const days of [29, 31, 42]) {
      await db.query(
        insertBatch({
          organization_id: organizationId,
          id: `bat_${days}`,
          to: 'csv',
          files: [],
          api_key_id: null,
          created_at: daysAgo(days),
        }),
      );
    }
  }
  await db.query(deleteOldBatches(asOf, 30));
  const kept = async (organizationId: string) => {
    const ids = ['bat_29', 'bat_31', 'bat_42'];
    const rows = await Promise.all(ids.map((id) => db.query(findBatch(organizationId, id))));
    return ids.filter((_, index) => (rows[index]?.length ?? 0) > 0);
  };
  expect(await kept(usual)).toEqual(['bat_29']);
  expect(await kept(patient)).toEqual(['bat_29', 'bat_31']);
});
