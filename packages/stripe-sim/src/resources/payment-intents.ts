import { chargeIntent, decline } from '../billing/charge.ts';
import { setReturnUrl } from '../billing/next-action.ts';
import { conclude } from '../billing/collect.ts';
import { emit } from '../delivery/emit.ts';
import type { PaymentMethod } from '../store/documents.ts';
import type { PaymentIntent } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { render } from '../wire/render.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { attach, findAttachable } from './payment-methods.ts';
import { mergeMetadata, need, type MetadataInput } from './shared.ts';

export const paymentIntentRoutes: readonly Route[] = [
  route('GET /v1/payment_intents/{}', [], (tx, _, id) => need(tx, 'payment_intent', id)),
  route<PageParams & { customer?: string }>(
    'GET /v1/payment_intents',
    [...pageParams, 'customer'],
    (tx, params) =>
      pageOf(tx, 'payment_intent', params, {
        url: '/v1/payment_intents',
        owner: params.customer,
      }),
  ),
  route<{ metadata?: MetadataInput }>(
    'POST /v1/payment_intents/{}',
    ['metadata'],
    (tx, params, id) => {
      const intent = need(tx, 'payment_intent', id);
      intent.metadata = mergeMetadata(intent.metadata, params.metadata);
      return intent;
    },
  ),
  route<{ payment_method?: string; return_url?: string }>(
    'POST /v1/payment_intents/{}/confirm',
    ['payment_method', 'return_url', 'off_session'],
    (tx, params, id) => {
      const intent = need(tx, 'payment_intent', id);
      const methodId = params.payment_method ?? intent.payment_method;
      if (methodId === null) {
        throw invalidRequest(
          'You cannot confirm this PaymentIntent because it has no payment method.',
          {
            code: 'payment_intent_unexpected_state',
          },
        );
      }
      const method = findAttachable(tx, methodId, 'payment_method');
      if (intent.customer !== null && method.customer === null) {
        attach(tx, method, intent.customer);
      }
      const error = payIntent(tx, intent, method, false);
      if (error !== undefined) throw error;
      setReturnUrl(intent, params.return_url);
      return intent;
    },
  ),
  route('GET /v1/charges/{}', [], (tx, _, id) => need(tx, 'charge', id)),
  route<PageParams & { customer?: string; payment_intent?: string }>(
    'GET /v1/charges',
    [...pageParams, 'customer', 'payment_intent'],
    (tx, params) =>
      pageOf(tx, 'charge', params, {
        url: '/v1/charges',
        owner: params.customer,
        test: (charge) =>
          charge.payment_intent === (params.payment_intent ?? charge.payment_intent),
      }),
  ),
  route<PageParams & { invoice?: string; status?: string }>(
    'GET /v1/invoice_payments',
    [...pageParams, 'invoice', 'status'],
    (tx, params) =>
      pageOf(tx, 'invoice_payment', params, {
        url: '/v1/invoice_payments',
        owner: params.invoice,
        test: (payment) => payment.status === (params.status ?? payment.status),
      }),
  ),
  route('GET /v1/invoice_payments/{}', [], (tx, _, id) => need(tx, 'invoice_payment', id)),
];

/**
 * Tries a payment intent with a card while the holder is there; its invoice, if it has one, goes on
 * accordingly. Answers the error to show where the card was declined.
 */
export function payIntent(
  tx: Transaction,
  intent: PaymentIntent,
  method: PaymentMethod,
  isAuthenticated: boolean,
): StripeError | undefined {
  if (intent.status === 'succeeded' || intent.status === 'canceled') {
    throw invalidRequest(
      `This PaymentIntent's status is ${intent.status}; it can no longer be confirmed.`,
      { code: 'payment_intent_unexpected_state', payment_intent: render(intent) },
    );
  }
  const outcome = chargeIntent(tx, intent, method, isAuthenticated);
  const invoice = intent.sim_invoice === null ? undefined : tx.get('invoice', intent.sim_invoice);
  if (invoice !== undefined && outcome.result !== 'requires_action') {
    invoice.attempted = true;
    invoice.attempt_count += 1;
    conclude(tx, invoice, outcome, false);
  }
  if (outcome.result !== 'declined') return undefined;
  const { message, type: _, ...fields } = outcome.error;
  return new StripeError(
    402,
    'card_error',
    message,
    { ...fields, payment_intent: render(intent) },
    true,
  );
}

/** The holder has agreed, or not, on the page of the simulated bank. */
export function authenticate(tx: Transaction, intent: PaymentIntent, isAgreed: boolean): void {
  const method = tx.get('payment_method', intent.payment_method ?? '');
  if (intent.status !== 'requires_action' || method === undefined) {
    throw invalidRequest('This payment waits for no authentication.');
  }
  if (isAgreed) {
    payIntent(tx, intent, method, true);
    return;
  }
  decline(tx, intent, method, 'authentication_failed');
  const invoice = intent.sim_invoice === null ? undefined : tx.get('invoice', intent.sim_invoice);
  if (invoice !== undefined) emit(tx, 'invoice.payment_failed', invoice);
}
