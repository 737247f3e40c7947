import { appendAudit } from '../../audit/audit.ts';
import { type Context, isOperator } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import type { BillingDeps } from '../deps.ts';
import { dropWork, planWork } from '../due-work/due-work.ts';
import { askStripe } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';
import { carryOut } from './carry-out.ts';
import { findPresent, type LiveSubscription } from './present.ts';
import type { Refund } from './refund.ts';
import {
  type ChangeRow,
  countChangesSince,
  findChange,
  finishChange,
  insertChange,
  type KeptPlan,
} from './sql.ts';

const changesADayMax = 5;
const dayMs = 86_400_000;

/** The kind of due work that sees a change through which nobody has finished. */
export const changeWork = 'subscription_change';
/** Whoever asked may ask again first. */
const patienceMs = 600_000;

/** A change as it was begun before; null: it is new. */
export async function findBegun(
  deps: BillingDeps,
  ctx: Context,
  changeId: string,
): Promise<ChangeRow | null> {
  const [row] = await deps.db.query<ChangeRow>(findChange(ctx.organization.id, changeId));
  return row ?? null;
}

/**
 * Writes a change down, before the provider is asked.
 *
 * @throws AppError `rate_limited` after five changes of plan in a day
 */
export async function beginChange(ctx: Context, change: ChangeRow): Promise<void> {
  const { id } = ctx.organization;
  const asOf = ctx.clock.now();
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    if (isCounted(ctx, change)) {
      const since = new Date(asOf.getTime() - dayMs);
      const [latest] = await tx.query<{ count: number; oldest: string | null }>(
        countChangesSince(id, since, changesADayMax),
      );
      if ((latest?.count ?? 0) >= changesADayMax) throw tooMany(latest?.oldest ?? null, asOf);
    }
    const { kind, id: actorId } = ctx.actor;
    const isSuperAdmin = kind === 'member' && isOperator(ctx.actor);
    const requestedBy = { kind: isSuperAdmin ? 'super_admin' : kind, id: actorId };
    await tx.query(insertChange(id, change, requestedBy, asOf));
    const dueAt = new Date(asOf.getTime() + patienceMs);
    await planWork(tx, { organizationId: id, kind: changeWork, reference: change.id, dueAt });
  });
}

function isCounted(ctx: Context, change: ChangeRow): boolean {
  if (isOperator(ctx.actor)) return false;
  return change.kind === 'now' || change.kind === 'period_end' || change.kind === 'undo';
}

function tooMany(oldest: string | null, asOf: Date): AppError {
  const freeAtMs = (oldest === null ? asOf.getTime() : new Date(oldest).getTime()) + dayMs;
  const retryAfterSeconds = Math.max(1, Math.ceil((freeAtMs - asOf.getTime()) / 1000));
  const message = `The plan can be changed ${changesADayMax} times a day.`;
  return new AppError('rate_limited', message, {
    details: { limit: changesADayMax },
    retryAfterSeconds,
  });
}

/**
 * Asks the provider for a change, writes what came of it, and says in the audit log who asked. May
 * be repeated with the same row.
 *
 * @param start what is asked where nothing is alive there; else that has ended meanwhile, by a first
 *   try or by itself
 */
export async function completeChange(
  deps: BillingDeps,
  ctx: Context,
  change: ChangeRow,
  start?: () => Promise<unknown>,
): Promise<void> {
  await askStripe(async () => {
    const { kept, live } = await findPresent(deps, ctx);
    if (live === null) await start?.();
    else await carryOut(deps, live, change);
    await syncOrganization(deps, ctx.organization.id);
    await finish(ctx, kept, change);
  });
}

async function finish(ctx: Context, kept: KeptPlan, change: ChangeRow): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const statement = finishChange(ctx.organization.id, change.id, ctx.clock.now());
    const [first] = await tx.query(statement);
    await dropWork(tx, ctx.organization.id, changeWork, change.id);
    if (first === undefined) return;
    const { plan_id, plan_version, interval, currency, kind, detail } = change;
    const refunds = (detail['refunds'] ?? []) as readonly Refund[];
    if (refunds.length > 0) {
      await recordBillingEvent(tx, ctx, {
        type: 'refund.created',
        summary: 'What was left of the paid time was paid back',
        data: {
          refund_minor: refunds.reduce((sum, { refund_minor }) => sum + refund_minor, 0),
          credit_minor: refunds.reduce((sum, { credit_minor }) => sum + credit_minor, 0),
          currency,
        },
      });
    }
    await appendAudit(tx, ctx, {
      action: `subscription.${actions[kind]}`,
      target: { kind: 'subscription', id: kept.id },
      before: {
        plan_id: kept.plan_id,
        plan_version: kept.plan_version,
        interval: kept.interval,
        status: kept.status,
      },
      after: { plan_id, plan_version, interval, ...detail },
    });
  });
}

const actions: Record<ChangeRow['kind'], string> = {
  now: 'change_requested',
  period_end: 'change_requested',
  undo: 'change_undone',
  cancel: 'cancel_requested',
  resume: 'resumed',
  end: 'ended',
  trial: 'trial_set',
};

/** The row of a change that keeps the plan as it is. */
export function rowOfPresent(
  id: string,
  kind: ChangeRow['kind'],
  kept: KeptPlan,
  detail: ChangeRow['detail'] = {},
): ChangeRow {
  const { plan_id, plan_version, interval, currency } = kept;
  return { id, kind, plan_id, plan_version, interval, currency, detail };
}

/** 409 for a workspace that pays nothing. */
export function requireLive(kept: KeptPlan, live: LiveSubscription | null): LiveSubscription {
  if (live !== null) return live;
  const message = `The workspace has no paid subscription; it is on the ${kept.plan_name} plan.`;
  throw new AppError('conflict', message);
}
