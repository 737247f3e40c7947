import type { Context } from '../../context.ts';
import { findOrganization } from '../../organizations/organizations.ts';
import type { BillingDeps } from '../deps.ts';
import type { ProviderState } from '../provider/provider-state.ts';
import type { Stripe } from '../provider/stripe.ts';

/**
 * What the provider has to know from us: the customer's name and address are the workspace's, and it
 * has a card of its own. (Checkout makes its card the subscription's only; then the next subscription,
 * and an invoice of its own, would have nothing to be charged to.) Nothing is asked where all is right.
 */
export async function correctCustomer(
  deps: BillingDeps,
  ctx: Context,
  { customer, paymentMethod: method }: ProviderState,
): Promise<void> {
  if (customer === null) return;
  const changes: Stripe.CustomerUpdateParams = {};
  const { name, billing_email: email } = await findOrganization(ctx);
  if (customer.name !== name) changes.name = name;
  // An address cannot be taken away there: without one the last stays.
  if (email !== null && customer.email !== email) changes.email = email;
  if (customer.invoice_settings.default_payment_method === null && method !== null) {
    changes.invoice_settings = { default_payment_method: method.id };
  }
  if (Object.keys(changes).length > 0) await deps.stripe.customers.update(customer.id, changes);
}
