import { attemptPayment } from '../billing/collect.ts';
import { endSubscription } from '../billing/end-subscription.ts';
import { finalize } from '../billing/finalize.ts';
import { markUncollectible, voidInvoice } from '../billing/invoice-end.ts';
import { advanceSchedule } from '../billing/phases.ts';
import { renew } from '../billing/renew.ts';
import { subscriptionOf } from '../billing/invoice-paid.ts';
import { emit } from '../delivery/emit.ts';
import { dropPendingUpdate } from '../resources/subscription-update.ts';
import { periodOf } from '../resources/subscription-items.ts';
import { startSubscription } from '../resources/subscription-schedules.ts';
import type { Document, Invoice, Subscription, SubscriptionSchedule } from '../store/documents.ts';
import type { Kind } from '../store/kinds.ts';
import type { Due } from '../store/state.ts';
import type { Transaction } from '../store/transaction.ts';
import { dueOf, trialNoticeSeconds } from './due.ts';
import { tidy } from './tidy.ts';

/** Does what is due; the transaction's time is the moment it fell due. */
export function runDue(tx: Transaction, due: Due): void {
  const document = tx.get(due.kind, due.id);
  if (document === undefined) return;
  const at = dueOf(document);
  if (at === null || at > tx.now) return;
  const run = runs[due.kind];
  if (run === undefined) throw new Error(`nothing is ever due on ${due.kind}`);
  run(tx, document);
}

const runs: Partial<Record<Kind, (tx: Transaction, document: Document) => void>> = {
  subscription: (tx, document) => runSubscription(tx, document as Subscription),
  invoice: (tx, document) => runInvoice(tx, document as Invoice),
  subscription_schedule: (tx, document) => runSchedule(tx, document as SubscriptionSchedule),
  'checkout.session': (tx, document) => {
    Object.assign(document, { status: 'expired', url: null });
    emit(tx, 'checkout.session.expired', document);
  },
  'sim.clock': tidy,
};

function runSchedule(tx: Transaction, schedule: SubscriptionSchedule): void {
  if (schedule.status === 'not_started') startSubscription(tx, schedule);
  else advanceSchedule(tx, schedule);
}

function runSubscription(tx: Transaction, subscription: Subscription): void {
  if (subscription.status === 'incomplete') {
    expireIncomplete(tx, subscription);
    return;
  }
  const pending = subscription.pending_update;
  if (pending !== null && pending.expires_at <= tx.now) {
    dropPendingUpdate(tx, subscription);
    emit(tx, 'customer.subscription.pending_update_expired', subscription);
    emit(tx, 'customer.subscription.updated', subscription);
  }
  const pause = subscription.pause_collection;
  if (pause !== null && pause.resumes_at !== null && pause.resumes_at <= tx.now) {
    subscription.pause_collection = null;
    emit(tx, 'customer.subscription.updated', subscription);
  }
  noticeTrialEnd(tx, subscription);
  if (subscription.cancel_at !== null && subscription.cancel_at <= tx.now) {
    endSubscription(tx, subscription, 'cancellation_requested');
  } else if (periodOf(subscription).end <= tx.now) renew(tx, subscription);
}

function noticeTrialEnd(tx: Transaction, subscription: Subscription): void {
  const { trial_end: end, status } = subscription;
  if (status !== 'trialing' || end === null || subscription.sim_trial_notice_sent) return;
  if (end - trialNoticeSeconds > tx.now) return;
  subscription.sim_trial_notice_sent = true;
  emit(tx, 'customer.subscription.trial_will_end', subscription);
}

function expireIncomplete(tx: Transaction, subscription: Subscription): void {
  subscription.status = 'incomplete_expired';
  subscription.ended_at = tx.now;
  emit(tx, 'customer.subscription.updated', subscription);
  const invoice = tx.get('invoice', subscription.latest_invoice ?? '');
  if (invoice?.status === 'open') voidInvoice(tx, invoice);
}

function runInvoice(tx: Transaction, invoice: Invoice): void {
  if (invoice.status === 'draft') {
    finalize(tx, invoice);
    if (statusOf(invoice) !== 'open' || isHeldBack(tx, invoice)) return;
    if (invoice.collection_method === 'send_invoice') {
      emit(tx, 'invoice.sent', invoice);
      return;
    }
  }
  attemptPayment(tx, invoice, { isScheduled: true });
}

/** A subscription whose collection is paused: its invoices are put away instead. */
function isHeldBack(tx: Transaction, invoice: Invoice): boolean {
  const behavior = subscriptionOf(tx, invoice)?.pause_collection?.behavior;
  if (behavior === 'void') voidInvoice(tx, invoice);
  else if (behavior === 'mark_uncollectible') markUncollectible(tx, invoice);
  return behavior !== undefined;
}

/** Finalizing moves the status, which TypeScript does not see. */
function statusOf(invoice: Invoice): string {
  return invoice.status;
}
