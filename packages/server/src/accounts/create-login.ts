import type { PlatformContext } from '../context.ts';
import { newId } from '../ids.ts';
import { addOwner } from '../organizations/organizations.ts';
import { hashPassword } from './password.ts';
import { makeSuperAdmin, upsertPassword } from './sql.ts';

/**
 * Makes the owner of a workspace who is the super admin too, with this password, as a new user where
 * there is none with this address. Done again, it sets the password anew.
 */
export async function createOperatorLogin(
  ctx: PlatformContext,
  login: { email: string; password: string; workspaceId: string },
): Promise<void> {
  const asOf = ctx.clock.now();
  const password = await hashPassword(login.password);
  const inside = { ...ctx, organization: { id: login.workspaceId } };
  await ctx.db.transaction(async (tx) => {
    const userId = await addOwner(tx, inside, login.email);
    await tx.query(makeSuperAdmin(userId, asOf));
    await tx.query(upsertPassword(newId('acc', asOf.getTime()), userId, password, asOf));
  });
}
