import type { Actor, PlatformContext } from '../context.ts';
import { AppError } from '../errors.ts';
import { createOwnWorkspace, listMemberships } from '../organizations/own-workspaces.ts';

/**
 * Gives a person who has just proved their address a workspace of their own, on the Free plan, unless
 * they are in one already, as somebody who was invited is.
 */
export async function ensureOwnWorkspace(
  ctx: PlatformContext,
  user: { readonly id: string; readonly name: string },
): Promise<void> {
  if ((await listMemberships(ctx, user.id)).length > 0) return;
  const [first = 'My'] = user.name.split(/\s/);
  const name = `${first.slice(0, 80)}'s workspace`;
  const actor: Actor = { kind: 'member', id: user.id, role: null, impersonatedBy: null };
  try {
    await createOwnWorkspace({ ...ctx, actor }, { name, userId: user.id });
  } catch (error) {
    // Who has made and deleted ten of them reads their mail all the same.
    if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
  }
}
