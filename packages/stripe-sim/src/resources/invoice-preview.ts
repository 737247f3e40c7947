import { advanceSchedule } from '../billing/phases.ts';
import { smallestCharge } from '../billing/money.ts';
import { renew } from '../billing/renew.ts';
import type { Invoice, Subscription } from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { route, type Route, words } from '../wire/route.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { addOneOffItems, type OneOffInput } from './invoice-items.ts';
import { sumUp } from '../billing/draft.ts';
import { need } from './shared.ts';
import { cancelNow } from './subscription-cancel.ts';
import { createSubscription } from './subscription-create.ts';
import { periodOf, type ItemInput } from './subscription-items.ts';
import { updateSubscription } from './subscription-update.ts';

interface Details {
  billing_cycle_anchor?: { type: string };
  cancel_at?: number | string;
  cancel_at_period_end?: boolean;
  cancel_now?: boolean;
  items?: ItemInput[];
  proration_behavior?: string;
  proration_date?: number;
  trial_end?: 'now' | number;
}

interface Input {
  currency?: string;
  customer?: string;
  invoice_items?: OneOffInput[];
  subscription?: string;
  subscription_details?: Details;
}

const details = [
  ...words('billing_cycle_anchor.type cancel_at cancel_at_period_end cancel_now'),
  ...words('proration_behavior proration_date trial_end'),
  ...words('items.id items.price items.quantity items.deleted items.metadata'),
].map((name) => `subscription_details.${name}`);

export const previewRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/invoices/create_preview',
    [
      'currency',
      'customer',
      'subscription',
      ...details,
      ...words('price price_data quantity').map((name) => `invoice_items.${name}`),
    ],
    preview,
  ),
];

/**
 * The invoice that a change would bring, or the next one: the very code of the change runs in a
 * transaction that is dropped, so that preview and invoice cannot differ.
 */
function preview(tx: Transaction, params: Input): Invoice {
  const sandbox = tx.sandbox();
  const invoice =
    params.subscription === undefined
      ? ofNewSubscription(sandbox, params)
      : ofSubscription(sandbox, need(sandbox, 'subscription', params.subscription), params);
  if (invoice === undefined) throw nothingUpcoming(params.subscription);
  addOneOffItems(sandbox, invoice, params.invoice_items ?? []);
  return asPreview(sandbox, invoice);
}

function ofNewSubscription(tx: Transaction, params: Input): Invoice | undefined {
  const { items, trial_end: trialEnd } = params.subscription_details ?? {};
  if (items === undefined) return undefined;
  if (params.customer === undefined) {
    throw invalidRequest('Missing required param: customer.', {
      code: 'parameter_missing',
      param: 'customer',
    });
  }
  needLiving(tx, params.customer, 'customer');
  return createSubscription(
    tx,
    {
      customer: params.customer,
      items,
      ...(params.currency === undefined ? {} : { currency: params.currency }),
      ...(trialEnd === undefined ? {} : { trial_end: trialEnd }),
    },
    true,
  ).invoice;
}

function ofSubscription(
  tx: Transaction,
  subscription: Subscription,
  params: Input,
): Invoice | undefined {
  if (params.customer !== undefined && params.customer !== subscription.customer) {
    throw invalidRequest(`The subscription ${subscription.id} is not of ${params.customer}.`, {
      param: 'subscription',
    });
  }
  const { cancel_now: isCancelled, ...change } = params.subscription_details ?? {};
  if (isCancelled === true) {
    return cancelNow(tx, subscription, {
      invoice_now: true,
      prorate: change.proration_behavior !== 'none',
    });
  }
  if (Object.keys(change).length > 0) {
    // What is due now does not hang on what is scheduled; the change itself has it released first.
    if (change.items !== undefined) subscription.schedule = null;
    const invoice = updateSubscription(tx, subscription, change, true);
    if (invoice !== undefined) return invoice;
  }
  return ofRenewal(tx, subscription);
}

function ofRenewal(tx: Transaction, subscription: Subscription): Invoice | undefined {
  const { end } = periodOf(subscription);
  const isLast = subscription.cancel_at !== null && subscription.cancel_at <= end;
  if (subscription.ended_at !== null || isLast) return undefined;
  tx.now = end;
  if (subscription.schedule !== null) {
    const schedule = need(tx, 'subscription_schedule', subscription.schedule);
    tx.now = end;
    if (schedule.current_phase !== null && schedule.current_phase.end_date <= end) {
      advanceSchedule(tx, schedule);
    }
  }
  const invoice = renew(tx, need(tx, 'subscription', subscription.id));
  if (invoice !== undefined) invoice.billing_reason = 'upcoming';
  return invoice;
}

/** An invoice that is not there yet has an id of its own kind, and nothing to pay it with. */
function asPreview(tx: Transaction, invoice: Invoice): Invoice {
  sumUp(invoice);
  const id = `upcoming_in_${randomText(24)}`;
  const customer = need(tx, 'customer', invoice.customer);
  const balance = customer.currency === invoice.currency ? customer.balance : 0;
  const owed = Math.max(0, invoice.total + balance);
  // As when it is finalized: what is too small to charge goes onto the balance.
  const due = owed < smallestCharge(invoice.currency) ? 0 : owed;
  return {
    ...invoice,
    id,
    auto_advance: false,
    automatically_finalizes_at: null,
    starting_balance: balance,
    ending_balance: balance + invoice.total - due,
    amount_due: due,
    amount_remaining: due,
    lines: {
      ...invoice.lines,
      url: `/v1/invoices/${id}/lines`,
      data: invoice.lines.data.map((line) => ({ ...line, invoice: id })),
    },
  };
}

function nothingUpcoming(subscription: string | undefined): StripeError {
  return new StripeError(
    404,
    'invalid_request_error',
    `No upcoming invoices for ${subscription === undefined ? 'customer' : `subscription: ${subscription}`}`,
    { code: 'invoice_upcoming_none' },
  );
}
