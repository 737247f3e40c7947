import { appendAudit } from '../audit/audit.ts';
import type { Actor, PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { hashPassword } from './password.ts';
import { deleteLinks, proveUser, upsertPassword } from './sql.ts';

/** An act upon a login by who is not signed in to it yet. */
export type LoginContext = Omit<PlatformContext, 'actor'>;

/**
 * Gives the login of an address to who has just proved by an invitation that it is theirs. Nothing
 * happens where the address is proven, or new.
 */
export async function claimLogin(
  ctx: LoginContext,
  proven: { email: string; name: string; password: string },
): Promise<void> {
  const password = await hashPassword(proven.password);
  await ctx.db.transaction(async (tx) => {
    const statement = proveUser(proven.email.toLowerCase(), proven.name, ctx.clock.now());
    const [user] = await tx.query<{ id: string }>(statement);
    if (user !== undefined) await takeLogin(tx, ctx, user.id, password);
  });
}

/**
 * Sets the password of who has just proved the address: somebody who signed up with it and did not
 * prove it is shut out, with the links that were mailed to them.
 *
 * @param password its hash
 */
export async function takeLogin(
  tx: Queryable,
  ctx: LoginContext,
  userId: string,
  password: string,
): Promise<void> {
  await tx.query(upsertPassword(newId('acc', Date.now()), userId, password, ctx.clock.now()));
  await tx.query(deleteLinks(userId));
  const actor: Actor = { kind: 'member', id: userId, role: null, impersonatedBy: null };
  const target = { kind: 'user', id: userId };
  const action = 'user.login_claimed';
  await appendAudit(tx, { ...ctx, actor }, { action, target, before: null, after: null });
}
