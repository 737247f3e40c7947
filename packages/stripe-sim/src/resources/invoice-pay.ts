import { attemptPayment, intentOf, methodFor, type Attempt } from '../billing/collect.ts';
import { finalize } from '../billing/finalize.ts';
import { markPaid } from '../billing/invoice-paid.ts';
import type { Invoice } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { includable, render } from '../wire/render.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { needOwnMethod } from './payment-methods.ts';
import { need } from './shared.ts';

export interface PayInput {
  payment_method?: string;
  paid_out_of_band?: boolean;
}

includable('invoice', 'payments', (tx, invoice) => ({
  object: 'list',
  data: tx.getAll('invoice_payment', invoice.id).map(render),
  has_more: false,
  url: `/v1/invoice_payments?invoice=${invoice.id}`,
}));

includable('invoice', 'confirmation_secret', (tx, invoice) => {
  const intent = tx.find('payment_intent', String(invoice['sim_payment_intent']));
  if (intent === undefined) return null;
  return { client_secret: intent.client_secret, type: 'payment_intent' };
});

/** Pays an invoice now. A declined payment is 402, and the attempt stays on record. */
export function payInvoice(tx: Transaction, invoice: Invoice, params: PayInput): Invoice {
  if (invoice.status === 'draft') finalize(tx, invoice);
  else if (invoice.status === 'paid') {
    throw invalidRequest('Invoice is already paid', { code: 'invoice_already_paid' });
  } else if (invoice.status === 'void') {
    throw invalidRequest('This invoice has been voided and cannot be paid.');
  }
  if (isPaid(invoice)) return invoice;
  if (params.paid_out_of_band === true) {
    markPaid(tx, invoice, true);
    return invoice;
  }
  const method =
    params.payment_method === undefined
      ? methodFor(tx, invoice)
      : need(
          tx,
          'payment_method',
          needOwnMethod(tx, invoice.customer, params.payment_method, 'payment_method'),
        );
  if (method === undefined) {
    throw invalidRequest(
      'There is no default_payment_method set on this Customer or Invoice. Please set a payment ' +
        'method or pass one in.',
      { code: 'resource_missing' },
    );
  }
  const attempt = attemptPayment(tx, invoice, { method, isScheduled: false });
  if (attempt.result !== 'succeeded') throw refused(tx, invoice, attempt);
  return invoice;
}

/** Finalizing pays what asks for nothing; TypeScript does not see that the status moved. */
function isPaid(invoice: Invoice): boolean {
  return invoice.status === 'paid';
}

function refused(tx: Transaction, invoice: Invoice, attempt: Attempt): StripeError {
  const intent = render(intentOf(tx, invoice));
  if (attempt.result === 'declined') {
    const { message, type: _, ...fields } = attempt.error;
    return new StripeError(402, 'card_error', message, { ...fields, payment_intent: intent }, true);
  }
  return new StripeError(
    402,
    'card_error',
    'Payment for this invoice requires additional user action before it can be completed successfully.',
    { code: 'invoice_payment_intent_requires_action', payment_intent: intent },
    true,
  );
}
