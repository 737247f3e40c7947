import type { PlatformContext } from '../context.ts';
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
  await createOwnWorkspace(ctx, { name: `${first.slice(0, 80)}'s workspace`, userId: user.id });
}
