import { emit } from '../delivery/emit.ts';
import type { Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';

/** https://docs.stripe.com/billing/subscriptions/pending-updates */
const pendingSeconds = 23 * 3600;

/** What an update changes and a failed payment takes back until it is paid after all. */
const changing = [
  'items',
  'billing_cycle_anchor',
  'trial_start',
  'trial_end',
  'status',
  'sim_trial_notice_sent',
] as const;

type Changing = Pick<Subscription, (typeof changing)[number]>;

export function snapshotOf(subscription: Readonly<Subscription>): Changing {
  const fields = changing.map((name) => [name, structuredClone(subscription[name])]);
  return Object.fromEntries(fields) as Changing;
}

/** Takes an update back, and keeps it until `invoiceId` is paid or the time is over. */
export function holdUpdate(
  tx: Transaction,
  subscription: Subscription,
  before: Changing,
  invoiceId: string,
): void {
  const wanted = snapshotOf(subscription);
  Object.assign(subscription, before);
  const periodEnd = Math.min(...before.items.data.map((item) => item.current_period_end));
  const isNewAnchor = wanted.billing_cycle_anchor !== before.billing_cycle_anchor;
  subscription.pending_update = {
    billing_cycle_anchor: isNewAnchor ? wanted.billing_cycle_anchor : null,
    cancel_at_period_end: null,
    discount: null,
    discounts: null,
    expires_at: Math.min(tx.now + pendingSeconds, periodEnd),
    metadata: null,
    subscription_items: wanted.items.data,
    trial_end: wanted.trial_end === before.trial_end ? null : wanted.trial_end,
    trial_from_plan: null,
  };
  subscription.sim_pending_invoice = invoiceId;
  subscription['sim_pending_state'] = wanted;
  subscription['sim_pending_is_new'] = true;
}

export function applyPendingUpdate(tx: Transaction, subscription: Subscription): void {
  const wanted = subscription['sim_pending_state'] as Changing | null | undefined;
  if (wanted === null || wanted === undefined) return;
  // Whatever happened meanwhile to the status stays.
  Object.assign(subscription, wanted, { status: subscription.status });
  const hasWaited = subscription['sim_pending_is_new'] !== true;
  forgetUpdate(subscription);
  // Paid at the first try: then nothing was ever pending, and the update tells of itself.
  if (!hasWaited) return;
  emit(tx, 'customer.subscription.pending_update_applied', subscription);
  emit(tx, 'customer.subscription.updated', subscription);
}

/** The update will not be made. */
export function forgetUpdate(subscription: Subscription): void {
  subscription.pending_update = null;
  subscription.sim_pending_invoice = null;
  subscription['sim_pending_state'] = null;
  subscription['sim_pending_is_new'] = false;
}
