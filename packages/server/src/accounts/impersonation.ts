import { appendAudit } from '../audit/audit.ts';
import type { PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { deleteImpersonations } from './sql.ts';

/**
 * Writes into the platform's chain that a super admin begins or ends to act as a user.
 *
 * @param ctx its actor is the super admin
 * @param until when it ends by itself
 */
export async function auditImpersonation(
  ctx: PlatformContext,
  what: 'started' | 'ended',
  userId: string,
  until: unknown,
): Promise<void> {
  await ctx.db.transaction((tx) =>
    appendAudit(tx, ctx, {
      action: `impersonation.${what}`,
      target: { kind: 'user', id: userId },
      before: null,
      after: what === 'started' ? { until } : null,
    }),
  );
}

/** Ends every session in which a super admin acts as a user, with an entry each. */
export async function endImpersonations(
  tx: Queryable,
  ctx: PlatformContext,
  superAdminId: string,
): Promise<void> {
  const ended = await tx.query<{ user_id: string }>(deleteImpersonations(superAdminId));
  for (const { user_id: id } of ended) {
    await appendAudit(tx, ctx, {
      action: 'impersonation.ended',
      target: { kind: 'user', id },
      before: null,
      after: null,
    });
  }
}
