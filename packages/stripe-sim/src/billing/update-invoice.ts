import { emit } from '../delivery/emit.ts';
import { need } from '../resources/shared.ts';
import { addOneOffItems, type OneOffInput } from '../resources/invoice-items.ts';
import { cycleOf, periodOf } from '../resources/subscription-items.ts';
import type { Invoice, Subscription, SubscriptionItem } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { addItems, announceDraft, draftInvoice, pendingItems } from './draft.ts';
import { after } from './periods.ts';
import { prorate } from './proration.ts';
import { addSubscriptionLines } from './subscribe-lines.ts';

export interface ItemsChange {
  /** The items as they were. */
  before: readonly SubscriptionItem[];
  /** A new cycle begins at `at`: another interval, an anchor that is set to now, a trial's end. */
  isNewCycle: boolean;
  /** `none`: what was debited stays debited. */
  behavior: string;
  at: number;
}

/** Writes the credits and debits of a change of items, each as a pending item. */
export function prorateChange(
  tx: Transaction,
  subscription: Subscription,
  change: ItemsChange,
): void {
  if (change.behavior === 'none') return;
  const current = new Map(subscription.items.data.map((item) => [item.id, item]));
  for (const before of change.before) {
    const item = current.get(before.id);
    current.delete(before.id);
    if (change.isNewCycle) prorate(tx, subscription, before, undefined, change.at);
    else if (item === undefined || isOther(before, item)) {
      prorate(tx, subscription, before, item, change.at);
    }
  }
  if (change.isNewCycle) return;
  for (const added of current.values()) prorate(tx, subscription, undefined, added, change.at);
}

function isOther(before: Readonly<SubscriptionItem>, item: Readonly<SubscriptionItem>): boolean {
  return before.price.id !== item.price.id || before.quantity !== item.quantity;
}

/** Starts a period at `at`; the anchor moves there. */
export function startCycle(subscription: Subscription, at: number): void {
  subscription.billing_cycle_anchor = at;
  const end = after(at, cycleOf(subscription.items.data));
  for (const item of subscription.items.data) {
    item.current_period_start = at;
    item.current_period_end = end;
  }
}

/**
 * The invoice of an update that is billed at once: the prorations that wait, and with a new cycle
 * its first period. undefined: there is nothing to bill.
 */
export function updateInvoice(
  tx: Transaction,
  subscription: Subscription,
  change: Pick<ItemsChange, 'isNewCycle' | 'at'>,
  oneOffs: readonly OneOffInput[] = [],
): Invoice | undefined {
  const items = pendingItems(
    tx,
    subscription.customer,
    subscription.currency,
    subscription.id,
  ).filter((item) => item.proration || change.isNewCycle);
  if (items.length === 0 && !change.isNewCycle && oneOffs.length === 0) return undefined;
  const period = periodOf(subscription);
  const invoice = draftInvoice(tx, {
    customer: need(tx, 'customer', subscription.customer),
    subscription,
    currency: subscription.currency,
    reason: 'subscription_update',
    period: { start: Math.min(period.start, tx.now), end: tx.now },
    prorationDate: change.at,
  });
  addItems(tx, invoice, items);
  if (change.isNewCycle) addSubscriptionLines(tx, invoice, subscription);
  addOneOffItems(tx, invoice, oneOffs);
  announceDraft(tx, invoice);
  return invoice;
}

/** Tells of a pending item each, as Stripe does for prorations that wait. */
export function announcePending(tx: Transaction, subscription: Subscription): void {
  const items = tx.getAll(
    'invoiceitem',
    subscription.customer,
    (item) => item.date === tx.now && item.proration && item.invoice === null,
  );
  for (const item of items) {
    if (tx.before('invoiceitem', item.id) === undefined) emit(tx, 'invoiceitem.created', item);
  }
}
