import {
  addItems,
  announceDraft,
  draftInvoice,
  pendingItems,
  scheduleFinalization,
} from '../billing/draft.ts';
import {
  cancellationDetails,
  endSubscription,
  type CancellationWords,
} from '../billing/end-subscription.ts';
import { prorate } from '../billing/proration.ts';
import type { Invoice, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { need } from './shared.ts';
import { periodOf } from './subscription-items.ts';
import { dropPendingUpdate } from './subscription-update.ts';

export interface CancelInput {
  invoice_now?: boolean;
  prorate?: boolean;
  cancellation_details?: CancellationWords;
  reason?: string;
}

/**
 * Ends a subscription now. `prorate` credits the time that is left; `invoice_now` puts that, and all
 * that waited, onto a last invoice.
 */
export function cancelNow(
  tx: Transaction,
  subscription: Subscription,
  params: CancelInput,
): Invoice | undefined {
  dropPendingUpdate(tx, subscription);
  if (params.prorate === true && subscription.status !== 'trialing') {
    for (const item of subscription.items.data) {
      prorate(tx, subscription, item, undefined, tx.now);
      item.sim_debit = null;
    }
  }
  subscription.cancellation_details = cancellationDetails(
    params.reason ?? 'cancellation_requested',
    params.cancellation_details,
  );
  endSubscription(tx, subscription, 'cancellation_requested');
  return params.invoice_now === true ? lastInvoice(tx, subscription) : undefined;
}

function lastInvoice(tx: Transaction, subscription: Subscription): Invoice | undefined {
  const { customer, currency, id } = subscription;
  const items = pendingItems(tx, customer, currency, id);
  if (items.length === 0) return undefined;
  const invoice = draftInvoice(tx, {
    customer: need(tx, 'customer', customer),
    subscription,
    currency,
    reason: 'subscription_update',
    period: { start: periodOf(subscription).start, end: tx.now },
  });
  addItems(tx, invoice, items);
  scheduleFinalization(tx, invoice);
  announceDraft(tx, invoice);
  return invoice;
}
