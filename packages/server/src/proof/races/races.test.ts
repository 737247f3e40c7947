import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { proveRaces } from './prove-races.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('two servers racing for the same organizations never admit too many or count twice', async () => {
  const { counted, verdicts } = await proveRaces({
    servers: [database.db, database.db],
    owner: database.owner,
    seed: 20_261_123,
    calls: 4_000,
  });
  expect(counted).toBeGreaterThan(200);
  expect(Object.keys(verdicts)).toEqual(
    expect.arrayContaining(['allowed', 'allowed_overage', 'quota_exceeded', 'concurrency_limited']),
  );
});
