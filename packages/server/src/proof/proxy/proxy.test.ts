import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { proveProxy } from './prove-proxy.ts';
import { faults } from './proxy.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('a connection cut, stalled or lost between commit and answer doubles and loses nothing', async () => {
  const { struck, counted } = await proveProxy({
    connection: database.applicationConnection,
    db: database.db,
    owner: database.owner,
    seed: 20_261_123,
    faults: 16,
  });
  expect(Object.keys(struck).toSorted()).toEqual([...faults].toSorted());
  expect(counted).toBeGreaterThan(20);
}, 90_000);
