import { emit } from '../delivery/emit.ts';
import { changeBalance } from '../resources/balance.ts';
import { create, need } from '../resources/shared.ts';
import type { Invoice } from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { sumUp } from './draft.ts';
import { smallestCharge } from './money.ts';
import { markPaid } from './invoice-paid.ts';

/**
 * Makes a draft an invoice: its number, the balance applied, a payment intent for what is due. One
 * that asks for nothing is paid at once.
 */
export function finalize(tx: Transaction, invoice: Invoice): void {
  if (invoice.status !== 'draft') {
    throw invalidRequest(
      'This invoice is already finalized, you can’t re-finalize a non-draft invoice.',
      { code: 'invoice_not_editable' },
    );
  }
  sumUp(invoice);
  numberInvoice(tx, invoice);
  applyBalance(tx, invoice);
  invoice.status = 'open';
  invoice.sim_finalize_at = null;
  invoice.automatically_finalizes_at = null;
  invoice.effective_at = tx.now;
  invoice.status_transitions['finalized_at'] = tx.now;
  setUrls(tx, invoice);
  if (invoice.collection_method === 'send_invoice') {
    const days =
      typeof invoice['sim_days_until_due'] === 'number' ? invoice['sim_days_until_due'] : 30;
    invoice.due_date ??= tx.now + days * 86_400;
  }
  if (invoice.amount_due > 0) makePayment(tx, invoice);
  emit(tx, 'invoice.finalized', invoice);
  if (invoice.amount_due === 0) markPaid(tx, invoice);
}

function numberInvoice(tx: Transaction, invoice: Invoice): void {
  const customer = need(tx, 'customer', invoice.customer);
  const sequence = String(customer.next_invoice_sequence).padStart(4, '0');
  invoice.number = `${customer.invoice_prefix}-${sequence}`;
  customer.next_invoice_sequence += 1;
  customer.currency ??= invoice.currency;
}

/**
 * Credit lowers what is due, debt raises it; a negative total becomes credit. What is left and too
 * small to charge goes onto the balance for the next invoice.
 */
function applyBalance(tx: Transaction, invoice: Invoice): void {
  const customer = need(tx, 'customer', invoice.customer);
  const isOfCurrency = customer.currency === invoice.currency;
  const before = isOfCurrency ? customer.balance : 0;
  invoice.starting_balance = before;
  const due = invoice.total + before;
  const move = (amount: number, type: string): void => {
    if (amount === 0) return;
    changeBalance(tx, customer, amount, invoice.currency, { type, invoice: invoice.id });
  };
  if (due <= 0) {
    // What the balance gives: all of a debt or the part of a credit that covers the total.
    move(invoice.total, 'applied_to_invoice');
    invoice.amount_due = 0;
  } else if (due < smallestCharge(invoice.currency)) {
    move(due - before, 'invoice_too_small');
    invoice.amount_due = 0;
  } else {
    move(-before, 'applied_to_invoice');
    invoice.amount_due = due;
  }
  invoice.amount_remaining = invoice.amount_due;
  invoice.ending_balance = isOfCurrency ? customer.balance : 0;
}

function setUrls(tx: Transaction, invoice: Invoice): void {
  const base = tx.settings.base_url;
  const secret = randomText(24);
  invoice['sim_page_secret'] = secret;
  invoice['hosted_invoice_url'] = `${base}/pages/invoices/${invoice.id}/${secret}`;
  invoice['invoice_pdf'] = `${base}/pages/invoices/${invoice.id}/${secret}/pdf`;
}

function makePayment(tx: Transaction, invoice: Invoice): void {
  const intent = create(tx, 'payment_intent', {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    status: 'requires_payment_method',
    capture_method: 'automatic',
    confirmation_method: 'automatic',
    payment_method_types: ['card'],
    description: `Invoice ${invoice.number}`,
    setup_future_usage: 'off_session',
    metadata: {},
    sim_invoice: invoice.id,
    sim_owner: invoice.customer,
  });
  intent.client_secret = `${intent.id}_secret_${randomText(24)}`;
  invoice.sim_payment_intent = intent.id;
  emit(tx, 'payment_intent.created', intent);
  create(tx, 'invoice_payment', {
    invoice: invoice.id,
    amount_paid: null,
    amount_requested: invoice.amount_due,
    currency: invoice.currency,
    is_default: true,
    status: 'open',
    payment: { type: 'payment_intent', payment_intent: intent.id },
    status_transitions: { canceled_at: null, paid_at: null },
    sim_owner: invoice.id,
  });
}
