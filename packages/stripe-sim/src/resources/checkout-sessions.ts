import { priceTimes } from '../billing/money.ts';
import { emit } from '../delivery/emit.ts';
import type { Price } from '../store/documents.ts';
import type { CheckoutSession } from '../store/payment-documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, pageOfItems, type PageParams } from '../wire/page.ts';
import { includable } from '../wire/render.ts';
import { pageParams, route, type Route, words } from '../wire/route.ts';
import { invalidRequest, notPlayed } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { unitDecimalIn } from './prices.ts';
import { createSetupIntent } from './setup-intents.ts';
import { create, mergeMetadata, need, type MetadataInput } from './shared.ts';
import { needPrice } from './subscription-items.ts';

interface Input {
  mode?: string;
  customer?: string;
  customer_email?: string;
  client_reference_id?: string;
  currency?: string;
  line_items?: { price?: string; quantity?: number }[];
  metadata?: MetadataInput;
  subscription_data?: Record<string, unknown>;
  setup_intent_data?: Record<string, unknown>;
  success_url?: string;
  cancel_url?: string;
  expires_at?: number;
  payment_method_collection?: string;
  allowed_payment_method_types?: string[];
}

const subscriptionData = [
  ...words('description metadata trial_end trial_period_days proration_behavior'),
  ...words('billing_cycle_anchor billing_mode'),
  'trial_settings.end_behavior.missing_payment_method',
].map((name) => `subscription_data.${name}`);
const names = [
  ...words('mode customer customer_email client_reference_id currency metadata'),
  ...words('line_items.price line_items.quantity success_url cancel_url expires_at'),
  ...words('payment_method_collection allowed_payment_method_types ui_mode'),
  ...words('setup_intent_data.description setup_intent_data.metadata'),
  ...subscriptionData,
];

includable('checkout.session', 'line_items', (tx, session) => ({
  object: 'list',
  data: lineItemsOf(tx, session as CheckoutSession),
  has_more: false,
  url: `/v1/checkout/sessions/${session.id}/line_items`,
}));

export const checkoutRoutes: readonly Route[] = [
  route<Input>('POST /v1/checkout/sessions', names, createSession),
  route<Input>('POST /v1/checkout/sessions/{}', ['metadata'], (tx, params, id) => {
    const session = need(tx, 'checkout.session', id);
    session.metadata = mergeMetadata(session.metadata, params.metadata);
    return session;
  }),
  route('GET /v1/checkout/sessions/{}', [], (tx, _, id) => need(tx, 'checkout.session', id)),
  route<PageParams & { customer?: string; status?: string; subscription?: string }>(
    'GET /v1/checkout/sessions',
    [...pageParams, 'customer', 'status', 'subscription'],
    (tx, params) =>
      pageOf(tx, 'checkout.session', params, {
        url: '/v1/checkout/sessions',
        test: (session) =>
          session.customer === (params.customer ?? session.customer) &&
          session.subscription === (params.subscription ?? session.subscription) &&
          session.status === (params.status ?? session.status),
      }),
  ),
  route('POST /v1/checkout/sessions/{}/expire', [], (tx, _, id) => {
    const session = need(tx, 'checkout.session', id);
    if (session.status !== 'open') {
      throw invalidRequest(
        `Only Checkout Sessions that are open can expire; it is ${session.status}.`,
      );
    }
    session.status = 'expired';
    session.url = null;
    emit(tx, 'checkout.session.expired', session);
    return session;
  }),
  route<PageParams>(
    'GET /v1/checkout/sessions/{}/line_items',
    ['limit', 'starting_after', 'ending_before'],
    (tx, params, id) => {
      const items = lineItemsOf(tx, need(tx, 'checkout.session', id));
      return pageOfItems('item', items, params, `/v1/checkout/sessions/${id}/line_items`);
    },
  ),
];

const lifeSeconds = 24 * 3600;

