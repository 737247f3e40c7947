import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';
import type { UpdateUser } from './user-schema.ts';

/** A row is the wire's `user` of the super admin. */
const columns = sql`u.id, 'user' AS object, u.name, u.email, u.email_verified, u.two_factor_enabled,
  u.role IS NOT DISTINCT FROM 'admin' AS is_super_admin,
  u.banned AND coalesce(u.ban_expires > clock_timestamp(), true) AS banned, u.ban_reason,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name, 'role', m.role)
     ORDER BY m.id), '[]')
   FROM member m JOIN organization o ON o.id = m.organization_id
   WHERE m.user_id = u.id) AS workspaces, u.created_at`;

/** Newest first; one more than asked for. */
export function listUsers(page: ListQuery, search: string | null): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${columns} FROM "user" u
    WHERE (${after}::text IS NULL OR u.id < ${after})
      AND (${search}::text IS NULL OR u.id = ${search}
           OR strpos(lower(u.name), lower(${search})) > 0 OR strpos(u.email, lower(${search})) > 0)
    ORDER BY u.id DESC LIMIT ${page.limit + 1}`;
}

export function findAdminUser(id: string): Statement {
  return sql`SELECT ${columns} FROM "user" u WHERE u.id = ${id}`;
}

export function lockAdminUser(id: string): Statement {
  return sql`SELECT ${columns} FROM "user" u WHERE u.id = ${id} FOR NO KEY UPDATE OF u`;
}

/** What is undefined stays as it is. */
export function updateUser(id: string, patch: UpdateUser, asOf: Date): Statement {
  const { is_super_admin: isSuperAdmin = null, banned = null, ban_reason: reason = null } = patch;
  return sql`UPDATE "user" u SET
      role = CASE ${isSuperAdmin}::boolean WHEN true THEN 'admin' WHEN false THEN 'user'
                  ELSE u.role END,
      banned = coalesce(${banned}::boolean, u.banned),
      ban_reason = CASE WHEN coalesce(${banned}::boolean, u.banned)
                        THEN coalesce(${reason}::text, u.ban_reason) END,
      ban_expires = CASE WHEN ${banned}::boolean IS NULL THEN u.ban_expires END,
      updated_at = ${asOf}
    WHERE u.id = ${id}`;
}

/** Those that act as the user included. */
export function deleteSessionsOf(userId: string): Statement {
  return sql`DELETE FROM session WHERE user_id = ${userId} OR impersonated_by = ${userId}`;
}
