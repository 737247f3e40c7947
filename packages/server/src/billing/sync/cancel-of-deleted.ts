import type { BillingDeps } from '../deps.ts';
import { isMissing, type Stripe } from '../provider/stripe.ts';
import { findDeleted } from './sql.ts';

/** Subscribed on a page that was opened before the workspace was deleted: nobody is there to use it. */
export async function cancelOfDeleted(
  deps: BillingDeps,
  organizationId: string,
  subscription: Stripe.Subscription | null,
): Promise<void> {
  if (subscription === null || hasEnded(subscription)) return;
  if ((await deps.db.query(findDeleted(organizationId))).length === 0) return;
  const fields = { organizationId, subscription: subscription.id };
  deps.log.warn(fields, 'a deleted workspace was subscribed: its subscription is cancelled');
  try {
    await deps.stripe.subscriptions.cancel(subscription.id);
  } catch (error) {
    // Another process was faster.
    if (!isMissing(error)) throw error;
  }
}

function hasEnded({ status }: Stripe.Subscription): boolean {
  return status === 'canceled' || status === 'incomplete_expired';
}
