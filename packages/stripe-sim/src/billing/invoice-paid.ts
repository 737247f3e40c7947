import { emit } from '../delivery/emit.ts';
import type { Invoice, Subscription } from '../store/documents.ts';
import type { InvoicePayment } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { applyPendingUpdate } from './pending-update.ts';

/** The invoice owes nothing any more; its subscription goes on accordingly. */
export function markPaid(tx: Transaction, invoice: Invoice, isOutOfBand = false): void {
  invoice.status = 'paid';
  invoice.amount_paid = isOutOfBand ? 0 : invoice.amount_due;
  if (isOutOfBand) invoice['amount_paid_off_stripe'] = invoice.amount_due;
  invoice.amount_remaining = 0;
  invoice.attempted = true;
  invoice.auto_advance = false;
  invoice.next_payment_attempt = null;
  invoice.status_transitions['paid_at'] = tx.now;
  for (const payment of openPayments(tx, invoice.id)) {
    payment.status = isOutOfBand ? 'canceled' : 'paid';
    if (isOutOfBand) payment.status_transitions.canceled_at = tx.now;
    else {
      payment.amount_paid = payment.amount_requested;
      payment.status_transitions.paid_at = tx.now;
      emit(tx, 'invoice_payment.paid', payment);
    }
  }
  emit(tx, 'invoice.paid', invoice);
  emit(tx, 'invoice.payment_succeeded', invoice);
  const subscription = subscriptionOf(tx, invoice);
  if (subscription !== undefined) settle(tx, subscription, invoice);
}

export function openPayments(tx: Transaction, invoiceId: string): InvoicePayment[] {
  return tx.getAll('invoice_payment', invoiceId, (payment) => payment.status === 'open');
}

export function subscriptionOf(tx: Transaction, invoice: Invoice): Subscription | undefined {
  const id = invoice.parent?.subscription_details?.subscription;
  return id === undefined ? undefined : tx.get('subscription', id);
}

/** An invoice is out of the way (paid, voided, written off): its subscription may be well again. */
export function settle(tx: Transaction, subscription: Subscription, invoice: Invoice): void {
  const isPaid = invoice.status === 'paid';
  if (isPaid) saveMethod(tx, subscription, invoice);
  if (subscription.sim_pending_invoice === invoice.id && isPaid) {
    applyPendingUpdate(tx, subscription);
  }
  const { status } = subscription;
  const isLatest = subscription.latest_invoice === invoice.id;
  if (status === 'incomplete' && isPaid && isLatest) activate(tx, subscription);
  if ((status === 'past_due' || status === 'unpaid') && (isLatest || !hasOpen(tx, subscription))) {
    activate(tx, subscription);
  }
}

/** `save_default_payment_method: on_subscription`: what paid an invoice pays the next ones. */
function saveMethod(tx: Transaction, subscription: Subscription, invoice: Invoice): void {
  if (subscription.payment_settings?.['save_default_payment_method'] !== 'on_subscription') return;
  const method = tx.find('payment_intent', invoice.sim_payment_intent ?? '')?.payment_method;
  if (method !== null && method !== undefined) subscription.default_payment_method = method;
}

function activate(tx: Transaction, subscription: Subscription): void {
  const isTrialing = subscription.trial_end !== null && subscription.trial_end > tx.now;
  subscription.status = isTrialing ? 'trialing' : 'active';
  const customer = tx.get('customer', subscription.customer);
  if (customer !== undefined) customer.delinquent = false;
  emit(tx, 'customer.subscription.updated', subscription);
}

function hasOpen(tx: Transaction, subscription: Subscription): boolean {
  return [...tx.scan('invoice', subscription.customer)].some(
    (invoice) =>
      invoice.status === 'open' &&
      invoice.parent?.subscription_details?.subscription === subscription.id,
  );
}
