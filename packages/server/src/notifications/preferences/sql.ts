import type { Role } from '../../http/role.ts';
import { sql, type Statement } from '../../db/sql.ts';

export interface MemberPreferencesRow {
  readonly member_id: string;
  readonly user_id: string;
  readonly email: string;
  readonly role: Role;
  /** Of each category that the member decided about. */
  readonly chosen: Readonly<Record<string, boolean>>;
}

/** By the member's id or the user's. */
export function findMemberPreferences(
  organizationId: string,
  member: { readonly id: string | null; readonly userId: string | null },
): Statement {
  return sql`SELECT m.id AS member_id, m.user_id, u.email, m.role,
      coalesce((SELECT jsonb_object_agg(p.category, p.enabled) FROM notification_preferences p
        WHERE p.organization_id = m.organization_id AND p.user_id = m.user_id), '{}') AS chosen
    FROM member m JOIN "user" u ON u.id = m.user_id
    WHERE m.organization_id = ${organizationId}
      AND (m.id = ${member.id}::text OR m.user_id = ${member.userId}::text)`;
}

export function upsertPreferences(
  organizationId: string,
  userId: string,
  chosen: Readonly<Record<string, boolean>>,
  asOf: Date,
): Statement {
  return sql`INSERT INTO notification_preferences AS p
      (organization_id, user_id, category, enabled, updated_at)
    SELECT ${organizationId}, ${userId}, c.key, c.value::boolean, ${asOf}::timestamptz
    FROM jsonb_each_text(${JSON.stringify(chosen)}::jsonb) c
    ON CONFLICT (organization_id, user_id, category) DO UPDATE
      SET enabled = excluded.enabled, updated_at = excluded.updated_at`;
}

/** What an unsubscribe page names; none where the person is no member any more. */
export function findUnsubscription(organizationId: string, userId: string): Statement {
  return sql`SELECT o.name AS workspace, u.email
    FROM member m JOIN organization o ON o.id = m.organization_id JOIN "user" u ON u.id = m.user_id
    WHERE m.organization_id = ${organizationId} AND m.user_id = ${userId}`;
}
