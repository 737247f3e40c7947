import { appendAudit } from '../audit/audit.ts';
import type { PlatformContext } from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import type { AdminUser, UpdateUser } from './user-schema.ts';
import {
  deleteSessionsOf,
  findAdminUser,
  listUsers,
  lockAdminUser,
  updateUser,
} from './users-sql.ts';

/** All users, newest first. @param search a part of the name or address, or an id */
export async function listAllUsers(
  ctx: PlatformContext,
  page: ListQuery,
  search: string | null,
): Promise<List<AdminUser>> {
  return toList(await ctx.db.query<AdminUser>(listUsers(page, search)), page.limit);
}

/** @throws AppError `not_found` */
export async function findOneUser(ctx: PlatformContext, id: string): Promise<AdminUser> {
  const [user] = await ctx.db.query<AdminUser>(findAdminUser(id));
  if (user === undefined) throw notFound('user');
  return user;
}

/**
 * Makes a user the super admin or takes that away, bans or lets in again. A banned user's sessions end
 * within a second, on all processes.
 *
 * @throws AppError `not_found`; `conflict` for who would lock out themselves
 */
export async function changeUser(
  ctx: PlatformContext,
  id: string,
  patch: UpdateUser,
): Promise<AdminUser> {
  return ctx.db.transaction(async (tx) => {
    const [before] = await tx.query<AdminUser>(lockAdminUser(id));
    if (before === undefined) throw notFound('user');
    if (ctx.actor.id === id) {
      throw new AppError('conflict', 'Another super admin has to change your own rights.');
    }
    await tx.query(updateUser(id, patch, ctx.clock.now()));
    if (patch.banned === true) await tx.query(deleteSessionsOf(id));
    const [after] = await tx.query<AdminUser>(findAdminUser(id));
    if (after === undefined) throw notFound('user');
    const facts = ({ is_super_admin, banned, ban_reason }: AdminUser) => ({
      is_super_admin,
      banned,
      ban_reason,
    });
    await appendAudit(tx, ctx, {
      action: 'user.updated',
      target: { kind: 'user', id },
      before: facts(before),
      after: facts(after),
    });
    return after;
  });
}
