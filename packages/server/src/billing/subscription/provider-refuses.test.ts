import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { subscriber } from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

test('what the provider refuses is our fault, counts as no change, and keeps the key', async () => {
  const one = await subscriber(world, { plan_id: 'plan_starter' });
  const pro = { plan_id: 'plan_pro' };
  const ask = (key: string) =>
    one.call('POST', 'subscription', pro, { headers: { 'idempotency-key': key } });
  await world.db.query(sql`UPDATE stripe_prices SET price_id = 'gone_' || price_id
    WHERE plan_id = 'plan_pro'`);
  for (const key of ['1', '2', '3', '4', '5', '6']) {
    expect(await ask(`upgrade ${key}`)).toMatchObject({
      status: 500,
      body: { code: 'internal_error', retryable: true },
    });
  }
  await world.db.query(sql`UPDATE stripe_prices SET price_id = substr(price_id, 6)
    WHERE plan_id = 'plan_pro'`);
  expect(await ask('upgrade 1')).toMatchObject({ status: 200, body: { plan: { id: 'plan_pro' } } });
});
