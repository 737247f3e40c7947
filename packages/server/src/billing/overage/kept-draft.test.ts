import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { expectInvariants } from '../../test/invariants.ts';
import {
  chargeOverage,
  convert,
  makeChargingPlan,
  overageOn,
  providerInvoices,
} from '../../test/overage.ts';

let world: BillingWorld;
beforeEach(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
});
afterEach(() => world.close());

test('a draft that stays one, or was deleted, takes no overage: the next renewal has it, once', async () => {
  const plan = { included: 0, amountMinor: 1_000, price: '0.10' };
  const planId = await makeChargingPlan(world, plan);
  const id = await world.organization();
  const subscription = await world.subscribe(id, { planId, currency: 'usd', interval: 'month' });
  await chargeOverage(world.db, id);
  const { stripe, db } = world;
  const pause = { behavior: 'keep_as_draft' } as const;
  await stripe.subscriptions.update(subscription.id, { pause_collection: pause });
  await convert(world, id, 5);
  await world.advanceTo('2027-07-01T14:00:00Z');
  const kept = (await providerInvoices(world, id)).at(-1);
  expect(kept).toMatchObject({ status: 'draft', total: 1_000 });
  // As after a crash before the item was asked for, and an operator who deleted the draft.
  await db.query(sql`UPDATE overage_bills SET stripe_invoice_id = 'in_deleted'
    WHERE organization_id = ${id}`);
  await stripe.subscriptions.update(subscription.id, { pause_collection: '' });
  await world.advanceTo('2027-08-01T14:00:00Z');
  const renewals = (await providerInvoices(world, id)).slice(1);
  expect(renewals.map(({ status, total }) => ({ status, total }))).toEqual([
    { status: 'draft', total: 1_000 },
    { status: 'paid', total: 1_050 },
  ]);
  expect(renewals.map(overageOn)).toEqual([[], [50]]);
  await expectInvariants(db, id);
});
