import { appendAudit } from '../audit/audit.ts';
import type { Context, PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import type { Caller } from '../http/ports.ts';
import { newId } from '../ids.ts';
import { hashOfToken } from './invitations.ts';
import type { Invitation, Member, OpenInvitation } from './member-schema.ts';
import {
  deleteInvitation,
  findInvitationByToken,
  findUserOfMember,
  isMemberByEmail,
  findMember,
} from './members-sql.ts';
import { lockOrganization } from './organizations.ts';
import { insertMember } from './sql.ts';

type Invited = Invitation & { workspace_name: string };

/** What the link shows before anybody signs in. @throws AppError `not_found` */
export async function openInvitation(ctx: PlatformContext, token: string): Promise<OpenInvitation> {
  const { workspace_name, email, role, expires_at } = await findByToken(ctx.db, token);
  return { object: 'invitation', workspace_name, email, role, expires_at };
}

/** The address that a link was sent to: who holds it reads that address's mail. Null: no such link. */
export async function findInvitedEmail(db: Queryable, token: string): Promise<string | null> {
  const [invited] = await db.query<Invited>(findInvitationByToken(hashOfToken(token)));
  return invited?.email ?? null;
}

/**
 * Joins the workspace that a link is of. Accepted twice, by two tabs, it is joined once.
 *
 * @throws AppError `not_found` for a link that is unknown, taken back, used or too old; `forbidden`
 *   for another address than it was sent to
 */
export async function acceptInvitation(
  ctx: PlatformContext,
  caller: Caller,
  token: string,
): Promise<Member> {
  if (caller.kind !== 'member' || caller.impersonatedBy !== null) {
    throw new AppError('forbidden', 'Sign in as the person who was invited.');
  }
  const { workspace_id: organizationId } = await findByToken(ctx.db, token);
  const inside: Context = { ...ctx, organization: { id: organizationId } };
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, inside);
    const invited = await findByToken(tx, token);
    const [user] = await tx.query<{ email: string; email_verified: boolean }>(
      findUserOfMember(caller.userId),
    );
    if (user?.email_verified !== true || user.email.toLowerCase() !== invited.email) {
      const message = `This invitation is for ${invited.email}: sign in with that address.`;
      throw new AppError('forbidden', message, { details: { reason: 'other_address' } });
    }
    await tx.query(deleteInvitation(organizationId, invited.id));
    return join(tx, inside, caller.userId, invited);
  });
}

async function join(
  tx: Queryable,
  ctx: Context,
  userId: string,
  invited: Invited,
): Promise<Member> {
  const organizationId = ctx.organization.id;
  const asOf = ctx.clock.now();
  const id = newId('mem', asOf.getTime());
  await tx.query(insertMember({ organizationId, id, userId, role: invited.role }, asOf));
  const [there] = await tx.query<{ id: string }>(isMemberByEmail(organizationId, invited.email));
  const [member] = await tx.query<Member>(findMember(organizationId, there?.id ?? id));
  if (member === undefined) throw new Error(`${userId} did not become a member`);
  await appendAudit(tx, ctx, {
    action: 'invitation.accepted',
    target: { kind: 'invitation', id: invited.id },
    before: null,
    after: { member_id: member.id, user_id: userId, role: member.role },
  });
  return member;
}

async function findByToken(db: Queryable, token: string): Promise<Invited> {
  const [invited] = await db.query<Invited>(findInvitationByToken(hashOfToken(token)));
  if (invited === undefined)
    throw notFound('invitation, or it was used, taken back, or is too old');
  return invited;
}
