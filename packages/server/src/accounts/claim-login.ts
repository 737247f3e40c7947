import { appendAudit } from '../audit/audit.ts';
import type { Actor, PlatformContext } from '../context.ts';
import { newId } from '../ids.ts';
import { hashPassword } from './password.ts';
import { deleteLinks, proveUser, upsertPassword } from './sql.ts';

/**
 * Gives the login of an address to who has just proved that it is theirs: somebody who signed up with
 * it and did not prove it is shut out, with the links that were mailed to them. Nothing happens where the address is proven, or new.
 */
export async function claimLogin(
  ctx: Omit<PlatformContext, 'actor'>,
  proven: { email: string; name: string; password: string },
): Promise<void> {
  const asOf = ctx.clock.now();
  const password = await hashPassword(proven.password);
  await ctx.db.transaction(async (tx) => {
    const statement = proveUser(proven.email.toLowerCase(), proven.name, asOf);
    const [user] = await tx.query<{ id: string }>(statement);
    if (user === undefined) return;
    await tx.query(upsertPassword(newId('acc', Date.now()), user.id, password, asOf));
    await tx.query(deleteLinks(user.id));
    const actor: Actor = { kind: 'member', id: user.id, role: null, impersonatedBy: null };
    await appendAudit(
      tx,
      { ...ctx, actor },
      {
        action: 'user.login_claimed',
        target: { kind: 'user', id: user.id },
        before: null,
        after: null,
      },
    );
  });
}
