import { emit } from '../delivery/emit.ts';
import { changeBalance } from '../resources/balance.ts';
import type { Invoice } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { openPayments, settle, subscriptionOf } from './invoice-paid.ts';

/** Takes back an invoice that nobody has paid; what it took off the balance goes back onto it. */
export function voidInvoice(tx: Transaction, invoice: Invoice): void {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw invalidRequest(
      `You can only pass in open or uncollectible invoices. This invoice is ${invoice.status}.`,
    );
  }
  invoice.status = 'void';
  invoice.status_transitions['voided_at'] = tx.now;
  close(invoice);
  for (const payment of openPayments(tx, invoice.id)) {
    payment.status = 'canceled';
    payment.status_transitions.canceled_at = tx.now;
  }
  const intent =
    invoice.sim_payment_intent === null
      ? undefined
      : tx.get('payment_intent', invoice.sim_payment_intent);
  if (intent !== undefined && intent.status !== 'succeeded') {
    intent.status = 'canceled';
    intent.canceled_at = tx.now;
    intent.cancellation_reason = 'void_invoice';
    intent.next_action = null;
    emit(tx, 'payment_intent.canceled', intent);
  }
  unapplyBalance(tx, invoice);
  emit(tx, 'invoice.voided', invoice);
  settleSubscription(tx, invoice);
}

function unapplyBalance(tx: Transaction, invoice: Invoice): void {
  let applied = 0;
  for (const move of tx.scan('customer_balance_transaction', invoice.customer)) {
    const isOurs = move['invoice'] === invoice.id && move.type === 'applied_to_invoice';
    if (isOurs) applied += move.amount;
  }
  const customer = tx.get('customer', invoice.customer);
  if (applied === 0 || customer === undefined) return;
  changeBalance(tx, customer, -applied, invoice.currency, {
    type: 'unapplied_from_invoice',
    invoice: invoice.id,
  });
}

/** Gives up on an invoice; it may still be paid or voided. */
export function markUncollectible(tx: Transaction, invoice: Invoice): void {
  if (invoice.status !== 'open') {
    throw invalidRequest(
      `This invoice is ${invoice.status}; only open invoices can be marked uncollectible.`,
    );
  }
  invoice.status = 'uncollectible';
  invoice.status_transitions['marked_uncollectible_at'] = tx.now;
  close(invoice);
  emit(tx, 'invoice.marked_uncollectible', invoice);
  settleSubscription(tx, invoice);
}

function close(invoice: Invoice): void {
  invoice.auto_advance = false;
  invoice.next_payment_attempt = null;
}

function settleSubscription(tx: Transaction, invoice: Invoice): void {
  const subscription = subscriptionOf(tx, invoice);
  if (subscription !== undefined) settle(tx, subscription, invoice);
}
