import { attemptPayment } from '../billing/collect.ts';
import { finalize } from '../billing/finalize.ts';
import { prorate } from '../billing/proration.ts';
import { startCycle, updateInvoice } from '../billing/update-invoice.ts';
import { emit } from '../delivery/emit.ts';
import type { Invoice, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { invalidRequest, notPlayed } from '../wire/stripe-error.ts';

export interface PauseInput {
  bill_for?: { unused_time_from?: { type: string } };
  invoicing_behavior?: string;
}

export interface ResumeInput {
  billing_cycle_anchor?: { type: string };
}

/**
 * Stops a subscription until it is resumed: no renewals, no invoices. The time that is left is
 * credited unless the caller says otherwise, as a pending item or on an invoice at once.
 */
export function pause(
  tx: Transaction,
  subscription: Subscription,
  params: PauseInput,
): Subscription {
  if (subscription.status !== 'active' && subscription.status !== 'trialing') {
    throw invalidRequest(`This subscription cannot be paused: it is ${subscription.status}.`);
  }
  if (subscription.schedule !== null) {
    throw notPlayed(
      `a pause while the schedule ${subscription.schedule} manages it; release it first`,
    );
  }
  const unused = params.bill_for?.unused_time_from?.type ?? 'now';
  if (unused === 'item_current_period_start') {
    throw notPlayed('a credit for the whole period', 'bill_for[unused_time_from][type]');
  }
  if (unused === 'now') {
    for (const item of subscription.items.data) prorate(tx, subscription, item, undefined, tx.now);
    if (params.invoicing_behavior === 'invoice') {
      collect(tx, updateInvoice(tx, subscription, { isNewCycle: false, at: tx.now }));
    }
  }
  for (const item of subscription.items.data) item.sim_debit = null;
  subscription.status = 'paused';
  emit(tx, 'customer.subscription.paused', subscription);
  return subscription;
}

/** Wakes a paused subscription: a new cycle begins now and is paid now. */
export function resume(
  tx: Transaction,
  subscription: Subscription,
  params: ResumeInput,
): Subscription {
  if (subscription.status !== 'paused') {
    throw invalidRequest(`This subscription cannot be resumed: it is ${subscription.status}.`);
  }
  const anchor = params.billing_cycle_anchor?.type ?? 'now';
  if (anchor !== 'now') {
    throw notPlayed('resuming with the old anchor', 'billing_cycle_anchor[type]');
  }
  subscription.status = 'active';
  startCycle(subscription, tx.now);
  collect(tx, updateInvoice(tx, subscription, { isNewCycle: true, at: tx.now }));
  emit(tx, 'customer.subscription.resumed', subscription);
  return subscription;
}

function collect(tx: Transaction, invoice: Invoice | undefined): void {
  if (invoice === undefined) return;
  finalize(tx, invoice);
  if (isOpen(invoice)) attemptPayment(tx, invoice, { isScheduled: false });
}

function isOpen(invoice: Invoice): boolean {
  return invoice.status === 'open';
}
