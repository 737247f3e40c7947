import type { Actor } from '../context.ts';
import { type LoginContext, takeLogin } from './claim-login.ts';
import { invalidLink, readLink, useLink } from './mail-links.ts';
import { ensureOwnWorkspace } from './own-workspace.ts';
import { hashPassword } from './password.ts';
import { lockLinksOf, proveUserById } from './sql.ts';

/**
 * Proves an address by its link in a browser that did not give the password (sign-up-mark.ts): who
 * reads the mail chooses one, and the one that was chosen at sign-up is worth nothing.
 *
 * @returns the address
 * @throws AppError `unauthenticated` with `reason`, as for the link itself
 */
export async function confirmAddress(
  ctx: LoginContext & { readonly secret: string },
  { token, newPassword }: { readonly token: string; readonly newPassword: string },
): Promise<string> {
  const link = readLink(ctx.secret, token);
  if (link.purpose !== 'proof') throw invalidLink();
  const password = await hashPassword(newPassword);
  const user = await ctx.db.transaction(async (tx) => {
    // In the order of who sends another link.
    await tx.query(lockLinksOf(link.userId));
    await useLink(tx, link);
    const statement = proveUserById(link.userId, ctx.clock.now());
    const [proven] = await tx.query<{ id: string; email: string; name: string }>(statement);
    if (proven === undefined) throw invalidLink();
    await takeLogin(tx, ctx, proven.id, password);
    return proven;
  });
  const actor: Actor = { kind: 'member', id: user.id, role: null, impersonatedBy: null };
  await ensureOwnWorkspace({ ...ctx, actor }, user);
  return user.email;
}
