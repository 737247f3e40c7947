import { emit } from '../delivery/emit.ts';
import type { Invoice, PaymentMethod } from '../store/documents.ts';
import type { PaymentIntent } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { chargeIntent, type Outcome } from './charge.ts';
import { retireSubscription } from './dunning.ts';
import { markPaid, subscriptionOf } from './invoice-paid.ts';

/** Days after the first failure: eight more attempts in two weeks. */
const retryDays = [1, 3, 5, 7, 9, 11, 13, 14];

export type Attempt = Outcome | { readonly result: 'no_method' };

/** The method an invoice is paid with, unless the caller names one. */
export function methodFor(tx: Transaction, invoice: Readonly<Invoice>): PaymentMethod | undefined {
  const subscriptionId = invoice.parent?.subscription_details?.subscription;
  const subscription =
    subscriptionId === undefined ? undefined : tx.find('subscription', subscriptionId);
  const customer = tx.find('customer', invoice.customer);
  const id =
    invoice.default_payment_method ??
    subscription?.default_payment_method ??
    customer?.invoice_settings.default_payment_method ??
    null;
  return id === null ? undefined : tx.get('payment_method', id);
}

/**
 * Tries to collect an open invoice once and tells the world how it went. `isScheduled`: the clock
 * asks, so a failure plans the next attempt.
 */
export function attemptPayment(
  tx: Transaction,
  invoice: Invoice,
  given: { method?: PaymentMethod | undefined; isScheduled: boolean },
): Attempt {
  const method = given.method ?? methodFor(tx, invoice);
  const intent = intentOf(tx, invoice);
  invoice.attempted = true;
  invoice.attempt_count += 1;
  const attempt: Attempt =
    method === undefined ? { result: 'no_method' } : chargeIntent(tx, intent, method);
  conclude(tx, invoice, attempt, given.isScheduled);
  return attempt;
}

export function intentOf(tx: Transaction, invoice: Invoice): PaymentIntent {
  const intent =
    invoice.sim_payment_intent === null
      ? undefined
      : tx.get('payment_intent', invoice.sim_payment_intent);
  if (intent === undefined) throw new Error(`${invoice.id} has no payment intent`);
  return intent;
}

/** What an attempt means for the invoice and its subscription. */
export function conclude(
  tx: Transaction,
  invoice: Invoice,
  attempt: Attempt,
  isScheduled: boolean,
): void {
  if (attempt.result === 'succeeded') {
    markPaid(tx, invoice);
    return;
  }
  if (isScheduled) planRetry(tx, invoice);
  if (attempt.result === 'requires_action') emit(tx, 'invoice.payment_action_required', invoice);
  emit(tx, 'invoice.payment_failed', invoice);
  const subscription = subscriptionOf(tx, invoice);
  if (subscription === undefined || subscription.sim_pending_invoice === invoice.id) return;
  const customer = tx.get('customer', invoice.customer);
  if (customer !== undefined) customer.delinquent = true;
  if (subscription.status === 'active' || subscription.status === 'trialing') {
    subscription.status = 'past_due';
    emit(tx, 'customer.subscription.updated', subscription);
  }
  const isLast = isScheduled && invoice.next_payment_attempt === null;
  if (isLast) retireSubscription(tx, subscription);
}

function planRetry(tx: Transaction, invoice: Invoice): void {
  invoice.sim_first_failure_at ??= tx.now;
  const days = retryDays[retryDays.findIndex((day) => after(invoice, day) > tx.now)];
  invoice.next_payment_attempt = days === undefined ? null : after(invoice, days);
}

function after(invoice: Invoice, days: number): number {
  return (invoice.sim_first_failure_at ?? 0) + days * 86_400;
}
