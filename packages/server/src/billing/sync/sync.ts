import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { changeLimits, holdUsage } from '../../organizations/limits.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import { moveUsageAnchor } from '../../subscriptions/usage-anchor.ts';
import { correctCustomer } from '../customer/correct-customer.ts';
import { findCustomerId } from '../customer/sql.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import { writeInvoices } from '../invoices/write-invoices.ts';
import { hastenOverage } from '../overage/own-invoice.ts';
import { fetchProviderState, type ProviderState } from '../provider/provider-state.ts';
import { planReminders } from '../due-work/reminders.ts';
import { cancelOfDeleted } from './cancel-of-deleted.ts';
import { insertRevenueChange } from './revenue-sql.ts';
import { cardOf, followCard, tellLostCard } from './follow-card.ts';
import { tellChanges } from './tell-changes.ts';
import { followExtraSubscriptions } from './extra-subscriptions.ts';
import { stayAfterUpgrade } from './stay-after-upgrade.ts';
import { dateOf } from '../provider/stripe.ts';
import { changesBetween } from './subscription-changes.ts';
import { factsOf, UnknownPriceError } from './subscription-facts.ts';
import {
  findKeptSubscription,
  findMonthlyAmount,
  type KeptSubscription,
  type SubscriptionFacts,
  takeSyncNumber,
  updateCustomerFacts,
  updateSubscriptionFacts,
} from './sql.ts';

/**
 * Brings what we keep of a workspace's billing to what the provider has: subscription, card,
 * balance, invoices. Whatever brought it about, and in whichever order we hear of it, the outcome is
 * the same; a fetch that began earlier never overwrites a later one. What changed is told in the
 * same transaction: audit log, billing history, announcements.
 *
 * @throws UnknownPriceError after all but the subscription was written
 */
export async function syncOrganization(deps: BillingDeps, organizationId: string): Promise<void> {
  const [found] = await deps.db.query<{ stripe_customer_id: string | null }>(
    findCustomerId(organizationId),
  );
  const customerId = found?.stripe_customer_id ?? null;
  if (customerId === null) return;
  await deps.verifyAccount();
  const [row] = await deps.db.query<{ number: number }>(takeSyncNumber());
  const ctx = systemContext(deps, organizationId);
  const fetched = await fetchProviderState(deps, customerId);
  const state = await stayAfterUpgrade(deps, ctx, fetched);
  const unknown = await deps.db.transaction((tx) =>
    write(deps, tx, ctx, { number: row?.number ?? 0, state }),
  );
  await cancelOfDeleted(deps, organizationId, state.subscription);
  await correctCustomer(deps, ctx, state);
  // Whoever asked keeps it where the operator looks, and asks again.
  if (unknown !== null) throw unknown;
}

interface Fetched {
  readonly number: number;
  readonly state: ProviderState;
}

async function write(
  deps: BillingDeps,
  tx: Queryable,
  ctx: Context,
  { number, state }: Fetched,
): Promise<UnknownPriceError | null> {
  await lockOrganization(tx, ctx);
  // Before any row that a completion writes when it opens a bill: it holds this lock by then.
  await holdUsage(tx, ctx);
  const kept = await findKept(tx, ctx);
  if (kept.billing_sync_number >= number) return null;
  const terms = { graceDays: deps.graceDays, now: ctx.clock.now() };
  const facts = await factsOf(tx, state, kept, terms).catch((error: unknown) => {
    if (error instanceof UnknownPriceError) return error;
    throw error;
  });
  await tx.query(
    updateCustomerFacts(
      ctx.organization.id,
      {
        number,
        stripe_customer_id: state.customer?.id ?? null,
        balance_minor: -(state.customer?.balance ?? 0),
        currency: state.customer?.currency ?? null,
        payment_method: cardOf(state.paymentMethod),
        stripe_payment_method_id: state.paymentMethod?.id ?? null,
      },
      ctx.clock.now(),
    ),
  );
  const lost = await followCard(tx, ctx, kept, state.paymentMethod);
  await followExtraSubscriptions(tx, ctx, kept, state);
  const { grace_ends_at: graceEndsAt } =
    facts instanceof UnknownPriceError || facts === null ? kept : facts;
  await writeInvoices(tx, ctx, state.invoices, graceEndsAt);
  const isUnknown = facts instanceof UnknownPriceError;
  if (!isUnknown && facts !== null) {
    await writeSubscription(tx, ctx, { kept, facts, state, number });
  }
  if (lost !== null) await tellLostCard(tx, ctx, lost, number);
  return isUnknown ? facts : null;
}

async function findKept(tx: Queryable, ctx: Context): Promise<KeptSubscription> {
  const [kept] = await tx.query<KeptSubscription>(findKeptSubscription(ctx.organization.id));
  if (kept === undefined) throw new Error(`${ctx.organization.id} has no subscription`);
  return kept;
}

interface Step {
  readonly kept: KeptSubscription;
  readonly facts: SubscriptionFacts;
  readonly state: ProviderState;
  readonly number: number;
}

async function writeSubscription(tx: Queryable, ctx: Context, step: Step): Promise<void> {
  const { kept, facts, state } = step;
  const { id } = ctx.organization;
  const names = Object.keys(facts) as (keyof SubscriptionFacts)[];
  const isSame = names.every((name) => isDeepStrictEqual(facts[name], kept[name]));
  if (!isSame) {
    const update = updateSubscriptionFacts(id, facts, ctx.clock.now());
    await changeLimits(tx, ctx, () => tx.query(update));
  }
  const sides = { before: kept, after: facts };
  await tx.query(insertRevenueChange(id, step.number, sides, ctx.clock.now()));
  await moveAnchor(tx, ctx, kept, state);
  await planReminders(tx, id);
  const amounts = {
    before: await findAmount(tx, kept),
    after: await findAmount(tx, facts),
  };
  const changes = changesBetween(kept, facts, amounts);
  if (changes.includes('cancelled')) {
    const endedAt = state.subscription?.ended_at ?? null;
    await hastenOverage(tx, id, endedAt === null ? ctx.clock.now() : dateOf(endedAt));
  }
  if (changes.length > 0) await tellChanges(tx, ctx, step, changes);
}

async function findAmount(
  tx: Queryable,
  of: Pick<SubscriptionFacts, 'plan_id' | 'plan_version' | 'currency' | 'interval'>,
): Promise<number> {
  const statement = findMonthlyAmount(of.plan_id, of.plan_version, of.currency, of.interval);
  const [row] = await tx.query<{ amount: number }>(statement);
  return row?.amount ?? 0;
}

/**
 * Usage is counted in the months of the bill. The provider moves its anchor where we want it moved
 * (the first payment, another interval, the end of a trial) and only there; during a trial it lies
 * at its end, which is still to come.
 */
async function moveAnchor(
  tx: Queryable,
  ctx: Context,
  kept: KeptSubscription,
  { subscription }: ProviderState,
): Promise<void> {
  if (subscription === null || !['active', 'past_due', 'unpaid'].includes(subscription.status)) {
    return;
  }
  const anchor = dateOf(subscription.billing_cycle_anchor);
  if (anchor.getTime() === new Date(kept.usage_anchor).getTime()) return;
  if (anchor.getTime() > ctx.clock.now().getTime() + 3_600_000) return;
  await moveUsageAnchor(tx, ctx, anchor);
}
