import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { proveHistories } from './prove-histories.ts';
import { offerModelPlans } from './world.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await offerModelPlans(database.owner);
});
afterAll(() => database.close());

it('any history agrees with the model, and the invariants hold after every step', async () => {
  const { steps } = await proveHistories({
    db: database.db,
    seed: 20_261_123,
    histories: 40,
    stepsMax: 40,
  });
  expect(steps).toBeGreaterThan(500);
});
