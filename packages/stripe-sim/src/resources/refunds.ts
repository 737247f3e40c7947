import { emit } from '../delivery/emit.ts';
import type { Charge, Refund } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { includable, render } from '../wire/render.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { create, mergeMetadata, need, type MetadataInput } from './shared.ts';

interface Input {
  amount?: number;
  charge?: string;
  payment_intent?: string;
  reason?: string;
  metadata?: MetadataInput;
}

includable('charge', 'refunds', (tx, charge) => ({
  object: 'list',
  data: tx.getAll('refund', charge.id).map(render),
  has_more: false,
  url: `/v1/charges/${charge.id}/refunds`,
}));

export const refundRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/refunds',
    ['amount', 'charge', 'payment_intent', 'reason', 'metadata'],
    (tx, params) => {
      const charge = chargeOf(tx, params);
      const refund = refundCharge(
        tx,
        charge,
        params.amount ?? charge.amount - charge.amount_refunded,
      );
      refund.reason = params.reason ?? null;
      refund.metadata = mergeMetadata({}, params.metadata);
      return refund;
    },
  ),
  route<Input>('POST /v1/refunds/{}', ['metadata'], (tx, params, id) => {
    const refund = need(tx, 'refund', id);
    refund.metadata = mergeMetadata(refund.metadata, params.metadata);
    return refund;
  }),
  route('GET /v1/refunds/{}', [], (tx, _, id) => need(tx, 'refund', id)),
  route<PageParams & { charge?: string; payment_intent?: string }>(
    'GET /v1/refunds',
    [...pageParams, 'charge', 'payment_intent'],
    (tx, params) =>
      pageOf(tx, 'refund', params, {
        url: '/v1/refunds',
        owner: params.charge,
        test: (refund) =>
          refund.payment_intent === (params.payment_intent ?? refund.payment_intent),
      }),
  ),
];

function chargeOf(tx: Transaction, params: Input): Charge {
  if (params.charge !== undefined) return need(tx, 'charge', params.charge, 'charge');
  if (params.payment_intent === undefined) {
    throw invalidRequest(
      'One of the following params should be provided: payment_intent or charge.',
      {
        code: 'parameter_missing',
        param: 'charge',
      },
    );
  }
  const intent = need(tx, 'payment_intent', params.payment_intent, 'payment_intent');
  if (intent.latest_charge === null) {
    throw invalidRequest('This PaymentIntent does not have a successful charge to refund.');
  }
  return need(tx, 'charge', intent.latest_charge);
}

/** Gives money of a charge back to the card. */
export function refundCharge(tx: Transaction, charge: Charge, amount: number): Refund {
  const left = charge.amount - charge.amount_refunded;
  if (!charge.paid) throw invalidRequest(`Charge ${charge.id} failed; there is nothing to refund.`);
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
    });
  }
  if (amount < 1 || amount > left) {
    throw invalidRequest(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left}).`,
      { param: 'amount' },
    );
  }
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount;
  const refund = create(tx, 'refund', {
    amount,
    charge: charge.id,
    currency: charge.currency,
    customer: charge.customer,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: null,
    status: 'succeeded',
    metadata: {},
    sim_owner: charge.id,
  });
  emit(tx, 'refund.created', refund);
  emit(tx, 'charge.refunded', charge);
  return refund;
}
