import { emit } from '../delivery/emit.ts';
import { need } from '../resources/shared.ts';
import { cycleOf, periodOf } from '../resources/subscription-items.ts';
import type { Invoice, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import {
  addItems,
  announceDraft,
  draftInvoice,
  pendingItems,
  scheduleFinalization,
} from './draft.ts';
import { endSubscription } from './end-subscription.ts';
import { periodAt } from './periods.ts';
import { addSubscriptionLines } from './subscribe-lines.ts';

/**
 * Begins a subscription's next period: the draft of its invoice, with what waited for one. Answers
 * undefined where a trial ended without a payment method and the subscription with it.
 */
export function renew(tx: Transaction, subscription: Subscription): Invoice | undefined {
  const isTrialEnd = subscription.status === 'trialing';
  if (isTrialEnd && !endTrial(tx, subscription)) return undefined;
  const ended = periodOf(subscription);
  const { items, billing_cycle_anchor: anchor } = subscription;
  const { end } = periodAt(anchor, cycleOf(items.data), ended.end);
  for (const item of items.data) {
    item.current_period_start = ended.end;
    item.current_period_end = end;
  }
  const customer = need(tx, 'customer', subscription.customer);
  const invoice = draftInvoice(tx, {
    customer,
    subscription,
    currency: subscription.currency,
    reason: 'subscription_cycle',
    period: ended,
  });
  addSubscriptionLines(tx, invoice, subscription);
  addItems(tx, invoice, pendingItems(tx, customer.id, invoice.currency, subscription.id));
  const isKept = subscription.pause_collection?.behavior === 'keep_as_draft';
  if (subscription.status !== 'unpaid' && !isKept) scheduleFinalization(tx, invoice);
  announceDraft(tx, invoice);
  emit(tx, 'customer.subscription.updated', subscription);
  return invoice;
}

/** Whether the subscription goes on; what happens without a payment method is its own setting. */
function endTrial(tx: Transaction, subscription: Subscription): boolean {
  const customer = need(tx, 'customer', subscription.customer);
  const hasMethod =
    subscription.default_payment_method !== null ||
    customer.invoice_settings.default_payment_method !== null;
  const behavior = subscription.trial_settings.end_behavior.missing_payment_method;
  if (!hasMethod && behavior === 'cancel') {
    endSubscription(tx, subscription, 'payment_failed');
    return false;
  }
  if (!hasMethod && behavior === 'pause') {
    subscription.status = 'paused';
    emit(tx, 'customer.subscription.paused', subscription);
    return false;
  }
  subscription.status = 'active';
  return true;
}
