import {
  announceDraft,
  addItems,
  draftInvoice,
  pendingItems,
  scheduleFinalization,
} from '../billing/draft.ts';
import { finalize } from '../billing/finalize.ts';
import { markUncollectible, voidInvoice } from '../billing/invoice-end.ts';
import { emit } from '../delivery/emit.ts';
import type { Invoice } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, pageOfItems, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { payInvoice, type PayInput } from './invoice-pay.ts';
import { needOwnMethod } from './payment-methods.ts';
import { mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface Input {
  auto_advance?: boolean;
  collection_method?: string;
  currency?: string;
  customer?: string;
  days_until_due?: number;
  default_payment_method?: string;
  description?: string;
  due_date?: number;
  footer?: string;
  metadata?: MetadataInput;
  pending_invoice_items_behavior?: string;
  subscription?: string;
}

interface ListInput extends PageParams {
  customer?: string;
  status?: string;
  subscription?: string;
  collection_method?: string;
}

const kept = ['description', 'footer', 'collection_method', 'due_date'];
const shared = [...kept, 'auto_advance', 'metadata', 'days_until_due', 'default_payment_method'];

export const invoiceRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/invoices',
    [...shared, 'customer', 'currency', 'subscription', 'pending_invoice_items_behavior'],
    createInvoice,
  ),
  route<Input>('POST /v1/invoices/{}', shared, update),
  route('GET /v1/invoices/{}', [], (tx, _, id) => need(tx, 'invoice', id)),
  route<ListInput>(
    'GET /v1/invoices',
    [...pageParams, 'customer', 'status', 'subscription', 'collection_method'],
    (tx, params) =>
      pageOf(tx, 'invoice', params, {
        url: '/v1/invoices',
        owner: params.customer,
        test: (invoice) =>
          invoice.status === (params.status ?? invoice.status) &&
          invoice.collection_method === (params.collection_method ?? invoice.collection_method) &&
          (params.subscription === undefined ||
            invoice.parent?.subscription_details?.subscription === params.subscription),
      }),
  ),
  route<PageParams>(
    'GET /v1/invoices/{}/lines',
    ['limit', 'starting_after', 'ending_before'],
    (tx, params, id) => {
      const { data, url } = need(tx, 'invoice', id).lines;
      return pageOfItems('line_item', data, params, url);
    },
  ),
  route('DELETE /v1/invoices/{}', [], removeDraft),
  route<{ auto_advance?: boolean }>(
    'POST /v1/invoices/{}/finalize',
    ['auto_advance'],
    (tx, params, id) => {
      const invoice = need(tx, 'invoice', id);
      finalize(tx, invoice);
      // Stripe collects an hour later what somebody finalized by hand and lets go on by itself.
      if (invoice.status === 'open') {
        invoice.auto_advance = params.auto_advance ?? invoice.auto_advance;
        const isCharged = invoice.collection_method === 'charge_automatically';
        if (invoice.auto_advance && isCharged) invoice.next_payment_attempt = tx.now + 3600;
      }
      return invoice;
    },
  ),
  route<PayInput>(
    'POST /v1/invoices/{}/pay',
    ['payment_method', 'paid_out_of_band', 'off_session'],
    (tx, params, id) => payInvoice(tx, need(tx, 'invoice', id), params),
  ),
  route('POST /v1/invoices/{}/void', [], (tx, _, id) => {
    const invoice = need(tx, 'invoice', id);
    voidInvoice(tx, invoice);
    return invoice;
  }),
  route('POST /v1/invoices/{}/mark_uncollectible', [], (tx, _, id) => {
    const invoice = need(tx, 'invoice', id);
    markUncollectible(tx, invoice);
    return invoice;
  }),
  route('POST /v1/invoices/{}/send', [], (tx, _, id) => {
    const invoice = need(tx, 'invoice', id);
    if (invoice.status === 'draft') finalize(tx, invoice);
    emit(tx, 'invoice.sent', invoice);
    return invoice;
  }),
];

function createInvoice(tx: Transaction, params: Input): Invoice {
  const subscription =
    params.subscription === undefined
      ? undefined
      : need(tx, 'subscription', params.subscription, 'subscription');
  const customerId = params.customer ?? subscription?.customer;
  if (customerId === undefined) {
    throw invalidRequest('Missing required param: customer.', {
      code: 'parameter_missing',
      param: 'customer',
    });
  }
  const customer = needLiving(tx, customerId, 'customer');
  const currency = (
    params.currency ??
    subscription?.currency ??
    customer.currency ??
    'usd'
  ).toLowerCase();
  const invoice = draftInvoice(tx, {
    customer,
    subscription,
    currency,
    reason: 'manual',
    period: { start: tx.now, end: tx.now },
    ...(params.collection_method === undefined
      ? {}
      : { collectionMethod: params.collection_method }),
    daysUntilDue: params.days_until_due ?? null,
  });
  applyInput(tx, invoice, params);
  if (params.pending_invoice_items_behavior === 'include') {
    addItems(tx, invoice, pendingItems(tx, customer.id, currency, subscription?.id ?? null));
  }
  if (params.auto_advance === true) scheduleFinalization(tx, invoice);
  const latest = subscription?.latest_invoice;
  announceDraft(tx, invoice);
  // An invoice made by hand does not become the one a subscription's state hangs on.
  if (subscription !== undefined) subscription.latest_invoice = latest ?? null;
  return invoice;
}

function applyInput(tx: Transaction, invoice: Invoice, params: Input): void {
  patch(invoice, { ...params }, kept);
  invoice.metadata = mergeMetadata(invoice.metadata, params.metadata);
  if (params.days_until_due !== undefined) invoice['sim_days_until_due'] = params.days_until_due;
  const method = params.default_payment_method;
  if (method !== undefined) {
    invoice.default_payment_method =
      method === '' ? null : needOwnMethod(tx, invoice.customer, method, 'default_payment_method');
  }
}

const alwaysEditable = ['metadata', 'auto_advance', 'default_payment_method', 'expand'];

function update(tx: Transaction, params: Input, id: string): Invoice {
  const invoice = need(tx, 'invoice', id);
  const fixed = Object.keys(params).find((name) => !alwaysEditable.includes(name));
  if (invoice.status !== 'draft' && fixed !== undefined) {
    throw invalidRequest(`Finalized invoices can't be updated in this way: ${fixed}.`, {
      code: 'invoice_not_editable',
      param: fixed,
    });
  }
  applyInput(tx, invoice, params);
  if (params.auto_advance === true && invoice.status === 'draft') scheduleFinalization(tx, invoice);
  if (params.auto_advance === false) {
    invoice.auto_advance = false;
    invoice.sim_finalize_at = null;
    invoice.automatically_finalizes_at = null;
    invoice.next_payment_attempt = null;
  }
  emit(tx, 'invoice.updated', invoice);
  return invoice;
}

function removeDraft(tx: Transaction, _: object, id: string): object {
  const invoice = need(tx, 'invoice', id);
  if (invoice.status !== 'draft' || invoice.parent !== null) {
    throw invalidRequest(
      'You can only delete draft invoices that belong to no subscription; void this one instead.',
    );
  }
  for (const item of tx.getAll('invoiceitem', invoice.customer, (one) => one.invoice === id)) {
    tx.remove('invoiceitem', item.id);
  }
  tx.remove('invoice', id);
  emit(tx, 'invoice.deleted', invoice);
  return { id, object: 'invoice', deleted: true };
}
