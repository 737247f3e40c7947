import type { Queryable } from '../../db/pool.ts';
import { findWhatIsSold, type PriceKey } from '../catalogue/catalogue.ts';
import { type ProviderState, subscriptionIdOf } from '../provider/provider-state.ts';
import { dateOf, idOf, type Stripe } from '../provider/stripe.ts';
import {
  findFreePlan,
  type KeptSubscription,
  type PendingChange,
  type ScheduledChange,
  type SubscriptionFacts,
} from './sql.ts';

/**
 * What our row must say by what the provider says; null: the provider has no say in it (there is no
 * subscription there, or one that never came to life while the workspace has a plan of its own).
 *
 * Prices tell the plan and version. A change that waits for its time or its payment is not in the
 * price yet, so an entitlement never falls before its phase starts nor rises before it is paid for.
 */
export async function factsOf(
  db: Queryable,
  state: ProviderState,
  kept: KeptSubscription,
  terms: GraceTerms,
): Promise<SubscriptionFacts | null> {
  const { subscription } = state;
  const isOver =
    subscription === null ||
    subscription.status === 'canceled' ||
    subscription.status === 'incomplete_expired';
  if (isOver)
    return kept.stripe_subscription_id === null ? null : factsOfEnd(db, subscription, kept);
  const hasOwnPlan = kept.stripe_subscription_id === null && kept.plan_id !== 'plan_free';
  if (subscription.status === 'incomplete' && hasOwnPlan) return null;
  const item = itemOf(subscription);
  const sold = await requireSold(db, item.price.id);
  return {
    plan_id: sold.planId,
    plan_version: sold.version,
    status: subscription.status,
    interval: sold.interval,
    currency: subscription.currency,
    current_period_start: timeOf(item.current_period_start),
    current_period_end: timeOf(item.current_period_end),
    cancel_at_period_end: subscription.cancel_at_period_end || subscription.cancel_at !== null,
    scheduled_change: await scheduledChangeOf(db, state, sold),
    pending_change: await pendingChangeOf(db, state),
    ...debtOf(state, subscription, kept, terms),
    stripe_subscription_id: subscription.id,
    stripe_schedule_id: state.schedule?.id ?? null,
  };
}

/** Back to Free. What was bought is over; periods of usage go on as they are. */
async function factsOfEnd(
  db: Queryable,
  subscription: Stripe.Subscription | null,
  kept: KeptSubscription,
): Promise<SubscriptionFacts> {
  const [free] = await db.query<{ id: string; current_version: number }>(findFreePlan());
  if (free === undefined) throw new Error('there is no Free plan to fall back to');
  return {
    plan_id: free.id,
    plan_version: free.current_version,
    status: subscription?.status === 'incomplete_expired' ? 'active' : 'cancelled',
    interval: 'month',
    currency: kept.currency,
    current_period_start: kept.current_period_start,
    current_period_end: kept.current_period_end,
    cancel_at_period_end: false,
    scheduled_change: null,
    pending_change: null,
    past_due_since: null,
    grace_ends_at: null,
    overdue_invoice_url: null,
    stripe_subscription_id: null,
    stripe_schedule_id: null,
  };
}

export function itemOf(subscription: Stripe.Subscription): Stripe.SubscriptionItem {
  const [item] = subscription.items.data;
  if (item === undefined) throw new Error(`the subscription ${subscription.id} has no item`);
  return item;
}

/** Somebody sold at the provider what we have no plan for: only people can tell what was meant. */
export class UnknownPriceError extends Error {
  constructor(priceId: string) {
    super(`the price ${priceId} is of no plan of ours: change it at the provider`);
  }
}

async function requireSold(db: Queryable, priceId: string): Promise<PriceKey> {
  const sold = await findWhatIsSold(db, priceId);
  if (sold !== null) return sold;
  throw new UnknownPriceError(priceId);
}

/** The first phase that is still to come, where it sells something else. */
async function scheduledChangeOf(
  db: Queryable,
  { schedule }: ProviderState,
  present: PriceKey,
): Promise<ScheduledChange | null> {
  if (schedule?.status !== 'active' || schedule.current_phase === null) return null;
  const end = schedule.current_phase.end_date;
  const next = schedule.phases.find((phase) => phase.start_date >= end);
  const priceId = idOf(next?.items[0]?.price);
  if (next === undefined || priceId === null) return null;
  const sold = await requireSold(db, priceId);
  const isSame =
    sold.planId === present.planId &&
    sold.interval === present.interval &&
    sold.version === present.version;
  if (isSame) return null;
  return {
    plan_id: sold.planId,
    interval: sold.interval,
    effective_at: timeOf(next.start_date),
  };
}

/** A change that happens when its invoice is paid. */
async function pendingChangeOf(
  db: Queryable,
  { subscription, invoices }: ProviderState,
): Promise<PendingChange | null> {
  const priceId = subscription?.pending_update?.subscription_items?.[0]?.price.id;
  if (priceId === undefined) return null;
  const sold = await requireSold(db, priceId);
  const latest = idOf(subscription?.latest_invoice);
  const invoice = invoices.find((one) => one.id === latest);
  return {
    plan_id: sold.planId,
    interval: sold.interval,
    payment_url: invoice?.hosted_invoice_url ?? '',
  };
}

export interface GraceTerms {
  readonly graceDays: number;
  readonly now: Date;
}

type Debt = Pick<SubscriptionFacts, 'past_due_since' | 'grace_ends_at' | 'overdue_invoice_url'>;

/**
 * Grace is counted from the first failure, however late we hear of it. It always has an end: where
 * no invoice tells the failure, it counts from when we first saw one.
 */
function debtOf(
  state: ProviderState,
  subscription: Stripe.Subscription,
  kept: KeptSubscription,
  { graceDays, now }: GraceTerms,
): Debt {
  const none: Debt = { past_due_since: null, grace_ends_at: null, overdue_invoice_url: null };
  if (subscription.status !== 'past_due' && subscription.status !== 'unpaid') return none;
  const invoice = findOverdueInvoice(state, subscription);
  const seen = kept.past_due_since === null ? now : new Date(kept.past_due_since);
  const since =
    invoice === null ? seen : dateOf(invoice.status_transitions.finalized_at ?? invoice.created);
  const graceEnd = new Date(since.getTime() + graceDays * 86_400_000);
  return {
    past_due_since: since.toISOString(),
    grace_ends_at: subscription.status === 'past_due' ? graceEnd.toISOString() : null,
    overdue_invoice_url: invoice?.hosted_invoice_url ?? null,
  };
}

/**
 * The first of the renewals that are open now: from the newest back to the last that was paid. An
 * older invoice that stayed open is no part of this failure.
 */
function findOverdueInvoice(
  { invoices }: ProviderState,
  subscription: Stripe.Subscription,
): Stripe.Invoice | null {
  const latest = idOf(subscription.latest_invoice);
  const own = invoices
    .filter((one) => subscriptionIdOf(one) === subscription.id)
    .filter((one) => one.id === latest || one.billing_reason === 'subscription_cycle')
    .filter(({ status }) => status === 'open' || status === 'paid')
    .toSorted((left, right) => right.created - left.created);
  const paidAt = own.findIndex(({ status }) => status === 'paid');
  const open = paidAt === -1 ? own : own.slice(0, paidAt);
  return open.at(-1) ?? null;
}

function timeOf(unixSeconds: number): string {
  return dateOf(unixSeconds).toISOString();
}
