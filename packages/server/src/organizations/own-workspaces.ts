import type { PlatformContext } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Role } from '../http/role.ts';
import { newId } from '../ids.ts';
import { appendCreation, insertWorkspace } from './organizations.ts';
import type { Workspace } from './schema.ts';
import { countOwned, insertMember, listMembershipsOfUser, lockUser } from './sql.ts';

/** More would be a way around the Free plan's limit. */
const ownedMax = 10;

/** A workspace as one of its members sees it in a list. */
export interface OwnWorkspace {
  id: string;
  object: 'workspace';
  name: string;
  plan_id: string;
  suspended: boolean;
  role: Role;
  member_id: string;
}

/** Where a user is a member, oldest membership first. */
export async function listMemberships(
  ctx: PlatformContext,
  userId: string,
): Promise<OwnWorkspace[]> {
  return ctx.db.query<OwnWorkspace>(listMembershipsOfUser(userId));
}

/**
 * Makes a workspace on the Free plan that belongs to a user.
 *
 * @throws AppError `conflict` for who owns ten already
 */
export async function createOwnWorkspace(
  ctx: PlatformContext,
  { name, userId }: { name: string; userId: string },
): Promise<Workspace> {
  const asOf = ctx.clock.now();
  return ctx.db.transaction(async (tx) => {
    const [user] = await tx.query<{ email: string }>(lockUser(userId));
    const [owned] = await tx.query<{ count: number }>(countOwned(userId));
    if (user === undefined) throw new Error(`there is no user ${userId}`);
    if ((owned?.count ?? 0) >= ownedMax) {
      throw new AppError('conflict', `You own ${ownedMax} workspaces already, which is the most.`);
    }
    const inside = await insertWorkspace(tx, ctx, {
      name,
      planId: 'plan_free',
      billingEmail: user.email,
    });
    const id = newId('mem', asOf.getTime());
    const organizationId = inside.organization.id;
    await tx.query(insertMember({ organizationId, id, userId, role: 'owner' }, asOf));
    return appendCreation(tx, inside, user.email);
  });
}
