import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { announce } from '../../notifications/outbox.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { findPlanName, type KeptSubscription, type SubscriptionFacts } from './sql.ts';
import { type Change, describeChange, isAnnounced } from './subscription-changes.ts';

/** What a sync has found of a subscription, beside what was kept. */
interface Found {
  readonly kept: KeptSubscription;
  readonly facts: SubscriptionFacts;
  /** Of the sync: each tells a change once. */
  readonly number: number;
}

/** Tells what has changed: billing history, announcements, audit log. */
export async function tellChanges(
  tx: Queryable,
  ctx: Context,
  { kept, facts, number }: Found,
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
  const [row] = await tx.query<{ name: string }>(findPlanName(planId));
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
