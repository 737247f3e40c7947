import { words } from '../wire/route.ts';
import { attemptPayment, methodFor } from '../billing/collect.ts';
import { finalize } from '../billing/finalize.ts';
import { voidInvoice } from '../billing/invoice-end.ts';
import { forgetUpdate, holdUpdate, snapshotOf } from '../billing/pending-update.ts';
import {
  announcePending,
  prorateChange,
  startCycle,
  updateInvoice,
} from '../billing/update-invoice.ts';
import { emit } from '../delivery/emit.ts';
import type { Invoice, Subscription, SubscriptionItem } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { invalidRequest, notPlayed } from '../wire/stripe-error.ts';
import type { OneOffInput } from './invoice-items.ts';
import { refusal } from './subscription-create.ts';
import { applySettings, type SettingsInput } from './subscription-settings.ts';
import {
  checkItems,
  checkQuantity,
  cycleOf,
  listOfItems,
  makeItem,
  needPrice,
  periodOf,
  type ItemInput,
} from './subscription-items.ts';
import { mergeMetadata } from './shared.ts';
import { planOf } from './prices.ts';

export interface UpdateInput extends SettingsInput {
  items?: ItemInput[];
  add_invoice_items?: OneOffInput[];
  billing_cycle_anchor?: { type: string };
  payment_behavior?: string;
  proration_behavior?: string;
  proration_date?: number;
  trial_end?: 'now' | number;
}

/** What `pending_if_incomplete` allows: a change that may have to wait for its payment. */
const pendable = [
  ...words('items add_invoice_items billing_cycle_anchor payment_behavior expand'),
  ...words('proration_behavior proration_date trial_end'),
];

/** Changes a subscription. Answers its invoice, where the change is billed at once. */
export function updateSubscription(
  tx: Transaction,
  subscription: Subscription,
  params: UpdateInput,
  isPreview = false,
): Invoice | undefined {
  checkUpdate(subscription, params);
  const before = snapshotOf(subscription);
  const at = prorationDateOf(tx, subscription, params);
  if (changesTerms(params)) dropPendingUpdate(tx, subscription);
  applySettings(tx, subscription, params);
  const isNewCycle = changeTerms(tx, subscription, params, before.items.data, at);
  const behavior = params.proration_behavior ?? 'create_prorations';
  const isTrialing = before.status === 'trialing';
  if (changesTerms(params) && !isTrialing) {
    prorateChange(tx, subscription, { before: before.items.data, isNewCycle, behavior, at });
  }
  const isBilled = isNewCycle || behavior === 'always_invoice' || params.add_invoice_items;
  const invoice =
    isBilled && changesTerms(params) && subscription.status !== 'trialing'
      ? updateInvoice(tx, subscription, { isNewCycle, at }, params.add_invoice_items)
      : undefined;
  if (isPreview) return invoice;
  if (invoice === undefined) announcePending(tx, subscription);
  else collectUpdate(tx, subscription, before, invoice, params.payment_behavior);
  emit(tx, 'customer.subscription.updated', subscription);
  return invoice;
}

function changesTerms(params: UpdateInput): boolean {
  return (
    params.items !== undefined ||
    params.billing_cycle_anchor?.type === 'now' ||
    params.trial_end !== undefined ||
    params.add_invoice_items !== undefined
  );
}

function checkUpdate(subscription: Subscription, params: UpdateInput): void {
  const anchor = params.billing_cycle_anchor?.type ?? 'unchanged';
  if (anchor !== 'now' && anchor !== 'unchanged') {
    throw notPlayed(`a billing_cycle_anchor of type ${anchor}`, 'billing_cycle_anchor[type]');
  }
  if (subscription.ended_at !== null || subscription.status === 'incomplete_expired') {
    const allowed = ['metadata', 'cancellation_details', 'expand'];
    if (Object.keys(params).every((name) => allowed.includes(name))) return;
    throw invalidRequest(
      `A canceled subscription can only update its cancellation_details and metadata.`,
    );
  }
  if (params.payment_behavior === 'pending_if_incomplete') {
    const other = Object.keys(params).find((name) => !pendable.includes(name));
    if (other !== undefined) {
      throw invalidRequest(
        `\`${other}\` cannot be passed while \`payment_behavior\` is set to \`pending_if_incomplete\`.`,
        { param: other },
      );
    }
  }
  if (subscription.schedule !== null && changesTerms(params)) {
    throw notPlayed(
      `a change of items while the schedule ${subscription.schedule} manages them; release it first`,
    );
  }
  if (subscription.status === 'incomplete' && changesTerms(params)) {
    throw invalidRequest(
      'This subscription is incomplete: its first invoice has to be paid first.',
    );
  }
}

function prorationDateOf(tx: Transaction, subscription: Subscription, params: UpdateInput): number {
  const at = params.proration_date;
  if (at === undefined) return tx.now;
  const { start, end } = periodOf(subscription);
  if (at >= start && at <= end) return at;
  throw invalidRequest('Cannot specify proration_date outside of current subscription period.', {
    param: 'proration_date',
  });
}

