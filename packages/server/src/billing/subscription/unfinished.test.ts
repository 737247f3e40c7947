import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { billingEventTypes, type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { customerOf, invoicesOf, setCard, subscriber, type Visitor } from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
});
afterAll(() => world.close());

const pro = { plan_id: 'plan_pro' };
const starter = { plan_id: 'plan_starter' };
const minutes = (count: number) => new Date(world.clock.now().getTime() + count * 60_000);
const lose = (kind: 'cut_after' | 'error_before', verb: string) =>
  world.simulator.faults.add({ kind, verb, path: '/v1/subscriptions', times: 3 });

async function actionsOf({ organizationId }: Visitor): Promise<string[]> {
  const rows = await world.db.query<{ action: string }>(sql`SELECT action FROM audit_log
    WHERE organization_id = ${organizationId} AND action LIKE 'subscription.%'`);
  return rows.map(({ action }) => action);
}

describe('a change that nobody finished', () => {
  const end = ({ path }: Visitor) =>
    world.api.call(`DELETE ${path}/subscription?when=now&settlement=refund`);

  test('is seen through: what was paid back is told, and the subscription ended', async () => {
    const one = await subscriber(world, starter);
    lose('error_before', 'DELETE');
    expect((await end(one)).status).toBe(503);
    world.simulator.faults.clear();
    await world.advanceTo(minutes(15));
    expect((await one.call('GET', 'subscription')).body['status']).toBe('cancelled');
    expect(await actionsOf(one)).toContain('subscription.ended');
    const types = await billingEventTypes(world, one.organizationId);
    expect(types.filter((type) => type === 'refund.created')).toHaveLength(1);
    const [invoice] = await invoicesOf(world, one);
    expect(invoice?.post_payment_credit_notes_amount).toBe(1900);
  });

  test('200: an end whose answer was lost has ended', async () => {
    const one = await subscriber(world, starter);
    lose('cut_after', 'DELETE');
    expect((await end(one)).body['status']).toBe('cancelled');
    world.simulator.faults.clear();
    expect(await billingEventTypes(world, one.organizationId)).toContain('refund.created');
  });

  test('is closed where a newer one was asked for, and not made after it', async () => {
    const one = await subscriber(world, starter);
    lose('error_before', 'POST');
    expect((await one.call('POST', 'subscription', pro)).status).toBe(503);
    world.simulator.faults.clear();
    await world.advanceTo(minutes(1));
    expect((await one.call('DELETE', 'subscription')).status).toBe(200);
    await world.advanceTo(minutes(15));
    expect((await one.call('GET', 'subscription')).body).toMatchObject({
      plan: { id: 'plan_starter' },
      cancel_at_period_end: true,
    });
    expect(await actionsOf(one)).toContain('subscription.change_failed');
  });
});

test('an upgrade that is paid later takes the cancellation back, when it is paid', async () => {
  const one = await subscriber(world, starter);
  await one.call('DELETE', 'subscription');
  const { id } = await customerOf(world, one);
  const { data } = await world.stripe.paymentMethods.list({ customer: id });
  const card = data[0]?.id ?? '';
  await setCard(world, card, 'chargeCustomerFail');
  const up = await one.call('POST', 'subscription', pro);
  expect(up.body).toMatchObject({ plan: { id: 'plan_starter' }, cancel_at_period_end: true });
  await setCard(world, card, 'visa');
  const [invoice] = await invoicesOf(world, one);
  await world.stripe.invoices.pay(invoice?.id ?? '');
  await world.settle();
  expect((await one.call('GET', 'subscription')).body).toMatchObject({
    plan: { id: 'plan_pro' },
    cancel_at_period_end: false,
    pending_change: null,
  });
});
