import type {
  Invoice,
  InvoiceItem,
  InvoiceLine,
  Metadata,
  Period,
  Price,
  Subscription,
  SubscriptionItem,
} from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { priceTimes, showAmount } from './money.ts';
import { unitDecimalIn } from '../resources/prices.ts';

interface LineFields {
  amount: number;
  currency: string;
  description: string | null;
  metadata: Metadata;
  parent: Record<string, unknown>;
  period: Period;
  quantity: number;
  pricing: unknown;
  sim_item: string | null;
}

function lineOf(invoice: Readonly<Invoice>, fields: LineFields): InvoiceLine {
  return {
    id: `il_${randomText(24)}`,
    object: 'line_item',
    amount: fields.amount,
    currency: fields.currency,
    description: fields.description,
    discount_amounts: [],
    discountable: fields.sim_item === null,
    discounts: [],
    invoice: invoice.id,
    livemode: false,
    metadata: fields.metadata,
    parent: fields.parent,
    period: fields.period,
    pretax_credit_amounts: [],
    pricing: fields.pricing,
    quantity: fields.quantity,
    quantity_decimal: String(fields.quantity),
    subscription: subscriptionOf(fields.parent),
    subtotal: fields.amount,
    taxes: [],
    sim_item: fields.sim_item,
  };
}

function subscriptionOf(parent: Record<string, unknown>): string | null {
  for (const details of [parent['subscription_item_details'], parent['invoice_item_details']]) {
    const subscription = (details as { subscription?: string | null } | null)?.subscription;
    if (typeof subscription === 'string') return subscription;
  }
  return null;
}

/** The line for a subscription's item over a period it pays in advance. */
export function subscriptionLine(
  tx: Transaction,
  invoice: Readonly<Invoice>,
  subscription: Readonly<Subscription>,
  item: Readonly<SubscriptionItem>,
  period: Period,
  amount: number,
): InvoiceLine {
  const { price, quantity } = item;
  const unit = unitDecimalIn(price, invoice.currency, 'currency');
  const name = tx.find('product', price.product)?.name ?? price.product;
  const each = `${showAmount(Number(unit), invoice.currency)} / ${price.recurring?.interval}`;
  const isTrial = subscription.status === 'trialing';
  return lineOf(invoice, {
    amount,
    currency: invoice.currency,
    description: isTrial ? `Trial period for ${name}` : `${quantity} × ${name} (at ${each})`,
    metadata: item.metadata,
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription: subscription.id,
        subscription_item: item.id,
      },
    },
    period,
    quantity,
    pricing: pricingOf(price, isTrial ? '0' : unit),
    sim_item: null,
  });
}

/** The line that a pending item becomes. */
export function itemLine(invoice: Readonly<Invoice>, item: Readonly<InvoiceItem>): InvoiceLine {
  const details = item.parent?.subscription_details;
  const shared = {
    proration: item.proration,
    proration_details: { credited_items: creditedOf(item) },
    subscription: details?.subscription ?? null,
  };
  const isOfItem = item.proration && details?.subscription_item !== undefined;
  return lineOf(invoice, {
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    metadata: item.metadata,
    parent: isOfItem
      ? {
          type: 'subscription_item_details',
          invoice_item_details: null,
          subscription_item_details: {
            invoice_item: item.id,
            subscription_item: details?.subscription_item,
            ...shared,
          },
        }
      : {
          type: 'invoice_item_details',
          subscription_item_details: null,
          invoice_item_details: { invoice_item: item.id, ...shared },
        },
    period: item.period,
    quantity: item.quantity,
    pricing: item.pricing,
    sim_item: item.id,
  });
}

function creditedOf(item: Readonly<InvoiceItem>): unknown {
  const details = item.proration_details as
    | { credited_items?: { invoice_line_item_details?: unknown } | null }
    | undefined;
  return details?.credited_items?.invoice_line_item_details ?? null;
}

export function pricingOf(
  price: Readonly<Price>,
  unitDecimal: string | null,
): InvoiceItem['pricing'] {
  return {
    type: 'price_details',
    price_details: { price: price.id, product: price.product },
    unit_amount_decimal: unitDecimal,
  } as InvoiceItem['pricing'];
}

/** What an item costs for a whole period. */
export function fullAmount(item: Readonly<SubscriptionItem>, currency: string): number {
  return priceTimes(unitDecimalIn(item.price, currency, 'currency'), item.quantity, currency);
}
