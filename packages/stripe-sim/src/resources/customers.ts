import { emit } from '../delivery/emit.ts';
import type { Customer } from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { includable } from '../wire/render.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { changeBalance } from './balance.ts';
import { needLiving } from './customer-lookup.ts';
import { attach, findAttachable, needOwnMethod } from './payment-methods.ts';
import { create, mergeAddress, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';
import { cancelNow } from './subscription-cancel.ts';

interface Input {
  balance?: number;
  invoice_settings?: { default_payment_method?: string; footer?: string };
  metadata?: MetadataInput;
  payment_method?: string;
  test_clock?: string;
  email?: string;
  address?: unknown;
  shipping?: '' | { address: unknown; name: string; phone?: string };
}

const texts = ['description', 'email', 'name', 'phone', 'preferred_locales'];
const settings = ['invoice_settings.default_payment_method', 'invoice_settings.footer'];
const simple = [...texts, 'invoice_prefix', 'next_invoice_sequence', 'tax_exempt'];
const kept = [...simple, 'address', 'shipping'];

includable('customer', 'subscriptions', (tx, customer) => ({
  object: 'list',
  data: tx.getAll('subscription', customer.id, (subscription) => subscription.ended_at === null),
  has_more: false,
  url: `/v1/customers/${customer.id}/subscriptions`,
}));

export const customerRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/customers',
    [...kept, ...settings, 'balance', 'metadata', 'payment_method', 'test_clock'],
    createCustomer,
  ),
  route<Input>('POST /v1/customers/{}', [...kept, ...settings, 'balance', 'metadata'], update),
  route('GET /v1/customers/{}', [], (tx, _, id) => need(tx, 'customer', id)),
  route('DELETE /v1/customers/{}', [], remove),
  route<PageParams & { email?: string; test_clock?: string }>(
    'GET /v1/customers',
    [...pageParams, 'email', 'test_clock'],
    (tx, params) =>
      pageOf(tx, 'customer', params, {
        url: '/v1/customers',
        test: (customer) =>
          customer.deleted !== true &&
          (params.email === undefined || customer.email === params.email) &&
          customer.test_clock === (params.test_clock ?? customer.test_clock),
      }),
  ),
  route<PageParams & { type?: string }>(
    'GET /v1/customers/{}/payment_methods',
    [...pageParams, 'type'],
    (tx, params, id) => {
      needLiving(tx, id);
      return pageOf(tx, 'payment_method', params, {
        url: `/v1/customers/${id}/payment_methods`,
        owner: id,
        test: (method) => params.type === undefined || method.type === params.type,
      });
    },
  ),
  route('GET /v1/customers/{}/payment_methods/{}', [], (tx, _, id, methodId) => {
    needLiving(tx, id);
    const method = need(tx, 'payment_method', methodId);
    if (method.customer !== id) throw invalidRequest(`No such payment method: '${methodId}'`);
    return method;
  }),
];

function createCustomer(tx: Transaction, params: Input): Customer {
  if (params.test_clock !== undefined) {
    const clock = need(tx, 'test_helpers.test_clock', params.test_clock, 'test_clock');
    tx.now = clock.frozen_time;
  }
  const customer = create(tx, 'customer', {
    address: null,
    balance: 0,
    currency: null,
    delinquent: false,
    email: null,
    name: null,
    phone: null,
    preferred_locales: [],
    tax_exempt: 'none',
    invoice_prefix: randomText(8).toUpperCase(),
    next_invoice_sequence: 1,
    metadata: mergeMetadata({}, params.metadata),
    test_clock: params.test_clock ?? null,
  });
  describe(customer, params);
  emit(tx, 'customer.created', customer);
  if (params.payment_method !== undefined) {
    const method = findAttachable(tx, params.payment_method, 'payment_method');
    attach(tx, method, customer.id);
    const wanted = params.invoice_settings?.default_payment_method;
    if (wanted === params.payment_method) {
      customer.invoice_settings.default_payment_method = method.id;
    } else applySettings(tx, customer, params);
  } else applySettings(tx, customer, params);
  if (params.balance !== undefined) setBalance(tx, customer, params.balance);
  return customer;
}

function update(tx: Transaction, params: Input, id: string): Customer {
  const customer = needLiving(tx, id);
  describe(customer, params);
  customer.metadata = mergeMetadata(customer.metadata, params.metadata);
  applySettings(tx, customer, params);
  if (params.balance !== undefined) setBalance(tx, customer, params.balance);
  emit(tx, 'customer.updated', customer);
  return customer;
}

function describe(customer: Customer, params: Input): void {
  patch(customer, { ...params }, simple);
  customer.address = mergeAddress(customer.address, params.address);
  const { shipping } = params;
  if (shipping === '') customer['shipping'] = null;
  else if (shipping !== undefined) {
    const address = mergeAddress(null, shipping.address);
    customer['shipping'] = { name: shipping.name, phone: shipping.phone ?? null, address };
  }
}

function applySettings(tx: Transaction, customer: Customer, params: Input): void {
  const given = params.invoice_settings;
  if (given?.footer !== undefined) customer.invoice_settings['footer'] = given.footer;
  const wanted = given?.default_payment_method;
  if (wanted === undefined) return;
  const param = 'invoice_settings[default_payment_method]';
  const method = wanted === '' ? null : needOwnMethod(tx, customer.id, wanted, param);
  customer.invoice_settings.default_payment_method = method;
}

function setBalance(tx: Transaction, customer: Customer, balance: number): void {
  if (balance === customer.balance) return;
  const currency = customer.currency ?? 'usd';
  changeBalance(tx, customer, balance - customer.balance, currency, { type: 'adjustment' });
}

function remove(tx: Transaction, _: object, id: string): object {
  const customer = needLiving(tx, id);
  for (const subscription of tx.getAll('subscription', id, (one) => one.ended_at === null)) {
    cancelNow(tx, subscription, { reason: 'cancellation_requested' });
  }
  for (const method of tx.getAll('payment_method', id)) tx.remove('payment_method', method.id);
  // What is known of the person goes; the id stays, since invoices name it.
  Object.assign(customer, { email: null, name: null, phone: null, address: null, metadata: {} });
  customer.invoice_settings.default_payment_method = null;
  emit(tx, 'customer.deleted', customer);
  customer.deleted = true;
  return customer;
}
