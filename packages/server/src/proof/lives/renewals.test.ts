import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { proveLostAnswers } from './prove-lost-answers.ts';
import { proveRenewalKills } from './prove-renewal-kills.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.close());

test('ten calls that are done and answered 500 leave nothing double', async () => {
  const { bills } = await proveLostAnswers(database.db, 10);
  expect(bills).toBeGreaterThan(7);
}, 120_000);

test('a renewal that is killed with -9 anywhere is made once: one item, one audit row, one message', async () => {
  const { db, applicationConnection: connection } = database;
  const { points, kills } = await proveRenewalKills({ db, connection, every: 20 });
  expect(points.draft).toBeGreaterThan(40);
  expect(points.paid).toBeGreaterThan(20);
  expect(kills).toBeGreaterThan(4);
}, 240_000);
