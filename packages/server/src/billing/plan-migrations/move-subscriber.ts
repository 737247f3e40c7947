import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { announce } from '../../notifications/outbox.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { changeLimits } from '../../organizations/limits.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import type { DueWorkRow } from '../due-work/sql.ts';
import { planWork } from '../due-work/due-work.ts';
import { dateOf } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import { scheduleMigration } from '../subscription/carry-out.ts';
import {
  findPresent,
  isCancelling,
  type LiveSubscription,
  migrationMember,
  type Present,
  scheduleOf,
} from '../subscription/present.ts';
import { syncOrganization } from '../sync/sync.ts';
import { findOpenMove, type Move, updateMove, updatePlanVersion } from './sql.ts';

/** The kind of due work that sees a subscriber's move to a newer version through. */
export const migrationWork = 'plan_migration';

const graceMs = 3_600_000;

/**
 * Looks where a subscriber stands and does the next step of its move, or settles it. What a
 * workspace does meanwhile is respected: who cancels or goes to another plan is not moved, and who
 * takes that back is, at the end of the period after.
 */
export async function runMigrationWork(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  const ctx = systemContext(deps, work.organization_id);
  const [move] = await deps.db.query<Move>(findOpenMove(work.organization_id, work.reference));
  if (move === undefined) return;
  const present = await findPresent(deps, ctx);
  const { plan_id, plan_version } = present.kept;
  const isOver = plan_id !== move.plan_id || plan_version >= move.to_version;
  if (isOver) {
    const status = plan_id === move.plan_id ? 'moved' : 'skipped';
    await settle(ctx, move, status, new Date(move.move_at));
  } else if (present.live === null) await moveUnpaid(ctx, move);
  else await moveAtProvider(deps, ctx, move, present, present.live);
}

interface MovedRow {
  readonly id: string;
  readonly interval: 'month' | 'year';
  readonly status: string;
  readonly plan_name: string;
}

/** Nobody pays for it: it is moved here. */
async function moveUnpaid(ctx: Context, move: Move): Promise<void> {
  const moveAt = new Date(move.move_at);
  if (ctx.clock.now() < moveAt) return again(ctx, move, moveAt);
  const { id } = ctx.organization;
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const statement = updatePlanVersion(id, move, ctx.clock.now());
    const [row] = await changeLimits(tx, ctx, () => tx.query<MovedRow>(statement));
    await tx.query(settled(ctx, move, row === undefined ? 'skipped' : 'moved', moveAt));
    if (row === undefined) return;
    await announce(tx, ctx, {
      topic: 'subscription.changed',
      dedupeKey: `subscription.changed:${row.id}:plan_moved:${move.migration_id}`,
      payload: {
        change: 'plan_moved',
        plan_id: move.plan_id,
        plan_name: row.plan_name,
        previous_plan_id: null,
        interval: row.interval,
        status: row.status,
        effective_at: ctx.clock.now().toISOString(),
      },
    });
    const data = { plan_id: move.plan_id, to_version: move.to_version };
    await recordBillingEvent(tx, ctx, {
      type: 'subscription.plan_moved',
      summary: 'Moved to another version of the plan',
      data,
    });
    await appendAudit(tx, ctx, {
      action: 'subscription.plan_moved',
      target: { kind: 'subscription', id: row.id },
      before: null,
      after: data,
      reason: move.migration_id,
    });
  });
}

async function moveAtProvider(
  deps: BillingDeps,
  ctx: Context,
  move: Move,
  { kept }: Present,
  live: LiveSubscription,
): Promise<void> {
  const end = dateOf(itemOf(live).current_period_end);
  const after = new Date(end.getTime() + graceMs);
  const schedule = scheduleOf(live);
  const isOurs = schedule?.metadata?.[migrationMember] === move.migration_id;
  const isLeaving = isCancelling(live) || (schedule !== null && !isOurs);
  const isWaiting = live.pending_update !== null || !['active', 'trialing'].includes(live.status);
  // Not yet the period, or something else is under way: look again when this period is over.
  if (end < new Date(move.effective_at) || isLeaving || isWaiting) return again(ctx, move, after);
  if (!isOurs) {
    const { organization } = ctx;
    await scheduleMigration(
      deps,
      live,
      {
        id: `${move.migration_id} ${organization.id} ${end.getTime()}`,
        kind: 'period_end',
        plan_id: move.plan_id,
        plan_version: move.to_version,
        interval: kept.interval,
        currency: kept.currency,
        detail: {},
      },
      move.migration_id,
    );
    await syncOrganization(deps, organization.id);
  }
  await ctx.db.query(
    updateMove(
      ctx.organization.id,
      move.migration_id,
      { status: 'scheduled', moveAt: end },
      ctx.clock.now(),
    ),
  );
  await again(ctx, move, after);
}

async function again(ctx: Context, move: Move, dueAt: Date): Promise<void> {
  await planWork(ctx.db, {
    organizationId: ctx.organization.id,
    kind: migrationWork,
    reference: move.migration_id,
    dueAt,
  });
}

async function settle(
  ctx: Context,
  move: Move,
  status: 'moved' | 'skipped',
  moveAt: Date,
): Promise<void> {
  await ctx.db.query(settled(ctx, move, status, moveAt));
}

function settled(ctx: Context, move: Move, status: 'moved' | 'skipped', moveAt: Date) {
  const change = { status, moveAt };
  return updateMove(ctx.organization.id, move.migration_id, change, ctx.clock.now());
}
