import { idOf } from '../billing/provider/stripe.ts';
import type { OpenWorld } from './billing-world.ts';

/** A workspace that bought Starter with a good card. */
export interface Subscriber {
  readonly id: string;
  readonly subscriptionId: string;
  readonly customer: string;
  readonly renewedAtMs: number;
}

export async function makeSubscriber(world: OpenWorld): Promise<Subscriber> {
  const id = await world.organization();
  const bought = await world.subscribe(id, { planId: 'plan_starter' });
  return {
    id,
    subscriptionId: bought.id,
    customer: idOf(bought.customer) ?? '',
    renewedAtMs: (bought.items.data[0]?.current_period_end ?? 0) * 1000,
  };
}

/** From now on it pays with another test card, such as `chargeCustomerFail`; answers its id. */
export async function useCard(
  world: OpenWorld,
  { customer, subscriptionId }: Subscriber,
  name: string,
): Promise<string> {
  const { stripe } = world;
  const card = await stripe.paymentMethods.attach(`pm_card_${name}`, { customer });
  await stripe.subscriptions.update(subscriptionId, { default_payment_method: card.id });
  await stripe.customers.update(customer, {
    invoice_settings: { default_payment_method: card.id },
  });
  await world.settle();
  return card.id;
}
