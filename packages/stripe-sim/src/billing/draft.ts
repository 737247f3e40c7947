import { emit } from '../delivery/emit.ts';
import { create } from '../resources/shared.ts';
import type { Customer, Invoice, InvoiceItem, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { itemLine } from './lines.ts';

export interface DraftInput {
  customer: Customer;
  subscription?: Subscription | undefined;
  currency: string;
  reason: string;
  period: { start: number; end: number };
  prorationDate?: number | undefined;
  collectionMethod?: string;
  daysUntilDue?: number | null;
}

const draftSeconds = 3600;
/** How long a draft waits for an endpoint that does not take `invoice.created`. */
const heldSecondsMax = 72 * 3600;

/** An invoice without lines. It does nothing by itself until `scheduleFinalization`. */
export function draftInvoice(tx: Transaction, input: DraftInput): Invoice {
  const { customer, subscription } = input;
  const invoice = create(tx, 'invoice', {
    customer: customer.id,
    customer_address: customer.address,
    customer_email: customer.email,
    customer_name: customer.name,
    customer_phone: customer.phone,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    currency: input.currency,
    status: 'draft',
    account_country: 'US',
    account_name: 'Stripe simulator',
    auto_advance: false,
    billing_reason: input.reason,
    collection_method:
      input.collectionMethod ?? subscription?.collection_method ?? 'charge_automatically',
    description: null,
    default_payment_method: null,
    issuer: { type: 'self' },
    metadata: {},
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    period_start: input.period.start,
    period_end: input.period.end,
    parent: parentOf(subscription, input.prorationDate),
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    total_discount_amounts: [],
    total_pretax_credit_amounts: [],
    total_taxes: [],
    test_clock: customer.test_clock,
    sim_owner: customer.id,
    sim_days_until_due: input.daysUntilDue ?? subscription?.days_until_due ?? null,
    sim_finalize_at: null,
    sim_payment_intent: null,
    sim_first_failure_at: null,
  });
  invoice.lines = {
    object: 'list',
    data: [],
    has_more: false,
    url: `/v1/invoices/${invoice.id}/lines`,
  };
  return invoice;
}

function parentOf(
  subscription: Subscription | undefined,
  prorationDate: number | undefined,
): Invoice['parent'] {
  if (subscription === undefined) return null;
  return {
    type: 'subscription_details',
    quote_details: null,
    subscription_details: {
      subscription: subscription.id,
      metadata: { ...subscription.metadata },
      ...(prorationDate === undefined ? {} : { subscription_proration_date: prorationDate }),
    },
  } as Invoice['parent'];
}

/** Puts pending items onto a draft: each is on one invoice at most. */
export function addItems(tx: Transaction, invoice: Invoice, items: readonly InvoiceItem[]): void {
  for (const item of items) {
    item.invoice = invoice.id;
    const line = itemLine(invoice, item);
    invoice.lines.data.push(line);
    rememberDebit(tx, item, line.id);
  }
}

/** A debit for a subscription's item is known by its line from now on. */
function rememberDebit(tx: Transaction, item: InvoiceItem, line: string): void {
  const details = item.parent?.subscription_details;
  if (details?.subscription_item === undefined) return;
  const subscription = tx.get('subscription', details.subscription);
  const debit = subscription?.items.data.find(
    (one) => one.id === details.subscription_item,
  )?.sim_debit;
  if (debit?.invoice_item !== item.id) return;
  debit.invoice = item.invoice;
  debit.line = line;
}

/** The customer's items that wait for an invoice of this subscription, oldest first. */
export function pendingItems(
  tx: Transaction,
  customerId: string,
  currency: string,
  subscriptionId: string | null,
): InvoiceItem[] {
  return tx.getAll('invoiceitem', customerId, (item) => {
    const owner = item.parent?.subscription_details?.subscription ?? null;
    const isOurs = owner === null || owner === subscriptionId;
    return item.invoice === null && item.currency === currency && isOurs;
  });
}

/** Sums up the lines. Taxes and discounts are not played, so total and subtotal are one. */
export function sumUp(invoice: Invoice): void {
  const total = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0);
  invoice.subtotal = total;
  invoice.total = total;
  invoice['subtotal_excluding_tax'] = total;
  invoice['total_excluding_tax'] = total;
  invoice.amount_due = Math.max(0, total);
  invoice.amount_remaining = invoice.amount_due;
}

/**
 * Lets a draft go on by itself: finalized an hour after every endpoint that listens has taken
 * `invoice.created`, or after 72 hours.
 */
export function scheduleFinalization(tx: Transaction, invoice: Invoice): void {
  invoice.auto_advance = true;
  invoice.automatically_finalizes_at = tx.now + draftSeconds;
  const isAwaited = tx
    .getAll('webhook_endpoint', undefined)
    .some(({ status, enabled_events: names }) => status === 'enabled' && listens(names));
  invoice.sim_finalize_at = tx.now + (isAwaited ? heldSecondsMax : draftSeconds);
}

function listens(names: readonly string[]): boolean {
  return names.includes('*') || names.includes('invoice.created');
}

/** All endpoints have taken `invoice.created`: the hour begins. */
export function releaseDraft(tx: Transaction, invoiceId: string): void {
  const invoice = tx.get('invoice', invoiceId);
  if (invoice === undefined) return;
  invoice.webhooks_delivered_at = tx.now;
  if (invoice.status !== 'draft' || invoice.sim_finalize_at === null) return;
  invoice.automatically_finalizes_at = tx.now + draftSeconds;
  invoice.sim_finalize_at = tx.now + draftSeconds;
}

/** Tells the world of a draft that is complete. */
export function announceDraft(tx: Transaction, invoice: Invoice): void {
  sumUp(invoice);
  const subscriptionId = invoice.parent?.subscription_details?.subscription;
  if (subscriptionId !== undefined) {
    const subscription = tx.get('subscription', subscriptionId);
    if (subscription !== undefined) subscription.latest_invoice = invoice.id;
  }
  emit(tx, 'invoice.created', invoice);
}
