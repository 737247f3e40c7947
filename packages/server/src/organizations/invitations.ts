import { hash, randomBytes } from 'node:crypto';
import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import { newId } from '../ids.ts';
import { announce } from '../notifications/outbox.ts';
import { requireGrant } from './grants.ts';
import type { CreateInvitation, Invitation } from './member-schema.ts';
import {
  countInvitations,
  deleteInvitation,
  findInvitation,
  findUserOfMember,
  insertInvitation,
  isMemberByEmail,
  listInvitationsOfOrganization,
  renewInvitation,
} from './members-sql.ts';
import { lockOrganization } from './organizations.ts';
import { forgetUnprovenLogin } from './sql.ts';

/** More would be a mailing list. */
const pendingMax = 100;

export interface InvitationDeps {
  /** Without a slash at its end. */
  readonly publicUrl: () => string;
}

/** SHA-256: all that is kept of a link's token. */
export function hashOfToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/**
 * Asks somebody to join. The link goes by mail alone, is good for seven days, and only for a user
 * with that address.
 *
 * @throws AppError `forbidden`; `conflict` for a member, for who was asked already, and past 100
 */
export async function createInvitation(
  deps: InvitationDeps,
  ctx: Context,
  input: CreateInvitation,
): Promise<Invitation> {
  requireGrant(ctx, input.role);
  const email = input.email.toLowerCase();
  const organizationId = ctx.organization.id;
  const token = randomBytes(32).toString('base64url');
  return ctx.db.transaction(async (tx) => {
    const workspace = await lockOrganization(tx, ctx);
    if ((await tx.query(isMemberByEmail(organizationId, email))).length > 0) {
      throw new AppError('conflict', `${email} is a member already.`);
    }
    const [open] = await tx.query<{ count: number }>(countInvitations(organizationId));
    if ((open?.count ?? 0) >= pendingMax) {
      throw new AppError('conflict', `At most ${pendingMax} invitations may be open at once.`);
    }
    const { kind, id } = ctx.actor;
    const [made] = await tx.query<Invitation>(
      insertInvitation({
        organizationId,
        id: newId('ivt', Date.now()),
        email,
        role: input.role,
        tokenHash: hashOfToken(token),
        invitedBy: { kind, id },
      }),
    );
    if (made === undefined) {
      throw new AppError('conflict', `${email} was invited already: resend that invitation.`);
    }
    await tx.query(forgetUnprovenLogin(email));
    await tell(tx, ctx, deps, { invitation: made, token, workspaceName: workspace.name });
    await audit(tx, ctx, 'created', made.id, null, made);
    return made;
  });
}

async function tell(
  tx: Queryable,
  ctx: Context,
  deps: InvitationDeps,
  mail: { invitation: Invitation; token: string; workspaceName: string },
): Promise<void> {
  const { invitation, token, workspaceName } = mail;
  const by =
    ctx.actor.kind === 'member'
      ? (await tx.query<{ name: string }>(findUserOfMember(ctx.actor.id)))[0]?.name
      : undefined;
  await announce(tx, ctx, {
    topic: 'auth.invitation',
    dedupeKey: `auth.invitation:${invitation.id}:${invitation.sent_at}`,
    payload: {
      recipient_email: invitation.email,
      url: `${deps.publicUrl()}/invitations/${token}`,
      name: null,
      expires_at: invitation.expires_at,
      workspace_name: workspaceName,
      role: invitation.role,
      ...(by === undefined ? {} : { invited_by: by }),
    },
  });
}

/** The invitations that were not accepted, newest first. */
export async function listInvitations(ctx: Context, page: ListQuery): Promise<List<Invitation>> {
  const statement = listInvitationsOfOrganization(ctx.organization.id, page);
  return toList(await ctx.db.query<Invitation>(statement), page.limit);
}

/**
 * Sends another link, good for seven days from now; the one before is worth nothing any more.
 *
 * @throws AppError `not_found`; `forbidden`; `conflict` within a minute of the last one
 */
export async function resendInvitation(
  deps: InvitationDeps,
  ctx: Context,
  id: string,
): Promise<Invitation> {
  const token = randomBytes(32).toString('base64url');
  return ctx.db.transaction(async (tx) => {
    const workspace = await lockOrganization(tx, ctx);
    const before = await findOne(tx, ctx, id);
    requireGrant(ctx, before.role);
    const [made] = await tx.query<Invitation>(
      renewInvitation(ctx.organization.id, id, hashOfToken(token)),
    );
    if (made === undefined) {
      throw new AppError('conflict', 'The last mail went out less than a minute ago.');
    }
    // Whoever signed up with the address since the first mail.
    await tx.query(forgetUnprovenLogin(made.email));
    await tell(tx, ctx, deps, { invitation: made, token, workspaceName: workspace.name });
    await audit(tx, ctx, 'resent', id, null, { expires_at: made.expires_at });
    return made;
  });
}

/** Takes an invitation back. @throws AppError `not_found`; `forbidden` */
export async function revokeInvitation(
  ctx: Context,
  id: string,
): Promise<{ id: string; object: 'invitation'; deleted: true }> {
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const before = await findOne(tx, ctx, id);
    requireGrant(ctx, before.role);
    await tx.query(deleteInvitation(ctx.organization.id, id));
    await audit(tx, ctx, 'revoked', id, before, null);
  });
  return { id, object: 'invitation', deleted: true };
}

async function findOne(tx: Queryable, ctx: Context, id: string) {
  const [invitation] = await tx.query<Invitation>(findInvitation(ctx.organization.id, id));
  if (invitation === undefined) throw notFound('invitation');
  return invitation;
}

async function audit(
  tx: Queryable,
  ctx: Context,
  what: 'created' | 'resent' | 'revoked',
  id: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  const target = { kind: 'invitation', id };
  await appendAudit(tx, ctx, { action: `invitation.${what}`, target, before, after });
}
