import { emit } from '../delivery/emit.ts';
import { create } from '../resources/shared.ts';
import type { PaymentMethod } from '../store/documents.ts';
import type { Charge, PaymentIntent } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { render } from '../wire/render.ts';
import { redirectTo } from './next-action.ts';
import { declineErrorCode, declineMessage, testCards } from './test-cards.ts';

export type Outcome =
  | { readonly result: 'succeeded' }
  | { readonly result: 'requires_action' }
  | { readonly result: 'declined'; readonly error: PaymentError };

export interface PaymentError {
  readonly type: 'card_error';
  readonly code: string;
  readonly decline_code?: string;
  readonly message: string;
}

/**
 * Tries to take a payment intent's amount from a test card. `isAuthenticated`: the holder has just
 * agreed on the simulated bank's page.
 */
export function chargeIntent(
  tx: Transaction,
  intent: PaymentIntent,
  method: PaymentMethod,
  isAuthenticated = false,
): Outcome {
  intent.payment_method = method.id;
  intent.next_action = null;
  const card = testCards[method.sim_card];
  if (card?.declines !== undefined) return decline(tx, intent, method, card.declines);
  const isAsked =
    card?.authentication === 'always' ||
    (card?.authentication === 'once' && !method.sim_authenticated);
  if (isAsked && !isAuthenticated) {
    askHolder(tx, intent);
    emit(tx, 'payment_intent.requires_action', intent);
    return { result: 'requires_action' };
  }
  if (isAuthenticated) method.sim_authenticated = true;
  const charge = makeCharge(tx, intent, method, undefined);
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.last_payment_error = null;
  emit(tx, 'charge.succeeded', charge);
  emit(tx, 'payment_intent.succeeded', intent);
  return { result: 'succeeded' };
}

function askHolder(tx: Transaction, intent: PaymentIntent): void {
  const base = tx.settings.base_url;
  intent.status = 'requires_action';
  const url = `${base}/pages/authenticate/${intent.id}/${intent.client_secret}`;
  intent.next_action = redirectTo(url, null);
}

/** The payment is refused: a failed charge, and the intent waits for another card. */
export function decline(
  tx: Transaction,
  intent: PaymentIntent,
  method: PaymentMethod,
  code: string,
): Outcome {
  const isAuthentication = code === 'authentication_failed';
  const error: PaymentError = isAuthentication
    ? {
        type: 'card_error',
        code: 'payment_intent_authentication_failure',
        message: 'The holder did not authenticate the payment.',
      }
    : {
        type: 'card_error',
        code: declineErrorCode(code),
        decline_code: code,
        message: declineMessage(code),
      };
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.next_action = null;
  intent.last_payment_error = { ...error, payment_method: render(method) };
  if (!isAuthentication) emit(tx, 'charge.failed', makeCharge(tx, intent, method, error));
  emit(tx, 'payment_intent.payment_failed', intent);
  return { result: 'declined', error };
}

function makeCharge(
  tx: Transaction,
  intent: PaymentIntent,
  method: PaymentMethod,
  error: PaymentError | undefined,
): Charge {
  const isPaid = error === undefined;
  const charge = create(tx, 'charge', {
    amount: intent.amount,
    amount_captured: isPaid ? intent.amount : 0,
    billing_details: method['billing_details'],
    captured: isPaid,
    currency: intent.currency,
    customer: intent.customer,
    description: intent['description'],
    failure_code: error?.code ?? null,
    failure_message: error?.message ?? null,
    metadata: {},
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: isPaid ? 'approved_by_network' : 'declined_by_network',
      reason: error?.decline_code ?? null,
      risk_level: 'normal',
      seller_message: isPaid ? 'Payment complete.' : 'The bank did not accept the payment.',
      type: isPaid ? 'authorized' : 'issuer_declined',
    },
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: method.id,
    status: isPaid ? 'succeeded' : 'failed',
    sim_invoice: intent.sim_invoice,
    ...(intent.customer === null ? {} : { sim_owner: intent.customer }),
  });
  intent.latest_charge = charge.id;
  return charge;
}
