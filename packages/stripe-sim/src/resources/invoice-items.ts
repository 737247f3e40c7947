import { addItems, sumUp } from '../billing/draft.ts';
import { pricingOf } from '../billing/lines.ts';
import { priceTimes } from '../billing/money.ts';
import { emit } from '../delivery/emit.ts';
import type { Invoice, InvoiceItem, Period } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route, words } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { unitDecimalIn } from './prices.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface PriceData {
  currency: string;
  product: string;
  unit_amount?: number;
  unit_amount_decimal?: string;
}

export interface OneOffInput {
  price?: string;
  price_data?: PriceData;
  quantity?: number;
  metadata?: MetadataInput;
}

interface Input {
  amount?: number;
  currency?: string;
  customer?: string;
  description?: string;
  invoice?: string;
  metadata?: MetadataInput;
  period?: Period;
  pricing?: { price?: string };
  price_data?: PriceData;
  quantity?: number;
  quantity_decimal?: string;
  subscription?: string;
  unit_amount_decimal?: string;
}

const shared = [
  ...words('amount description metadata period pricing quantity unit_amount_decimal'),
  ...words('currency product unit_amount unit_amount_decimal').map((n) => `price_data.${n}`),
];

export const invoiceItemRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/invoiceitems',
    [...shared, 'currency', 'customer', 'invoice', 'subscription'],
    createItem,
  ),
  route<Input>('POST /v1/invoiceitems/{}', shared, update),
  route('GET /v1/invoiceitems/{}', [], (tx, _, id) => need(tx, 'invoiceitem', id)),
  route('DELETE /v1/invoiceitems/{}', [], (tx, _, id) => {
    const item = need(tx, 'invoiceitem', id);
    const invoice = draftOf(tx, item);
    if (invoice !== undefined) {
      invoice.lines.data = invoice.lines.data.filter((line) => line.sim_item !== id);
      sumUp(invoice);
    }
    tx.remove('invoiceitem', id);
    emit(tx, 'invoiceitem.deleted', item);
    return { id, object: 'invoiceitem', deleted: true };
  }),
  route<PageParams & { customer?: string; invoice?: string; pending?: boolean }>(
    'GET /v1/invoiceitems',
    [...pageParams, 'customer', 'invoice', 'pending'],
    (tx, params) =>
      pageOf(tx, 'invoiceitem', params, {
        url: '/v1/invoiceitems',
        owner: params.customer,
        test: (item) =>
          item.invoice === (params.invoice ?? item.invoice) &&
          (item.invoice === null) === (params.pending ?? item.invoice === null),
      }),
  ),
];

function createItem(tx: Transaction, params: Input): InvoiceItem {
  const invoice =
    params.invoice === undefined ? undefined : need(tx, 'invoice', params.invoice, 'invoice');
  if (invoice !== undefined && invoice.status !== 'draft') {
    throw invalidRequest(
      `This invoice is no longer editable: ${invoice.id} is ${invoice.status}. Items can only be ` +
        'added to drafts.',
      { code: 'invoice_not_editable', param: 'invoice' },
    );
  }
  const customerId = params.customer ?? invoice?.customer;
  if (customerId === undefined) {
    throw invalidRequest('Missing required param: customer.', {
      code: 'parameter_missing',
      param: 'customer',
    });
  }
  const customer = needLiving(tx, customerId, 'customer');
  const subscription =
    params.subscription === undefined
      ? undefined
      : need(tx, 'subscription', params.subscription, 'subscription');
  const price = tx.find('price', params.pricing?.price ?? '');
  const currency = (
    params.currency ??
    params.price_data?.currency ??
    invoice?.currency ??
    subscription?.currency ??
    customer.currency ??
    price?.currency ??
    'usd'
  ).toLowerCase();
  if (invoice !== undefined && invoice.currency !== currency) {
    throw invalidRequest(`The invoice is in ${invoice.currency}; this item is in ${currency}.`, {
      param: 'currency',
    });
  }
  const item = makeOneOff(tx, customerId, currency, params, subscription?.id);
  if (invoice !== undefined) {
    addItems(tx, invoice, [item]);
    sumUp(invoice);
  }
  emit(tx, 'invoiceitem.created', item);
  if (invoice !== undefined) emit(tx, 'invoice.updated', invoice);
  return item;
}

