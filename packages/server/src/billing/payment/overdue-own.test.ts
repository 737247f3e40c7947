import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import {
  customerOf,
  finishCheckout,
  invoicesOf,
  offer,
  setCard,
  subscriber,
  type Visitor,
} from '../../test/checkout.ts';
import { convert } from '../../test/overage.ts';
import { idOf } from '../provider/stripe.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
  const body = { concurrent_conversion_limit: null };
  await offer(world, 'plan_yearly', { usd: 1_000 }, { limit: 0, yearly: { usd: 10_000 }, body });
});
afterAll(() => world.close());

const days = (count: number) => new Date(world.clock.now().getTime() + count * 86_400_000);
const end = 'subscription?when=now&settlement=none';

/** Two dollars on an invoice of its own, which was declined. */
async function overdue(hasEnded: boolean): Promise<Visitor> {
  const one = await subscriber(world, { plan_id: 'plan_yearly', interval: 'year' });
  await one.call('PATCH', 'billing', { overage_policy: 'charge' });
  await convert(world, one.organizationId, 40);
  const { invoice_settings: settings } = await customerOf(world, one);
  await setCard(world, idOf(settings.default_payment_method) ?? '', 'chargeCustomerFail');
  await world.advanceTo(days(1));
  if (hasEnded) await one.call('DELETE', end, undefined, { asOperator: true });
  await world.advanceTo(days(hasEnded ? 1 : 32));
  expect(await newest(one)).toEqual(['manual', 'open', 200, true]);
  return one;
}

async function newest(one: Visitor) {
  const [invoice] = await invoicesOf(world, one);
  return [invoice?.billing_reason, invoice?.status, invoice?.total, invoice?.attempted];
}

async function giveCard(one: Visitor, card: string): Promise<void> {
  const { body } = await one.call('POST', 'billing/payment-method');
  await finishCheckout(world, body['url'], card);
  await world.settle();
}

test.each([false, true])(
  'an invoice for overage that was declined is paid with the new card at once (ended: %s)',
  async (hasEnded) => {
    const one = await overdue(hasEnded);
    await giveCard(one, 'chargeCustomerFail');
    expect(await newest(one)).toEqual(['manual', 'open', 200, true]);
    await giveCard(one, 'mastercard');
    expect(await newest(one)).toEqual(['manual', 'paid', 200, true]);
  },
);

test('an upgrade that waits for its payment is not paid by giving a card: that is asked for', async () => {
  const one = await subscriber(world, { plan_id: 'plan_starter' });
  const { invoice_settings: settings } = await customerOf(world, one);
  await setCard(world, idOf(settings.default_payment_method) ?? '', 'chargeCustomerFail');
  await one.call('POST', 'subscription', { plan_id: 'plan_pro' });
  await giveCard(one, 'mastercard');
  const { body } = await one.call('GET', 'subscription');
  expect(body['pending_change']).toMatchObject({ plan_id: 'plan_pro' });
  const [invoice] = await invoicesOf(world, one);
  expect(invoice).toMatchObject({ billing_reason: 'subscription_update', status: 'open' });
});