/** Applies items, trial and anchor; answers whether a new cycle begins. */
function changeTerms(
  tx: Transaction,
  subscription: Subscription,
  params: UpdateInput,
  before: readonly SubscriptionItem[],
  at: number,
): boolean {
  if (params.items !== undefined) changeItems(tx, subscription, params.items);
  const wasTrialing = subscription.status === 'trialing';
  if (typeof params.trial_end === 'number') {
    if (params.trial_end <= tx.now) {
      throw invalidRequest('Timestamp must be in the future.', { param: 'trial_end' });
    }
    setTrial(tx, subscription, params.trial_end);
    return false;
  }
  const { interval, interval_count: count } = cycleOf(before);
  const cycle = cycleOf(subscription.items.data);
  const isOtherCycle = cycle.interval !== interval || cycle.interval_count !== count;
  const endsTrial = wasTrialing && params.trial_end === 'now';
  if (endsTrial) {
    subscription.status = 'active';
    subscription.trial_end = tx.now;
  } else if (wasTrialing) return false;
  const isNewCycle = endsTrial || isOtherCycle || params.billing_cycle_anchor?.type === 'now';
  if (isNewCycle) startCycle(subscription, at);
  return isNewCycle;
}

function setTrial(tx: Transaction, subscription: Subscription, end: number): void {
  subscription.trial_start ??= tx.now;
  subscription.trial_end = end;
  subscription.billing_cycle_anchor = end;
  subscription.status = 'trialing';
  subscription.sim_trial_notice_sent = false;
  for (const item of subscription.items.data) {
    item.current_period_start = tx.now;
    item.current_period_end = end;
  }
}

/** Without an id an entry adds an item; with one it changes or deletes that item. */
function changeItems(
  tx: Transaction,
  subscription: Subscription,
  inputs: readonly ItemInput[],
): void {
  let items = [...subscription.items.data];
  const { start, end } = periodOf(subscription);
  for (const [index, input] of inputs.entries()) {
    const param = `items[${index}]`;
    if (input.id === undefined) {
      if (input.price === undefined) {
        throw invalidRequest(`Missing required param: ${param}[price].`, {
          code: 'parameter_missing',
          param: `${param}[price]`,
        });
      }
      const price = needPrice(tx, input.price, subscription.currency, `${param}[price]`);
      items.push(makeItem(subscription.id, price, input, { start, end }, tx.now));
      continue;
    }
    const item = items.find((one) => one.id === input.id);
    if (item === undefined) {
      throw invalidRequest(`No such subscription item: '${input.id}'`, {
        code: 'resource_missing',
        param: `${param}[id]`,
      });
    }
    if (input.deleted === true) items = items.filter((one) => one !== item);
    else changeItem(tx, subscription, item, input, `${param}[price]`);
  }
  checkItems(items);
  subscription.items = listOfItems(subscription.id, items);
}

function changeItem(
  tx: Transaction,
  subscription: Subscription,
  item: SubscriptionItem,
  input: ItemInput,
  param: string,
): void {
  if (input.price !== undefined && input.price !== item.price.id) {
    item.price = needPrice(tx, input.price, subscription.currency, param);
    item.plan = planOf(item.price);
  }
  if (input.quantity !== undefined) {
    checkQuantity(input.quantity);
    item.quantity = input.quantity;
  }
  item.metadata = mergeMetadata(item.metadata, input.metadata);
}

/** A newer change takes the place of one that waits for its payment. */
export function dropPendingUpdate(tx: Transaction, subscription: Subscription): void {
  const invoiceId = subscription.sim_pending_invoice;
  forgetUpdate(subscription);
  if (invoiceId === null) return;
  const invoice = tx.get('invoice', invoiceId);
  if (invoice?.status === 'open') voidInvoice(tx, invoice);
}

function collectUpdate(
  tx: Transaction,
  subscription: Subscription,
  before: ReturnType<typeof snapshotOf>,
  invoice: Invoice,
  behavior = 'allow_incomplete',
): void {
  finalize(tx, invoice);
  if (invoice.status !== 'open' || subscription.collection_method !== 'charge_automatically')
    return;
  const isPending = behavior === 'pending_if_incomplete';
  // Held before the attempt, so that a failure finds the subscription as it was.
  if (isPending) holdUpdate(tx, subscription, before, invoice.id);
  if (behavior === 'default_incomplete') {
    subscription.status = 'past_due';
    return;
  }
  if (behavior === 'error_if_incomplete' && methodFor(tx, invoice) === undefined) {
    throw invalidRequest(
      'This customer has no attached payment source or default payment method.',
      {
        code: 'resource_missing',
      },
    );
  }
  const attempt = attemptPayment(tx, invoice, { isScheduled: false });
  subscription['sim_pending_is_new'] = false;
  if (behavior === 'error_if_incomplete' && attempt.result !== 'succeeded') throw refusal(attempt);
}
