import type { PlatformContext } from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import type { Caller, MemberCaller } from '../http/ports.ts';
import { listMemberships } from '../organizations/own-workspaces.ts';
import { endImpersonations } from './impersonation.ts';
import type { LoginSession, Me } from './schema.ts';
import { deleteOtherSessions, deleteSession, findUser, listSessions } from './sql.ts';

/** @throws AppError `forbidden` for a key: it is nobody's login */
export function requireMember(caller: Caller): MemberCaller {
  if (caller.kind === 'member') return caller;
  throw new AppError('forbidden', 'This is for people who are signed in, not for API keys.');
}

/** Who is signed in, and where they are a member. */
export async function describeMe(ctx: PlatformContext, caller: MemberCaller): Promise<Me> {
  const [[user], workspaces] = await Promise.all([
    ctx.db.query<Me['user']>(findUser(caller.userId)),
    listMemberships(ctx, caller.userId),
  ]);
  // For up to a second a session outlives an account that was deleted.
  if (user === undefined) throw new AppError('unauthenticated', 'This account was deleted.');
  return {
    object: 'me',
    user,
    session_id: caller.sessionId,
    workspaces,
    is_super_admin: caller.superAdmin === 'yes',
    second_factor_missing: caller.superAdmin === 'second_factor_missing',
    impersonated_by: caller.impersonatedBy,
  };
}

/** The user's sessions that live, newest first. */
export async function listOwnSessions(
  ctx: PlatformContext,
  caller: MemberCaller,
): Promise<{ object: 'list'; data: LoginSession[] }> {
  const statement = listSessions(caller.userId, caller.sessionId);
  return { object: 'list', data: await ctx.db.query<LoginSession>(statement) };
}

/**
 * Ends one of the user's sessions; every server refuses it within a second.
 *
 * @throws AppError `not_found`, `forbidden` for who acts as the user
 */
export async function endSession(
  ctx: PlatformContext,
  caller: MemberCaller,
  id: string,
): Promise<{ id: string; object: 'session'; deleted: true }> {
  requireSelf(caller);
  const ended = await ctx.db.query(deleteSession(caller.userId, id));
  if (ended.length === 0) throw notFound('session');
  return { id, object: 'session', deleted: true };
}

/** Ends all of the user's sessions but this one, those too in which they act as somebody else. */
export async function endOtherSessions(ctx: PlatformContext, caller: MemberCaller): Promise<null> {
  requireSelf(caller);
  await ctx.db.transaction(async (tx) => {
    await tx.query(deleteOtherSessions(caller.userId, caller.sessionId));
    await endImpersonations(tx, ctx, caller.userId);
  });
  return null;
}

/** @throws AppError `forbidden` for a super admin who acts as the user */
export function requireSelf({ impersonatedBy }: MemberCaller): void {
  if (impersonatedBy === null) return;
  throw new AppError('forbidden', 'Not while you act as somebody else: their login is theirs.');
}
