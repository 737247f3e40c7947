import {
  declineErrorCode,
  declineMessage,
  testCardOfToken,
  testCards,
} from '../billing/test-cards.ts';
import { emit } from '../delivery/emit.ts';
import type { PaymentMethod } from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { create, mergeAddress, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface Input {
  type?: string;
  card?: { token?: string; number?: string; exp_month?: number; exp_year?: number };
  billing_details?: Record<string, unknown>;
  metadata?: MetadataInput;
}

export const paymentMethodRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/payment_methods',
    ['type', 'card', 'metadata', 'billing_details'],
    (tx, params) => {
      refuseNumbers(params);
      const name = testCardOfToken(params.card?.token ?? '');
      if (params.type !== 'card' || name === undefined) {
        throw invalidRequest('Give `type=card` and a test token in `card[token]`, e.g. tok_visa.', {
          param: 'card',
        });
      }
      const method = makeTestMethod(tx, name);
      method.metadata = mergeMetadata({}, params.metadata);
      describe(method, params);
      return method;
    },
  ),
  route<Input>(
    'POST /v1/payment_methods/{}',
    ['metadata', 'billing_details', 'card.exp_month', 'card.exp_year'],
    (tx, params, id) => {
      const method = need(tx, 'payment_method', id);
      method.metadata = mergeMetadata(method.metadata, params.metadata);
      patch(method.card, { ...params.card }, ['exp_month', 'exp_year']);
      describe(method, params);
      emit(tx, 'payment_method.updated', method);
      return method;
    },
  ),
  route('GET /v1/payment_methods/{}', [], (tx, _, id) => need(tx, 'payment_method', id)),
  route<PageParams & { customer?: string; type?: string }>(
    'GET /v1/payment_methods',
    [...pageParams, 'customer', 'type'],
    (tx, params) => {
      if (params.customer !== undefined) need(tx, 'customer', params.customer, 'customer');
      return pageOf(tx, 'payment_method', params, {
        url: '/v1/payment_methods',
        owner: params.customer,
        test: (method) => method.type === (params.type ?? method.type),
      });
    },
  ),
  route<{ customer: string }>(
    'POST /v1/payment_methods/{}/attach',
    ['customer'],
    (tx, params, id) => {
      const customer = need(tx, 'customer', params.customer, 'customer');
      return attach(tx, findAttachable(tx, id), customer.id);
    },
  ),
  route('POST /v1/payment_methods/{}/detach', [], (tx, _, id) => detach(tx, id)),
];

function describe(method: PaymentMethod, params: Input): void {
  const details = method['billing_details'] as Record<string, unknown>;
  const { address, ...rest } = params.billing_details ?? {};
  patch(details, rest, ['email', 'name', 'phone', 'tax_id']);
  details['address'] = mergeAddress(details['address'], address);
}

/** The method an id names; a test token such as `pm_card_visa` makes a new one. */
export function findAttachable(tx: Transaction, id: string, param?: string): PaymentMethod {
  const name = testCardOfToken(id);
  return name === undefined ? need(tx, 'payment_method', id, param) : makeTestMethod(tx, name);
}

/** A payment method on one of the test cards, nobody's yet. */
export function makeTestMethod(tx: Transaction, name: string): PaymentMethod {
  const card = testCards[name];
  if (card === undefined) throw new Error(`${name} is no test card`);
  const blank = create(tx, 'payment_method', {});
  return Object.assign(blank, {
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    allow_redisplay: 'unspecified',
    customer: null,
    type: 'card',
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand,
      exp_month: 12,
      exp_year: new Date(tx.now * 1000).getUTCFullYear() + 4,
      fingerprint: randomText(16),
      funding: 'credit',
      generated_from: null,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    metadata: {},
    sim_card: name,
    sim_authenticated: false,
  });
}

/** Makes a method the customer's own. A card that is declined at once cannot be saved. */
export function attach(tx: Transaction, method: PaymentMethod, customerId: string): PaymentMethod {
  if (method.customer === customerId) return method;
  if (method.customer !== null) {
    throw invalidRequest(
      'The payment method you provided has already been attached to a customer.',
      { code: 'payment_method_already_attached' },
    );
  }
  const card = testCards[method.sim_card];
  if (card?.declines !== undefined && card.savable !== true) {
    throw new StripeError(402, 'card_error', declineMessage(card.declines), {
      code: declineErrorCode(card.declines),
      decline_code: card.declines,
    });
  }
  method.customer = customerId;
  method.sim_owner = customerId;
  emit(tx, 'payment_method.attached', method);
  return method;
}

/** The id of a payment method that is attached to the customer. */
export function needOwnMethod(
  tx: Transaction,
  customerId: string,
  id: string,
  param: string,
): string {
  const method = need(tx, 'payment_method', id, param);
  if (method.customer === customerId) return method.id;
  throw invalidRequest(
    `The customer does not have a payment method with the ID ${id}. The payment method must be ` +
      'attached to the customer.',
    { code: 'resource_missing', param },
  );
}

/** Takes a method from its customer, and from whatever is charged to it. */
export function detach(tx: Transaction, id: string): PaymentMethod {
  const method = need(tx, 'payment_method', id);
  if (method.customer === null) {
    throw invalidRequest('The payment method you provided is not attached to a customer.');
  }
  const customer = need(tx, 'customer', method.customer);
  if (customer.invoice_settings.default_payment_method === id) {
    customer.invoice_settings.default_payment_method = null;
    emit(tx, 'customer.updated', customer);
  }
  for (const subscription of tx.getAll('subscription', customer.id)) {
    if (subscription.default_payment_method === id) subscription.default_payment_method = null;
  }
  method.customer = null;
  delete method.sim_owner;
  emit(tx, 'payment_method.detached', method);
  return method;
}

function refuseNumbers(params: Input): void {
  if (params.card?.number === undefined) return;
  throw new StripeError(
    402,
    'card_error',
    'Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token ' +
      'such as tok_visa or pm_card_visa; the simulator takes no card number.',
    { param: 'card[number]' },
  );
}
