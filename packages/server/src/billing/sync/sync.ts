import { isDeepStrictEqual } from 'node:util';
import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { announce } from '../../notifications/outbox.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { changeLimits } from '../../organizations/limits.ts';
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
import { followExtraSubscriptions } from './extra-subscriptions.ts';
import { stayAfterUpgrade } from './stay-after-upgrade.ts';
import { dateOf, type Stripe } from '../provider/stripe.ts';
import {
  type Change,
  changesBetween,
  describeChange,
  isAnnounced,
} from './subscription-changes.ts';
import { blockOverageWithoutCard } from '../payment/sql.ts';
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
        payment_method: cardOf(state.paymentMethod),
        stripe_payment_method_id: state.paymentMethod?.id ?? null,
      },
      ctx.clock.now(),
    ),
  );
  await followCard(tx, ctx, kept, state.paymentMethod);
  await followExtraSubscriptions(tx, ctx, kept, state);
  const { grace_ends_at: graceEndsAt } =
    facts instanceof UnknownPriceError || facts === null ? kept : facts;
  await writeInvoices(tx, ctx, state.invoices, graceEndsAt);
  if (facts instanceof UnknownPriceError) return facts;
  if (facts !== null) await writeSubscription(tx, ctx, { kept, facts, state, number });
  return null;
}

/** Another card, or none any more, wherever that was done. */
async function followCard(
  tx: Queryable,
  ctx: Context,
  kept: KeptSubscription,
  method: Stripe.PaymentMethod | null,
): Promise<void> {
  if ((method?.id ?? null) === kept.stripe_payment_method_id) return;
  const [before, after] = [shownOf(kept.payment_method), shownOf(cardOf(method))];
  const { brand, last4 } = after ?? before ?? { brand: 'other', last4: '' };
  const summary =
    after === null
      ? `Removed the ${brand} card that ends in ${last4}`
      : `The card is now the ${brand} that ends in ${last4}`;
  const type = method === null ? 'payment_method.removed' : 'payment_method.changed';
  await recordBillingEvent(tx, ctx, { type, summary, data: { before, after } });
  await appendAudit(tx, ctx, {
    action: 'payment_method.synced',
    target: { kind: 'workspace', id: ctx.organization.id },
    before,
    after,
  });
  if (method === null) await followLostCard(tx, ctx);
}

function shownOf(card: KeptSubscription['payment_method']) {
  return card === null ? null : { brand: card.brand, last4: card.last4 };
}

/** The card was removed, here or at the provider: what was to be charged to it blocks instead. */
async function followLostCard(tx: Queryable, ctx: Context): Promise<void> {
  const statement = blockOverageWithoutCard(ctx.organization.id, ctx.clock.now());
  const [blocked] = await changeLimits(tx, ctx, () => tx.query(statement));
  if (blocked === undefined) return;
  await recordBillingEvent(tx, ctx, {
    type: 'billing.updated',
    summary: 'Conversions past the limit are refused: there is no card to charge them to',
    data: { before: { overage_policy: 'charge' }, after: { overage_policy: 'block' } },
  });
}

async function findKept(tx: Queryable, ctx: Context): Promise<KeptSubscription> {
  const [kept] = await tx.query<KeptSubscription>(findKeptSubscription(ctx.organization.id));
  if (kept === undefined) throw new Error(`${ctx.organization.id} has no subscription`);
  return kept;
}

/** All we ever keep of a card. */
function cardOf(method: Stripe.PaymentMethod | null) {
  if (method?.card === undefined) return null;
  const { brand, last4, exp_month, exp_year } = method.card;
  return { brand, last4, exp_month, exp_year };
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
  if (changes.length > 0) await tell(tx, ctx, step, changes);
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

async function tell(
  tx: Queryable,
  ctx: Context,
  { kept, facts, number }: Step,
  changes: readonly Change[],
): Promise<void> {
  const scheduled = facts.scheduled_change;
  const names = {
    before: kept.plan_name,
    after: await findName(tx, facts.plan_id),
    scheduled: scheduled === null ? '' : await findName(tx, scheduled.plan_id),
  };
  const data = { before: summaryOf(kept), after: summaryOf(facts) };
  for (const change of changes) {
    await recordBillingEvent(tx, ctx, {
      type: `subscription.${change}`,
      summary: describeChange(change, names),
      data,
    });
    if (!isAnnounced(change)) continue;
    await announce(tx, ctx, {
      topic: 'subscription.changed',
      dedupeKey: `subscription.changed:${kept.id}:${change}:${number}`,
      payload: {
        change,
        plan_id:
          scheduled !== null && change === 'change_scheduled' ? scheduled.plan_id : facts.plan_id,
        plan_name: change === 'change_scheduled' ? names.scheduled : names.after,
        previous_plan_id: kept.plan_id === facts.plan_id ? null : kept.plan_id,
        interval: facts.interval,
        status: facts.status,
        effective_at: effectiveAt(change, facts, ctx.clock.now()),
      },
    });
  }
  await appendAudit(tx, ctx, {
    action: 'subscription.synced',
    target: { kind: 'subscription', id: kept.id },
    ...data,
    reason: changes.join(', '),
  });
}

function effectiveAt(change: Change, facts: SubscriptionFacts, now: Date): string {
  if (change === 'change_scheduled' && facts.scheduled_change !== null) {
    return facts.scheduled_change.effective_at;
  }
  return change === 'cancel_scheduled' ? facts.current_period_end : now.toISOString();
}

async function findName(tx: Queryable, planId: string): Promise<string> {
  const [row] = await tx.query<{ name: string }>(findMonthlyAmount(planId, 0, '', ''));
  return row?.name ?? planId;
}

function summaryOf(of: KeptSubscription | SubscriptionFacts) {
  const { plan_id, plan_version, status, interval, currency } = of;
  const { current_period_start, current_period_end, cancel_at_period_end, scheduled_change } = of;
  return {
    plan_id,
    plan_version,
    status,
    interval,
    currency,
    current_period_start,
    current_period_end,
    cancel_at_period_end,
    scheduled_change,
  };
}
