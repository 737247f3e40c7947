import { appendAudit } from '../audit/audit.ts';
import { type Context, isOperator } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import { type Role, roles } from '../http/role.ts';
import { requireGrant } from './grants.ts';
import type { Invitation, Member } from './member-schema.ts';
import {
  countOwners,
  deleteInvitationsOf,
  deleteMember,
  findMember,
  listMembersOfOrganization,
  updateMemberRole,
} from './members-sql.ts';
import { lockOrganization } from './organizations.ts';

/** The workspace's members, newest first. */
export async function listMembers(ctx: Context, page: ListQuery): Promise<List<Member>> {
  const statement = listMembersOfOrganization(ctx.organization.id, page);
  return toList(await ctx.db.query<Member>(statement), page.limit);
}

/**
 * Gives a member another role; it holds within a second.
 *
 * @throws AppError `not_found`; `forbidden`; `conflict` for the last owner
 */
export async function changeRole(ctx: Context, id: string, role: Role): Promise<Member> {
  return ctx.db.transaction(async (tx) => {
    const before = await lockMember(tx, ctx, id);
    requireGrant(ctx, before.role, role);
    if (before.role === role) return before;
    if (before.role === 'owner') await requireAnotherOwner(tx, ctx);
    await tx.query(updateMemberRole(ctx.organization.id, id, role));
    await revokeInvitationsOf(tx, ctx, before.user_id, rolesBeyond(role));
    await appendAudit(tx, ctx, {
      action: 'member.role_changed',
      target: { kind: 'member', id },
      before: { user_id: before.user_id, role: before.role },
      after: { user_id: before.user_id, role },
    });
    return { ...before, role };
  });
}

/**
 * Takes somebody out of the workspace, or lets a member leave. What they made stays, API keys too:
 * keys belong to the workspace, and programs must not stop because a person went.
 *
 * @throws AppError `not_found`; `forbidden`; `conflict` for the last owner
 */
export async function removeMember(
  ctx: Context,
  id: string,
): Promise<{ id: string; object: 'member'; deleted: true }> {
  await ctx.db.transaction(async (tx) => {
    const member = await lockMember(tx, ctx, id);
    requireRemoval(ctx, member);
    await takeOut(tx, ctx, member);
  });
  return { id, object: 'member', deleted: true };
}

/**
 * The same for a member who deletes their account, in the transaction of that.
 *
 * @throws AppError `conflict` for the last owner
 */
export async function leaveWorkspace(tx: Queryable, ctx: Context, id: string): Promise<void> {
  await takeOut(tx, ctx, await lockMember(tx, ctx, id));
}

async function takeOut(tx: Queryable, ctx: Context, member: Member): Promise<void> {
  if (member.role === 'owner') await requireAnotherOwner(tx, ctx);
  await tx.query(deleteMember(ctx.organization.id, member.id));
  await revokeInvitationsOf(tx, ctx, member.user_id, roles);
  await appendAudit(tx, ctx, {
    action: 'member.removed',
    target: { kind: 'member', id: member.id },
    before: { user_id: member.user_id, role: member.role },
    after: null,
  });
}

/** Or they would come back, or up again, by an invitation of their own. */
async function revokeInvitationsOf(
  tx: Queryable,
  ctx: Context,
  userId: string,
  of: readonly Role[],
): Promise<void> {
  const revoked = await tx.query<Invitation>(deleteInvitationsOf(ctx.organization.id, userId, of));
  for (const before of revoked) {
    await appendAudit(tx, ctx, {
      action: 'invitation.revoked',
      target: { kind: 'invitation', id: before.id },
      before,
      after: null,
    });
  }
}

/** What a member of this role may invite nobody as. */
function rolesBeyond(role: Role): readonly Role[] {
  if (role === 'owner') return [];
  return role === 'admin' ? ['owner'] : roles;
}

function requireRemoval(ctx: Context, member: Member): void {
  const { actor } = ctx;
  if (actor.kind === 'member' && !isOperator(actor)) {
    if (actor.id === member.user_id) return;
    if (actor.role !== 'owner' && actor.role !== 'admin') {
      throw new AppError('forbidden', 'You may take out yourself only.', {
        details: { required_roles: ['owner', 'admin'] },
      });
    }
  }
  requireGrant(ctx, member.role);
}

/** Changes of members wait for each other, so of two last owners one stays. */
async function lockMember(tx: Queryable, ctx: Context, id: string): Promise<Member> {
  await lockOrganization(tx, ctx);
  const [member] = await tx.query<Member>(findMember(ctx.organization.id, id));
  if (member === undefined) throw notFound('member');
  return member;
}

async function requireAnotherOwner(tx: Queryable, ctx: Context): Promise<void> {
  const [owners] = await tx.query<{ count: number }>(countOwners(ctx.organization.id));
  if ((owners?.count ?? 0) > 1) return;
  throw new AppError(
    'conflict',
    'This is the last owner. Make another member the owner first, or delete the workspace.',
  );
}
