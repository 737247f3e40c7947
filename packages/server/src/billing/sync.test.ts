import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import {
  type BillingWorld,
  billingEventTypes,
  createBillingWorld,
  keptSubscription,
} from '../test/billing.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

const get = (id: string) => world.api.call(`GET /v1/workspaces/${id}/subscription`);

describe('a first paid subscription', () => {
  test('comes in by webhook: plan, periods, card, anchor; told once', async () => {
    const id = await world.organization();
    const bought = await world.subscribe(id, { planId: 'plan_pro' });
    expect((await get(id)).body).toMatchObject({
      plan: { id: 'plan_pro', version: 1 },
      status: 'active',
      interval: 'month',
      currency: 'usd',
      current_period_start: '2027-06-01T12:00:00.000Z',
      current_period_end: '2027-07-01T12:00:00.000Z',
      usage_period_start: '2027-06-01T12:00:00.000Z',
      stripe_subscription_id: bought.id,
    });
    expect(await keptSubscription(world, id)).toMatchObject({
      payment_method: { brand: 'visa', last4: '4242' },
      paid_currency: 'usd',
    });
    await world.settle();
    expect(await billingEventTypes(world, id)).toEqual([
      'subscription.created',
      'subscription.subscribed',
    ]);
    const told = await world.db.query(
      sql`SELECT topic, payload ->> 'change' AS change FROM outbox WHERE organization_id = ${id}`,
    );
    expect(told).toEqual([{ topic: 'subscription.changed', change: 'subscribed' }]);
  });
});
