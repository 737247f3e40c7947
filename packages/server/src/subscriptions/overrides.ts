import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { invalidRequest } from '../http/validation.ts';
import { newId } from '../ids.ts';
import { recordBillingEvent } from '../organizations/billing-events.ts';
import { changeLimits } from '../organizations/limits.ts';
import { lockOrganization, requireOperator } from '../organizations/organizations.ts';
import type { Overrides, SetOverridesInput } from './schema.ts';
import { deleteOverrides, findOverridesOfOrganization, updateOverrides } from './sql.ts';

/** The overrides in effect, null where there are none. */
async function findOverrides(db: Queryable, ctx: Context): Promise<Overrides | null> {
  const statement = findOverridesOfOrganization(ctx.organization.id, ctx.clock.now());
  const [row] = await db.query<{ overrides: Overrides | null }>(statement);
  return row?.overrides ?? null;
}

/**
 * Replaces the whole set of a super admin's exceptions; a member that is absent or null is the
 * plan's again. They hold at once, for the current usage period, under a new override id.
 *
 * @throws AppError `not_found`; `invalid_request` for a time that is past
 */
export async function setOverrides(ctx: Context, input: SetOverridesInput): Promise<Overrides> {
  requireOperator(ctx);
  const asOf = ctx.clock.now();
  const expiresAt = typeof input.expires_at === 'string' ? new Date(input.expires_at) : null;
  if (expiresAt !== null && expiresAt <= asOf) {
    throw invalidRequest([{ pointer: '/body/expires_at', detail: 'must be in the future' }]);
  }
  const row = {
    organizationId: ctx.organization.id,
    id: newId('ovr', asOf.getTime()),
    author: { kind: ctx.actor.kind, id: ctx.actor.id },
    values: input,
    expiresAt,
  };
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const before = await findOverrides(tx, ctx);
    await changeLimits(tx, ctx, () => tx.query(updateOverrides(row, asOf)));
    const after = await findOverrides(tx, ctx);
    if (after === null) throw new Error('the overrides just set are not in effect');
    await record(tx, ctx, { before, after, reason: input.reason });
    return after;
  });
}

/** Gives the workspace its plan's limits back. @throws AppError `not_found` */
export async function clearOverrides(ctx: Context): Promise<void> {
  requireOperator(ctx);
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const before = await findOverrides(tx, ctx);
    const statement = deleteOverrides(ctx.organization.id, ctx.clock.now());
    await changeLimits(tx, ctx, () => tx.query(statement));
    if (before !== null) await record(tx, ctx, { before, after: null });
  });
}

async function record(
  tx: Queryable,
  ctx: Context,
  change: { before: Overrides | null; after: Overrides | null; reason?: string },
): Promise<void> {
  const { before, after } = change;
  const isSet = after !== null;
  await recordBillingEvent(tx, ctx, {
    type: isSet ? 'overrides.set' : 'overrides.cleared',
    summary: isSet ? `Limits set by the operator: ${after.reason}` : "The plan's limits hold again",
    data: { before, after },
  });
  await appendAudit(tx, ctx, {
    action: isSet ? 'overrides.set' : 'overrides.cleared',
    target: { kind: 'workspace', id: ctx.organization.id },
    ...change,
  });
}
