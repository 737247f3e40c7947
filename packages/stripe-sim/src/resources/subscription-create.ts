import { words } from '../wire/route.ts';
import { attemptPayment, methodFor } from '../billing/collect.ts';
import { addItems, announceDraft, draftInvoice, pendingItems } from '../billing/draft.ts';
import { finalize } from '../billing/finalize.ts';
import { after, periodAt } from '../billing/periods.ts';
import { addSubscriptionLines } from '../billing/subscribe-lines.ts';
import { emit } from '../delivery/emit.ts';
import type { Customer, Invoice, Period, Subscription } from '../store/documents.ts';
import { newId, type Transaction } from '../store/transaction.ts';
import { StripeError, invalidRequest, notPlayed } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { addOneOffItems, type OneOffInput } from './invoice-items.ts';
import { needOwnMethod } from './payment-methods.ts';
import { create, mergeMetadata, type MetadataInput } from './shared.ts';
import { trialSettingsOf, type TrialSettingsInput } from './subscription-settings.ts';
import {
  checkItems,
  cycleOf,
  listOfItems,
  makeItem,
  needPrice,
  type ItemInput,
} from './subscription-items.ts';

export interface CreateInput {
  customer?: string;
  items?: ItemInput[];
  add_invoice_items?: OneOffInput[];
  currency?: string;
  default_payment_method?: string;
  payment_behavior?: string;
  proration_behavior?: string;
  billing_cycle_anchor?: number;
  billing_mode?: { type: string };
  trial_end?: 'now' | number;
  trial_period_days?: number;
  trial_from_plan?: boolean;
  trial_settings?: TrialSettingsInput;
  cancel_at?: number | string;
  cancel_at_period_end?: boolean;
  collection_method?: string;
  days_until_due?: number;
  description?: string;
  metadata?: MetadataInput;
  payment_settings?: Record<string, unknown>;
}

export const createNames = [
  ...words('customer add_invoice_items currency default_payment_method payment_behavior'),
  ...words('proration_behavior billing_cycle_anchor billing_mode trial_end off_session'),
  ...words('trial_period_days trial_from_plan cancel_at description'),
  'trial_settings.end_behavior.missing_payment_method',
  ...words('cancel_at_period_end collection_method days_until_due metadata'),
  ...words('payment_settings.save_default_payment_method payment_settings.payment_method_types'),
  ...words('items.price items.quantity items.metadata'),
];

/**
 * Starts a subscription and collects its first invoice as `payment_behavior` says. `isPreview` stops
 * at the draft.
 */
export function createSubscription(
  tx: Transaction,
  params: CreateInput,
  isPreview = false,
): { subscription: Subscription; invoice: Invoice } {
  const subscription = buildSubscription(tx, params);
  emit(tx, 'customer.subscription.created', subscription);
  const invoice = firstInvoice(tx, subscription, params);
  if (isPreview) return { subscription, invoice };
  finalize(tx, invoice);
  if (invoice.status === 'open' && subscription.collection_method === 'charge_automatically') {
    collectFirst(tx, subscription, invoice, params.payment_behavior ?? 'allow_incomplete');
  }
  return { subscription, invoice };
}

function buildSubscription(tx: Transaction, params: CreateInput): Subscription {
  if (params.customer === undefined) {
    throw invalidRequest('Missing required param: customer.', {
      code: 'parameter_missing',
      param: 'customer',
    });
  }
  if ((params.billing_mode?.type ?? 'flexible') !== 'flexible') {
    throw notPlayed('the classic billing mode', 'billing_mode[type]');
  }
  const customer = needLiving(tx, params.customer, 'customer');
  const currency = currencyOf(tx, customer, params);
  const id = newId('subscription');
  const items = (params.items ?? []).map((input, index) => {
    const param = `items[${index}][price]`;
    if (input.price === undefined) throw missing(param);
    const price = needPrice(tx, input.price, currency, param);
    return makeItem(id, price, input, { start: tx.now, end: tx.now }, tx.now);
  });
  checkItems(items);
  const trialEnd = trialEndOf(tx, params, items[0]?.price.recurring?.trial_period_days ?? null);
  const anchor = anchorOf(tx, params, trialEnd);
  const isTrialing = trialEnd !== null;
  const subscription = create(tx, 'subscription', {
    id,
    customer: customer.id,
    currency,
    status: isTrialing ? 'trialing' : 'incomplete',
    items: listOfItems(id, items),
    billing_cycle_anchor: anchor,
    billing_mode: { type: 'flexible', flexible: { proration_discounts: 'included' } },
    start_date: tx.now,
    trial_start: isTrialing ? tx.now : null,
    trial_end: trialEnd,
    trial_settings: trialSettingsOf(params.trial_settings),
    cancel_at: typeof params.cancel_at === 'number' ? params.cancel_at : null,
    cancel_at_period_end: params.cancel_at_period_end ?? false,
    collection_method: params.collection_method ?? 'charge_automatically',
    days_until_due: params.days_until_due ?? null,
    default_payment_method: methodIdOf(tx, customer.id, params),
    description: params.description ?? null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    metadata: mergeMetadata({}, params.metadata),
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
      ...params.payment_settings,
    },
    test_clock: customer.test_clock,
    sim_pending_invoice: null,
    sim_trial_notice_sent: false,
    sim_owner: customer.id,
  });
  setFirstPeriod(subscription, tx.now);
  markCancellation(tx, subscription);
  customer.currency = currency;
  return subscription;
}

