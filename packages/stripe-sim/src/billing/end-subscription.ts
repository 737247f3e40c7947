import { emit } from '../delivery/emit.ts';
import type { Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { forgetUpdate } from './pending-update.ts';

export interface CancellationWords {
  comment?: string;
  feedback?: string;
}

/** Why a subscription ends; null: it does not. */
export function cancellationDetails(
  reason: string | null,
  given: CancellationWords = {},
): Record<string, unknown> {
  return {
    comment: given.comment ?? null,
    feedback: given.feedback ?? null,
    feedback_option: null,
    reason,
  };
}

/** Ends a subscription now. Its open invoices stay open, and nothing is tried on them any more. */
export function endSubscription(tx: Transaction, subscription: Subscription, reason: string): void {
  subscription.status = 'canceled';
  subscription.ended_at = tx.now;
  subscription.canceled_at ??= tx.now;
  const details = subscription.cancellation_details;
  if (typeof details?.['reason'] !== 'string') {
    subscription.cancellation_details = cancellationDetails(reason);
  }
  forgetUpdate(subscription);
  stopCollecting(tx, subscription);
  endSchedule(tx, subscription);
  emit(tx, 'customer.subscription.deleted', subscription);
}

function stopCollecting(tx: Transaction, subscription: Subscription): void {
  const invoices = tx.getAll(
    'invoice',
    subscription.customer,
    (invoice) =>
      (invoice.status === 'open' || invoice.status === 'draft') &&
      invoice.parent?.subscription_details?.subscription === subscription.id,
  );
  for (const invoice of invoices) {
    invoice.auto_advance = false;
    invoice.next_payment_attempt = null;
    invoice.sim_finalize_at = null;
    invoice.automatically_finalizes_at = null;
  }
}

function endSchedule(tx: Transaction, subscription: Subscription): void {
  if (subscription.schedule === null) return;
  const schedule = tx.get('subscription_schedule', subscription.schedule);
  subscription.schedule = null;
  if (schedule === undefined || schedule.status !== 'active') return;
  schedule.status = 'canceled';
  schedule.canceled_at = tx.now;
  schedule.current_phase = null;
  emit(tx, 'subscription_schedule.canceled', schedule);
}
