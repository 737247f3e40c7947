import type { PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import type { Role } from '../http/role.ts';
import { newId } from '../ids.ts';
import { appendCreation, insertWorkspace } from './organizations.ts';
import type { Workspace } from './schema.ts';
import { countOwned, insertMember, listMembershipsOfUser, lockUser } from './sql.ts';

/** More would be a way around the Free plan's limit, also where each is deleted after its use. */
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

export interface OwnWorkspaceInput {
  readonly name: string;
  readonly userId: string;
  /** The Free plan by default. */
  readonly planId?: string | undefined;
  /** False: however many the user has. */
  readonly counted?: boolean;
}

/**
 * Makes a workspace that belongs to a user.
 *
 * @throws AppError `conflict` for who has ten: owned now, or made within a month and given up since
 */
export async function createOwnWorkspace(
  ctx: PlatformContext,
  { name, userId, planId = 'plan_free', counted = true }: OwnWorkspaceInput,
): Promise<Workspace> {
  const asOf = ctx.clock.now();
  return ctx.db.transaction(async (tx) => {
    const [user] = await tx.query<{ email: string }>(lockUser(userId));
    if (user === undefined) throw new Error(`there is no user ${userId}`);
    if (counted) await requireRoom(tx, userId, asOf);
    const inside = await insertWorkspace(tx, ctx, { name, planId, billingEmail: user.email });
    const id = newId('mem', asOf.getTime());
    const organizationId = inside.organization.id;
    await tx.query(insertMember({ organizationId, id, userId, role: 'owner' }, asOf));
    return appendCreation(tx, inside, user.email);
  });
}

async function requireRoom(tx: Queryable, userId: string, asOf: Date): Promise<void> {
  const [row] = await tx.query<{ owned: number; all: number }>(countOwned(userId, asOf));
  const { owned, all } = row ?? { owned: 0, all: 0 };
  if (all < ownedMax) return;
  const givenUp = owned === all ? '' : ', with those that you made within a month and gave up';
  throw new AppError('conflict', `You have ${ownedMax} workspaces${givenUp}, which is the most.`);
}
