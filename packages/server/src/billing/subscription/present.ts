import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import type { BillingDeps } from '../deps.ts';
import { isMissing, type Stripe } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import { syncOrganization } from '../sync/sync.ts';
import type { Outlook } from './decide-change.ts';
import { findKeptPlan, type KeptPlan } from './sql.ts';

/** Where a workspace stands: as we keep it, and as the provider has it. */
export interface Present {
  readonly kept: KeptPlan;
  /** Null: nothing that is alive. */
  readonly live: LiveSubscription | null;
}

/** Fetched with its schedule. */
export type LiveSubscription = Stripe.Subscription;

/**
 * Asks the provider before anything is decided: where it has moved on and we have not heard of it
 * yet (a lost webhook, a crash between its answer and ours), ours is brought up to it first.
 *
 * @throws AppError `not_found`
 */
export async function findPresent(deps: BillingDeps, ctx: Context): Promise<Present> {
  const { id } = ctx.organization;
  const kept = await findKept(deps, id);
  const live = await findLive(deps, kept);
  const isKnown =
    live === null
      ? kept.stripe_subscription_id === null
      : itemOf(live).price.id === kept.price_id && live.status === kept.status;
  if (isKnown) return { kept, live };
  await syncOrganization(deps, id);
  const fresh = await findKept(deps, id);
  return { kept: fresh, live: await findLive(deps, fresh) };
}

async function findKept(deps: BillingDeps, organizationId: string): Promise<KeptPlan> {
  const [kept] = await deps.db.query<KeptPlan>(findKeptPlan(organizationId));
  if (kept === undefined) throw notFound('workspace');
  return kept;
}

async function findLive(deps: BillingDeps, kept: KeptPlan): Promise<LiveSubscription | null> {
  const id = kept.stripe_subscription_id ?? (await findUnheard(deps, kept));
  if (id === null) return null;
  try {
    const live = await deps.stripe.subscriptions.retrieve(id, { expand: ['schedule'] });
    return live.status === 'canceled' || live.status === 'incomplete_expired' ? null : live;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** One that was bought and that we have not heard of yet. */
async function findUnheard(deps: BillingDeps, kept: KeptPlan): Promise<string | null> {
  if (kept.stripe_customer_id === null) return null;
  const { data } = await deps.stripe.subscriptions.list({
    customer: kept.stripe_customer_id,
    limit: 100,
  });
  return data.find(({ status }) => status !== 'incomplete')?.id ?? null;
}

/** The schedule that holds a subscription's next phases; null: none. */
export function scheduleOf(live: LiveSubscription): Stripe.SubscriptionSchedule | null {
  return typeof live.schedule === 'string' ? null : live.schedule;
}

/** Metadata of a schedule that moves a subscriber to a newer version: the operator's, not theirs. */
export const migrationMember = 'plan_migration';

export function isCancelling(live: LiveSubscription): boolean {
  return live.cancel_at_period_end || live.cancel_at !== null;
}

export function outlookOf(live: LiveSubscription | null): Outlook {
  if (live === null) return { isPaid: false, isToChange: false, isTrial: false };
  const schedule = scheduleOf(live);
  const isScheduled = schedule !== null && !schedule.metadata?.[migrationMember];
  return {
    isPaid: true,
    isToChange: isScheduled || isCancelling(live) || live.pending_update !== null,
    isTrial: live.status === 'trialing',
  };
}
