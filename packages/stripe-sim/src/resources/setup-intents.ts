import { redirectTo, setReturnUrl } from '../billing/next-action.ts';
import { testCards } from '../billing/test-cards.ts';
import { emit } from '../delivery/emit.ts';
import type { PaymentMethod, SetupIntent } from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { render } from '../wire/render.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { attach, findAttachable } from './payment-methods.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

export interface SetupInput {
  customer?: string;
  confirm?: boolean;
  description?: string;
  metadata?: MetadataInput;
  payment_method?: string;
  usage?: string;
  return_url?: string;
}

const shared = ['customer', 'description', 'metadata', 'payment_method'];
const ignored = ['automatic_payment_methods', 'payment_method_types', 'return_url', 'usage'];

export const setupIntentRoutes: readonly Route[] = [
  route<SetupInput>('POST /v1/setup_intents', [...shared, ...ignored, 'confirm'], (tx, params) => {
    const intent = createSetupIntent(tx, params);
    if (params.confirm === true) confirm(tx, intent, params);
    return intent;
  }),
  route<SetupInput>('POST /v1/setup_intents/{}', shared, (tx, params, id) => {
    const intent = need(tx, 'setup_intent', id);
    patch(intent, { ...params }, ['description', 'payment_method']);
    intent.metadata = mergeMetadata(intent.metadata, params.metadata);
    return intent;
  }),
  route('GET /v1/setup_intents/{}', [], (tx, _, id) => need(tx, 'setup_intent', id)),
  route<PageParams & { customer?: string }>(
    'GET /v1/setup_intents',
    [...pageParams, 'customer'],
    (tx, params) =>
      pageOf(tx, 'setup_intent', params, { url: '/v1/setup_intents', owner: params.customer }),
  ),
  route<SetupInput>(
    'POST /v1/setup_intents/{}/confirm',
    ['payment_method', 'return_url'],
    (tx, params, id) => {
      const intent = need(tx, 'setup_intent', id);
      confirm(tx, intent, params);
      return intent;
    },
  ),
  route('POST /v1/setup_intents/{}/cancel', ['cancellation_reason'], (tx, _, id) => {
    const intent = need(tx, 'setup_intent', id);
    if (intent.status === 'succeeded') throw unexpected(intent);
    intent.status = 'canceled';
    emit(tx, 'setup_intent.canceled', intent);
    return intent;
  }),
];

export function createSetupIntent(tx: Transaction, params: SetupInput): SetupIntent {
  if (params.customer !== undefined) needLiving(tx, params.customer, 'customer');
  const intent = create(tx, 'setup_intent', {
    status: 'requires_payment_method',
    customer: params.customer ?? null,
    description: params.description ?? null,
    metadata: mergeMetadata({}, params.metadata),
    payment_method_types: ['card'],
    usage: params.usage ?? 'off_session',
    ...(params.customer === undefined ? {} : { sim_owner: params.customer }),
  });
  intent.client_secret = `${intent.id}_secret_${randomText(24)}`;
  if (params.payment_method !== undefined) {
    intent.payment_method = findAttachable(tx, params.payment_method, 'payment_method').id;
    intent.status = 'requires_confirmation';
  }
  emit(tx, 'setup_intent.created', intent);
  return intent;
}

function confirm(tx: Transaction, intent: SetupIntent, params: SetupInput): void {
  const id = params.payment_method ?? intent.payment_method;
  if (id === null) throw unexpected(intent);
  const method = id === intent.payment_method ? id : findAttachable(tx, id, 'payment_method').id;
  const error = setUp(tx, intent, need(tx, 'payment_method', method), false);
  if (error !== undefined) throw error;
  setReturnUrl(intent, params.return_url);
}

/** Saves a card for later payments. Answers the error to show where it was declined. */
export function setUp(
  tx: Transaction,
  intent: SetupIntent,
  method: PaymentMethod,
  isAuthenticated: boolean,
): StripeError | undefined {
  if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpected(intent);
  intent.payment_method = method.id;
  intent.next_action = null;
  const card = testCards[method.sim_card];
  if (card?.authentication !== undefined && !isAuthenticated) {
    const base = tx.settings.base_url;
    const url = `${base}/pages/authenticate/${intent.id}/${intent.client_secret}`;
    intent.status = 'requires_action';
    intent.next_action = redirectTo(url, null);
    emit(tx, 'setup_intent.requires_action', intent);
    return undefined;
  }
  try {
    if (intent.customer !== null) attach(tx, method, intent.customer);
  } catch (error) {
    if (!(error instanceof StripeError) || error.type !== 'card_error') throw error;
    return declined(tx, intent, method, error);
  }
  if (isAuthenticated) method.sim_authenticated = true;
  intent.status = 'succeeded';
  intent.last_setup_error = null;
  emit(tx, 'setup_intent.succeeded', intent);
  return undefined;
}

function declined(
  tx: Transaction,
  intent: SetupIntent,
  method: PaymentMethod,
  error: StripeError,
): StripeError {
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.last_setup_error = {
    type: 'card_error',
    message: error.message,
    code: error.fields.code,
    decline_code: error.fields.decline_code,
    payment_method: render(method),
  };
  emit(tx, 'setup_intent.setup_failed', intent);
  const fields = { ...error.fields, setup_intent: render(intent) };
  return new StripeError(402, 'card_error', error.message, fields, true);
}

/** The holder has agreed, or not, on the page of the simulated bank. */
export function authenticateSetup(tx: Transaction, intent: SetupIntent, isAgreed: boolean): void {
  const method = tx.get('payment_method', intent.payment_method ?? '');
  if (intent.status !== 'requires_action' || method === undefined) throw unexpected(intent);
  if (isAgreed) {
    setUp(tx, intent, method, true);
    return;
  }
  const error = new StripeError(402, 'card_error', 'The holder did not authenticate.', {
    code: 'setup_intent_authentication_failure',
  });
  declined(tx, intent, method, error);
  intent.next_action = null;
}

function unexpected(intent: SetupIntent): StripeError {
  return invalidRequest(`This SetupIntent cannot be confirmed: its status is ${intent.status}.`, {
    code: 'setup_intent_unexpected_state',
    setup_intent: render(intent),
  });
}