/** `cancel_at_period_end` shows as `cancel_at`, too. */
function markCancellation(tx: Transaction, subscription: Subscription): void {
  if (subscription.cancel_at_period_end) {
    subscription.cancel_at = Math.min(
      ...subscription.items.data.map((item) => item.current_period_end),
    );
  }
  subscription.canceled_at = subscription.cancel_at === null ? null : tx.now;
}

function missing(param: string): StripeError {
  return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}

function methodIdOf(tx: Transaction, customerId: string, params: CreateInput): string | null {
  const { default_payment_method: id } = params;
  return id === undefined ? null : needOwnMethod(tx, customerId, id, 'default_payment_method');
}

function currencyOf(tx: Transaction, customer: Customer, params: CreateInput): string {
  const first = tx.find('price', params.items?.[0]?.price ?? '');
  const wanted = params.currency?.toLowerCase() ?? customer.currency ?? first?.currency ?? 'usd';
  const hasOther = [...tx.scan('subscription', customer.id)].some(
    (one) => one.ended_at === null && one.currency !== wanted,
  );
  if (hasOther || (customer.currency !== null && customer.currency !== wanted)) {
    throw invalidRequest(
      'You cannot combine currencies on a single customer. This customer has an active subscription, ' +
        `subscription schedule, discount, quote, invoice item or balance in ${customer.currency}.`,
      { param: 'currency' },
    );
  }
  return wanted;
}

function trialEndOf(tx: Transaction, params: CreateInput, planDays: number | null): number | null {
  if (typeof params.trial_end === 'number') {
    if (params.trial_end <= tx.now) {
      throw invalidRequest('Timestamp must be in the future.', { param: 'trial_end' });
    }
    return params.trial_end;
  }
  if (params.trial_end === 'now') return null;
  const days = params.trial_period_days ?? (params.trial_from_plan === true ? planDays : null) ?? 0;
  return days > 0 ? after(tx.now, { interval: 'day', interval_count: days }) : null;
}

function anchorOf(tx: Transaction, params: CreateInput, trialEnd: number | null): number {
  const anchor = params.billing_cycle_anchor;
  if (anchor === undefined) return trialEnd ?? tx.now;
  if (anchor < tx.now) {
    throw invalidRequest('billing_cycle_anchor must be a timestamp in the future.', {
      param: 'billing_cycle_anchor',
    });
  }
  if (trialEnd !== null) throw notPlayed('a trial and a billing_cycle_anchor together');
  return anchor;
}

/** From now to the trial's end, to a future anchor, or a whole period. */
function setFirstPeriod(subscription: Subscription, now: number): void {
  const { billing_cycle_anchor: anchor, items } = subscription;
  const end = subscription.trial_end ?? (anchor > now ? anchor : after(now, cycleOf(items.data)));
  for (const item of items.data) {
    item.current_period_start = now;
    item.current_period_end = end;
  }
}

function firstInvoice(tx: Transaction, subscription: Subscription, params: CreateInput): Invoice {
  const customer = needLiving(tx, subscription.customer);
  const invoice = draftInvoice(tx, {
    customer,
    subscription,
    currency: subscription.currency,
    reason: 'subscription_create',
    period: { start: tx.now, end: tx.now },
  });
  const whole = wholePeriodOf(subscription, tx.now);
  if (whole === undefined || params.proration_behavior !== 'none') {
    addSubscriptionLines(tx, invoice, subscription, whole);
  }
  addOneOffItems(tx, invoice, params.add_invoice_items ?? []);
  addItems(tx, invoice, pendingItems(tx, customer.id, invoice.currency, subscription.id));
  announceDraft(tx, invoice);
  return invoice;
}

/** The whole period that a first, shorter one is a part of. */
function wholePeriodOf(subscription: Subscription, now: number): Period | undefined {
  const { billing_cycle_anchor: anchor, items } = subscription;
  if (subscription.trial_end !== null || anchor <= now) return undefined;
  return periodAt(anchor, cycleOf(items.data), now);
}

function collectFirst(
  tx: Transaction,
  subscription: Subscription,
  invoice: Invoice,
  behavior: string,
): void {
  if (behavior === 'default_incomplete') return;
  if (methodFor(tx, invoice) === undefined) {
    throw invalidRequest(
      'This customer has no attached payment source or default payment method. Please consider ' +
        'adding a default payment method.',
      { code: 'resource_missing' },
    );
  }
  const attempt = attemptPayment(tx, invoice, { isScheduled: false });
  if (behavior === 'error_if_incomplete' && attempt.result !== 'succeeded') {
    throw refusal(attempt);
  }
}

/** 402 for a payment that did not go through, with the reason. */
export function refusal(attempt: { result: string; error?: unknown }): StripeError {
  if (attempt.result === 'requires_action') {
    return new StripeError(
      402,
      'card_error',
      'Payment for this subscription requires additional user action before it can be completed ' +
        'successfully.',
      { code: 'subscription_payment_intent_requires_action' },
    );
  }
  const { message, ...fields } = attempt.error as { message: string; code: string };
  const { type: _, ...rest } = fields as Record<string, string>;
  return new StripeError(402, 'card_error', message, rest);
}
