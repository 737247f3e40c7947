import { appendAudit } from '../audit/audit.ts';
import type { PlatformContext } from '../context.ts';

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
