import type { InvoiceItem, Period, Subscription, SubscriptionItem } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { create } from '../resources/shared.ts';
import { unitDecimalIn } from '../resources/prices.ts';
import { fullAmount, pricingOf } from './lines.ts';
import { scaleAmount } from './money.ts';

/**
 * Proration by the second: what was debited for the time that is left comes back, and the new price
 * is debited for it. Two pending items, each rounded by itself. The credit is a share of what was
 * really debited, not of today's price (flexible billing mode):
 * https://docs.stripe.com/billing/subscriptions/billing-mode
 */
export function prorate(
  tx: Transaction,
  subscription: Subscription,
  before: Readonly<SubscriptionItem> | undefined,
  current: SubscriptionItem | undefined,
  at: number,
): void {
  if (before !== undefined) credit(tx, subscription, before, at);
  if (current !== undefined) debit(tx, subscription, current, at);
}

function credit(
  tx: Transaction,
  subscription: Subscription,
  item: Readonly<SubscriptionItem>,
  at: number,
): void {
  const debited = item.sim_debit;
  if (debited === null || debited.period.end <= at) return;
  const { start, end } = debited.period;
  const left = end - Math.max(at, start);
  const { currency } = subscription;
  const rounding = tx.settings.proration_rounding;
  const amount = scaleAmount(-debited.amount, left, end - start, currency, rounding);
  if (debited.amount === 0) return;
  const made = prorationItem(tx, subscription, item, amount, { start: at, end });
  made.description = `Unused time on ${nameOf(tx, item)} after ${dayOf(at)}`;
  made.proration_details = {
    discount_amounts: [],
    credited_items: creditedItems(debited.invoice, debited.line, debited.invoice_item),
  };
}

function creditedItems(invoice: string | null, line: string | null, item: string | null): unknown {
  if (invoice !== null && line !== null) {
    const details = { invoice, invoice_line_items: [line] };
    return { type: 'invoice_line_items', invoice_line_item_details: details };
  }
  return item === null ? null : { type: 'invoice_item', invoice_item: item };
}

function debit(
  tx: Transaction,
  subscription: Subscription,
  item: SubscriptionItem,
  at: number,
): void {
  const period = { start: item.current_period_start, end: item.current_period_end };
  if (period.end <= at) return;
  const { currency } = subscription;
  const amount = scaleAmount(
    fullAmount(item, currency),
    period.end - at,
    period.end - period.start,
    currency,
    tx.settings.proration_rounding,
  );
  const made = prorationItem(tx, subscription, item, amount, { start: at, end: period.end });
  made.description = `Remaining time on ${nameOf(tx, item)} after ${dayOf(at)}`;
  item.sim_debit = {
    amount,
    period: { start: at, end: period.end },
    invoice: null,
    line: null,
    invoice_item: made.id,
  };
}

function prorationItem(
  tx: Transaction,
  subscription: Subscription,
  item: Readonly<SubscriptionItem>,
  amount: number,
  period: Period,
): InvoiceItem {
  const unit = unitDecimalIn(item.price, subscription.currency, 'currency');
  return create(tx, 'invoiceitem', {
    amount,
    currency: subscription.currency,
    customer: subscription.customer,
    date: tx.now,
    discountable: false,
    discounts: [],
    metadata: {},
    parent: {
      type: 'subscription_details',
      subscription_details: { subscription: subscription.id, subscription_item: item.id },
    } as InvoiceItem['parent'],
    period,
    pricing: pricingOf(item.price, unit),
    proration: true,
    proration_details: { discount_amounts: [], credited_items: null },
    quantity: item.quantity,
    quantity_decimal: String(item.quantity),
    tax_rates: [],
    test_clock: subscription.test_clock,
    sim_owner: subscription.customer,
  });
}

function nameOf(tx: Transaction, item: Readonly<SubscriptionItem>): string {
  const name = tx.find('product', item.price.product)?.name ?? item.price.product;
  return item.quantity === 1 ? name : `${item.quantity} × ${name}`;
}

function dayOf(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}
