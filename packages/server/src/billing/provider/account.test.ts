import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { scenario } from '../../test/scenario.ts';
import { type Simulator, startSimulator } from '@mutate/stripe-sim';
import { claimAccount, findInstallation } from './account.ts';
import { createStripe } from './stripe.ts';

const clock = new ManualClock('2027-06-01T12:00:00Z');
let database: TestDatabase;
let simulators: readonly [Simulator, Simulator];
beforeAll(async () => {
  database = await createTestDatabase();
  simulators = [await startSimulator(), await startSimulator()];
});
beforeEach(async () => {
  await database.db.query(sql`DELETE FROM billing_account`);
});
afterAll(async () => {
  await Promise.all(simulators.map((simulator) => simulator.stop()));
  await database.close();
});

const claim = (account: 0 | 1, mode: 'stripe' | 'simulator' = 'simulator', key = 'sk_test_x') =>
  claimAccount({
    db: database.db,
    clock,
    mode,
    secretKey: key,
    stripe: createStripe({ secretKey: key, apiBase: simulators[account].url }),
  });

async function makeCustomer(): Promise<void> {
  const { organizationId } = await scenario(database.db, clock).organization().create();
  await database.db.query(sql`UPDATE organization_subscriptions
    SET stripe_customer_id = ${`cus_${organizationId}`} WHERE organization_id = ${organizationId}`);
}

test('the first account is the database’s, and keeps its name there', async () => {
  await Promise.all([claim(0), claim(0), claim(0)]);
  const name = await findInstallation(database.db);
  await claim(0);
  expect(await findInstallation(database.db)).toBe(name);
});

test('as long as there is no customer another account takes its place, and nothing of the first is kept', async () => {
  await claim(0);
  const name = await findInstallation(database.db);
  await database.db.query(sql`INSERT INTO stripe_products (plan_id, product_id, name, active)
    VALUES ('plan_pro', 'prod_1', 'Pro', true)`);
  await claim(1);
  expect(await database.db.query(sql`SELECT * FROM stripe_products`)).toEqual([]);
  expect(await findInstallation(database.db)).not.toBe(name);
});

test('with customers, another account and another mode are refused, and both are named', async () => {
  await claim(0);
  await makeCustomer();
  await expect(claim(1)).rejects.toThrow(
    /^This database has customers at the simulator's account acct_\w+, and this server would bill at the simulator's account acct_\w+\. Their ids would be mixed\./,
  );
  await expect(claim(0, 'stripe')).rejects.toThrow(/at the Stripe account acct_\w+ \(test mode\)/);
  await expect(claim(0)).resolves.toBeUndefined();
});

test('a key that is refused is told as such', async () => {
  await expect(claim(0, 'stripe', 'sk_live_x')).rejects.toThrow(
    'STRIPE_SECRET_KEY is refused by Stripe: set one of its valid keys.',
  );
});
