import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPostgresJournal } from '@mutate/stripe-sim/postgres-journal';
import type { Log } from '../../context.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../../test/billing.ts';

// The numbers of Stripe's test cards, as one would type them.
const numbers = [
  '4242424242424242',
  '4000056655665556',
  '5555555555554444',
  '378282246310005',
  '6011111111111117',
  '4000000000000341',
  '4000002760003184',
  '4000000000000002',
  '4000000000009995',
];
const cardShaped = /"(?:number|cvc|cvv|card_number|pan)"\s*:\s*"?\d{3,}/;

let simulated: TestDatabase;
let world: BillingWorld;
const logged: string[] = [];
const note = (fields: object, message?: string): void => {
  logged.push(JSON.stringify([message, fields, String(Reflect.get(fields, 'err') ?? '')]));
};
const log: Log = { debug: note, info: note, warn: note, error: note };

beforeAll(async () => {
  simulated = await createTestDatabase();
  const journal = createPostgresJournal(simulated.connection);
  world = await createBillingWorld({ log, simulator: { journal } });
});
afterAll(async () => {
  await world.close();
  await simulated.close();
});

/** Every row of every table there is, as text. */
async function everything({ owner }: TestDatabase): Promise<string[]> {
  const tables = await owner.query<{ name: string }>(
    sql`SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
      WHERE schemaname IN ('public', 'stripe_sim')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const text = `SELECT t::text AS line FROM ${name} t`;
    const rows = await owner.query<{ line: string }>({ text, values: [], name });
    texts.push(...rows.map(({ line }) => line));
  }
  return texts;
}

/** With a workspace of its own; answers the subscription's status. */
async function subscribeAnother(card: string): Promise<string> {
  const id = await world.organization();
  return (await world.subscribe(id, { planId: 'plan_starter', card })).status;
}

test('no number of a card is anywhere, neither in a table nor in the log, whatever is tried', async () => {
  const id = await world.organization();
  await world.subscribe(id, { planId: 'plan_starter', card: 'visa' });
  expect(await subscribeAnother('mastercard')).toBe('active');
  expect(await subscribeAnother('chargeCustomerFail')).toBe('incomplete');
  expect(await subscribeAnother('authenticationRequired')).toBe('incomplete');
  const { stripe_customer_id: customer } = await keptSubscription(world, id);
  await world.advanceTo(new Date(world.clock.now().getTime() + 40 * 86_400_000));
  for (const number of numbers) {
    const card = { number, cvc: '123', exp_month: 12, exp_year: 2034 };
    const request = world.stripe.paymentMethods.create({ type: 'card', card });
    await expect(request).rejects.toThrow(/number/);
    const fields = { billing_email: `${number}@example.com`, card };
    const reply = await world.api.call(`PATCH /v1/workspaces/${id}/billing`, { body: fields });
    expect(reply.status).toBe(400);
  }
  const kept = await keptSubscription(world, id);
  expect(Object.keys(kept['payment_method'] as object).toSorted()).toEqual([
    'brand',
    'exp_month',
    'exp_year',
    'last4',
  ]);
  expect(customer).toMatch(/^cus_/);
  const texts = [
    ...(await everything(world.database)),
    ...(await everything(simulated)),
    ...logged,
  ];
  expect(texts.length).toBeGreaterThan(100);
  const found = texts.filter(
    (text) =>
      numbers.some((number) => text.replaceAll(/[ -]/g, '').includes(number)) ||
      cardShaped.test(text),
  );
  expect(found).toEqual([]);
}, 120_000);
