import { type Simulator, startSimulator } from '@mutate/stripe-sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { playScenario, scenarios } from './scenarios.ts';

let database: TestDatabase;
let simulator: Simulator;
beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startSimulator();
});
afterAll(async () => {
  await simulator.stop();
  await database.close();
});

test.each(scenarios)('on a test clock: $name', async (scenario) => {
  const options = { db: database.db, secretKey: 'sk_test_simulated', apiBase: simulator.url };
  expect(await playScenario(options, scenario)).toEqual([]);
});