function createSession(tx: Transaction, params: Input): CheckoutSession {
  const { mode } = params;
  if (mode !== 'subscription' && mode !== 'setup') {
    throw notPlayed('Checkout in any mode but `subscription` and `setup`', 'mode');
  }
  if (params.allowed_payment_method_types?.includes('card') === false) {
    throw notPlayed('Checkout without cards', 'allowed_payment_method_types');
  }
  const customer =
    params.customer === undefined ? undefined : needLiving(tx, params.customer, 'customer');
  const items = (params.line_items ?? []).map(({ price = '', quantity = 1 }) => ({
    price,
    quantity,
  }));
  if (mode === 'subscription' && items.length === 0) {
    throw invalidRequest('You must pass `line_items` in `subscription` mode.', {
      code: 'parameter_missing',
      param: 'line_items',
    });
  }
  const first = tx.find('price', items[0]?.price ?? '');
  const currency = params.currency ?? customer?.currency ?? first?.currency ?? null;
  const session = makeSession(tx, params, mode, currency);
  session.sim_items = items;
  if (mode === 'subscription') priceItems(tx, session, params);
  else setUpCard(tx, session, params);
  session.url = `${tx.settings.base_url}/pages/checkout/${session.id}`;
  return session;
}

function makeSession(
  tx: Transaction,
  params: Input,
  mode: 'setup' | 'subscription',
  currency: string | null,
): CheckoutSession {
  return create(tx, 'checkout.session', {
    id: `cs_test_${randomText(48)}`,
    mode,
    status: 'open',
    customer: params.customer ?? null,
    customer_email: params.customer_email ?? null,
    client_reference_id: params.client_reference_id ?? null,
    currency,
    cancel_url: params.cancel_url ?? null,
    success_url: params.success_url ?? null,
    custom_fields: [],
    expires_at: params.expires_at ?? tx.now + lifeSeconds,
    metadata: mergeMetadata({}, params.metadata),
    payment_method_collection:
      mode === 'subscription' ? (params.payment_method_collection ?? 'always') : null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    payment_method_types: ['card'],
    payment_status: mode === 'setup' ? 'no_payment_required' : 'unpaid',
    ui_mode: 'hosted_page',
    sim_items: [],
    sim_subscription_data: params.subscription_data ?? {},
    sim_setup_data: params.setup_intent_data ?? {},
  });
}

function priceItems(tx: Transaction, session: CheckoutSession, params: Input): void {
  const total = session.sim_items.reduce((sum, item, index) => {
    const param = `line_items[${index}][price]`;
    const price = needPrice(tx, item.price, session.currency ?? 'usd', param);
    return sum + amountOf(price, session.currency ?? 'usd', item.quantity);
  }, 0);
  const data = params.subscription_data ?? {};
  const isTrial = data['trial_period_days'] !== undefined || data['trial_end'] !== undefined;
  session.amount_subtotal = isTrial ? 0 : total;
  session.amount_total = session.amount_subtotal;
  session['total_details'] = { amount_discount: 0, amount_shipping: 0, amount_tax: 0 };
}

function amountOf(price: Readonly<Price>, currency: string, quantity: number): number {
  return priceTimes(unitDecimalIn(price, currency, 'currency'), quantity, currency);
}

function setUpCard(tx: Transaction, session: CheckoutSession, params: Input): void {
  const intent = createSetupIntent(tx, {
    ...params.setup_intent_data,
    ...(params.customer === undefined ? {} : { customer: params.customer }),
  });
  session.setup_intent = intent.id;
}

function lineItemsOf(tx: Transaction, session: CheckoutSession): { id: string }[] {
  const currency = session.currency ?? 'usd';
  return session.sim_items.map((item, index) => {
    const price = need(tx, 'price', item.price);
    const amount = amountOf(price, currency, item.quantity);
    return {
      id: `li_${session.id.slice(-20)}${index}`,
      object: 'item',
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency,
      description: tx.find('product', price.product)?.name ?? null,
      metadata: {},
      price,
      quantity: item.quantity,
    };
  });
}
