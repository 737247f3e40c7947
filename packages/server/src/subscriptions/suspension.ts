import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { announce } from '../notifications/outbox.ts';
import { recordBillingEvent } from '../organizations/billing-events.ts';
import { changeLimits } from '../organizations/limits.ts';
import { lockOrganization, requireOperator } from '../organizations/organizations.ts';
import { updateSuspension } from './sql.ts';

/**
 * Refuses new conversions of the workspace from now on; what runs is finished and counted, and
 * reading stays open.
 *
 * @throws AppError `not_found`; `conflict` when it is suspended already
 */
export async function suspend(ctx: Context, reason: string): Promise<void> {
  await changeSuspension(ctx, { at: ctx.clock.now(), reason });
}

/** Ends a suspension. @throws AppError `not_found`; `conflict` when there is none */
export async function reactivate(ctx: Context): Promise<void> {
  await changeSuspension(ctx, null);
}

async function changeSuspension(
  ctx: Context,
  suspension: { at: Date; reason: string } | null,
): Promise<void> {
  requireOperator(ctx);
  const { id } = ctx.organization;
  await ctx.db.transaction(async (tx) => {
    const { suspended } = await lockOrganization(tx, ctx);
    if (suspended === (suspension !== null)) {
      const state = suspended ? 'suspended already' : 'not suspended';
      throw new AppError('conflict', `The workspace is ${state}.`);
    }
    await changeLimits(tx, ctx, () => tx.query(updateSuspension(id, suspension)));
    await announceSuspension(tx, ctx, suspension);
    await recordBillingEvent(tx, ctx, {
      type: suspension === null ? 'workspace.reactivated' : 'workspace.suspended',
      summary:
        suspension === null
          ? 'Reactivated by the operator'
          : `Suspended by the operator: ${suspension.reason}`,
      data: { reason: suspension?.reason ?? null },
    });
    await appendAudit(tx, ctx, {
      action: suspension === null ? 'workspace.reactivated' : 'workspace.suspended',
      target: { kind: 'workspace', id },
      before: { suspended },
      after: { suspended: !suspended },
      reason: suspension?.reason,
    });
  });
}

async function announceSuspension(
  tx: Queryable,
  ctx: Context,
  suspension: { reason: string } | null,
): Promise<void> {
  const status = `${ctx.organization.id}:${ctx.clock.now().toISOString()}`;
  if (suspension === null) {
    const topic = 'workspace.reactivated';
    await announce(tx, ctx, { topic, dedupeKey: `${topic}:${status}`, payload: {} });
  } else {
    const topic = 'workspace.suspended';
    const payload = { reason: suspension.reason };
    await announce(tx, ctx, { topic, dedupeKey: `${topic}:${status}`, payload });
  }
}