function makeOneOff(
  tx: Transaction,
  customerId: string,
  currency: string,
  params: Input,
  subscriptionId: string | undefined,
): InvoiceItem {
  const customer = needLiving(tx, customerId);
  const item = create(tx, 'invoiceitem', {
    customer: customerId,
    currency,
    date: tx.now,
    discountable: true,
    discounts: [],
    description: params.description ?? null,
    metadata: mergeMetadata({}, params.metadata),
    parent:
      subscriptionId === undefined
        ? null
        : ({
            type: 'subscription_details',
            subscription_details: { subscription: subscriptionId },
          } as InvoiceItem['parent']),
    period: params.period ?? { start: tx.now, end: tx.now },
    proration: false,
    tax_rates: [],
    test_clock: customer.test_clock,
    sim_owner: customerId,
  });
  setAmount(tx, item, params);
  return item;
}

/** Either an amount, or a unit price times a quantity, rounded once. */
function setAmount(tx: Transaction, item: InvoiceItem, params: Input): void {
  const unit = unitOf(tx, item.currency, params);
  if ((params.amount === undefined) === (unit === undefined)) {
    throw invalidRequest(
      'Specify exactly one of `amount`, `pricing`, `price_data` or `unit_amount_decimal`.',
      {
        param: 'amount',
      },
    );
  }
  const quantity = params.quantity ?? 1;
  item.quantity = quantity;
  item.quantity_decimal = String(quantity);
  item.amount = params.amount ?? priceTimes(unit?.decimal ?? '0', quantity, item.currency);
  item.pricing =
    unit?.pricing ??
    ({
      type: 'price_details',
      unit_amount_decimal: unit?.decimal ?? String(params.amount),
    } as InvoiceItem['pricing']);
}

function unitOf(
  tx: Transaction,
  currency: string,
  params: Input,
): { decimal: string; pricing: InvoiceItem['pricing'] | undefined } | undefined {
  if (params.pricing?.price !== undefined) {
    const price = need(tx, 'price', params.pricing.price, 'pricing[price]');
    const decimal = unitDecimalIn(price, currency, 'pricing[price]');
    return { decimal, pricing: pricingOf(price, decimal) };
  }
  if (params.price_data !== undefined) {
    const { unit_amount: whole, unit_amount_decimal: decimal, product } = params.price_data;
    need(tx, 'product', product, 'price_data[product]');
    return { decimal: decimal ?? String(whole ?? 0), pricing: undefined };
  }
  const decimal = params.unit_amount_decimal;
  return decimal === undefined ? undefined : { decimal, pricing: undefined };
}

function update(tx: Transaction, params: Input, id: string): InvoiceItem {
  const item = need(tx, 'invoiceitem', id);
  const invoice = draftOf(tx, item);
  patch(item, { ...params }, ['description', 'period']);
  item.metadata = mergeMetadata(item.metadata, params.metadata);
  const hasAmount = ['amount', 'pricing', 'price_data', 'unit_amount_decimal'].some(
    (name) => name in params,
  );
  if (hasAmount) setAmount(tx, item, { quantity: item.quantity, ...params });
  else if (params.quantity !== undefined) {
    throw invalidRequest('A new quantity needs a new amount or unit price.', { param: 'quantity' });
  }
  if (invoice !== undefined) {
    const index = invoice.lines.data.findIndex((line) => line.sim_item === id);
    const [line] = invoice.lines.data.splice(index, 1);
    addItems(tx, invoice, [item]);
    const added = invoice.lines.data.pop();
    if (line !== undefined && added !== undefined) {
      invoice.lines.data.splice(index, 0, { ...added, id: line.id });
    }
    sumUp(invoice);
  }
  return item;
}

/** The draft an item is on; throws if that invoice is finalized: then the item is fixed. */
function draftOf(tx: Transaction, item: InvoiceItem): Invoice | undefined {
  if (item.invoice === null) return undefined;
  const invoice = need(tx, 'invoice', item.invoice);
  if (invoice.status === 'draft') return invoice;
  throw invalidRequest(
    'This invoice item is on a finalized invoice and can no longer be changed.',
    {
      code: 'invoice_not_editable',
    },
  );
}

/** `add_invoice_items`: one-time prices that go onto the invoice at hand. */
export function addOneOffItems(
  tx: Transaction,
  invoice: Invoice,
  inputs: readonly OneOffInput[],
): void {
  for (const input of inputs) {
    const item = makeOneOff(
      tx,
      invoice.customer,
      invoice.currency,
      {
        ...(input.price === undefined ? {} : { pricing: { price: input.price } }),
        ...(input.price_data === undefined ? {} : { price_data: input.price_data }),
        ...(input.quantity === undefined ? {} : { quantity: input.quantity }),
        ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
      },
      invoice.parent?.subscription_details?.subscription,
    );
    addItems(tx, invoice, [item]);
  }
}
