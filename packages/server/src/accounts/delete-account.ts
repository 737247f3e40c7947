import { appendAudit } from '../audit/audit.ts';
import type { Context, PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import type { MemberCaller } from '../http/ports.ts';
import { giveUpBillingAddress } from '../organizations/give-up-billing-address.ts';
import { leaveWorkspace } from '../organizations/members.ts';
import { listMemberships } from '../organizations/own-workspaces.ts';
import { requireFreshSession } from './fresh-session.ts';
import { requireSelf } from './me.ts';
import { deleteUserRows } from './sql.ts';

/**
 * Deletes the user who asks: login, sessions, memberships, mails to them, invitations of them, their
 * address on the bills of the workspaces that they are in. What
 * they did stays in the audit logs under an id that names nobody any more; a worker takes their
 * addresses out of what is kept (data-rights/erase-addresses.ts).
 *
 * @throws AppError `conflict` for the last owner of a workspace, which is deleted or handed on first;
 *   `forbidden` for a session that is older than ten minutes, or acts as somebody else
 */
export async function deleteAccount(ctx: PlatformContext, caller: MemberCaller): Promise<null> {
  requireSelf(caller);
  const { userId } = caller;
  return ctx.db.transaction(async (tx) => {
    await requireFreshSession(tx, caller.sessionId);
    await leaveAll(tx, ctx, userId);
    await tx.query(deleteUserRows(userId, ctx.clock.now()));
    await appendAudit(tx, ctx, {
      action: 'user.deleted',
      target: { kind: 'user', id: userId },
      before: null,
      after: null,
    });
    return null;
  });
}

/** In the order of the workspaces' ids, as everybody locks them. */
async function leaveAll(tx: Queryable, ctx: PlatformContext, userId: string): Promise<void> {
  const memberships = await listMemberships(ctx, userId);
  for (const { id, member_id: memberId } of memberships.toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  )) {
    const inside: Context = { ...ctx, organization: { id } };
    await leaveWorkspace(tx, inside, memberId);
    await giveUpBillingAddress(tx, inside, userId);
  }
}
