import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';
import type { Role } from '../http/role.ts';

/** A row is the wire's `member`. */
const memberColumns = sql`m.id, 'member' AS object, m.organization_id AS workspace_id, m.user_id,
  u.name, u.email, m.role, m.created_at`;

/** Newest first; one more than asked for. */
export function listMembersOfOrganization(organizationId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${memberColumns} FROM member m JOIN "user" u ON u.id = m.user_id
    WHERE m.organization_id = ${organizationId} AND (${after}::text IS NULL OR m.id < ${after})
    ORDER BY m.id DESC LIMIT ${page.limit + 1}`;
}

export function findMember(organizationId: string, id: string): Statement {
  return sql`SELECT ${memberColumns} FROM member m JOIN "user" u ON u.id = m.user_id
    WHERE m.organization_id = ${organizationId} AND m.id = ${id}`;
}

export function countOwners(organizationId: string): Statement {
  return sql`SELECT count(*) FROM member WHERE organization_id = ${organizationId}
    AND role = 'owner'`;
}

export function updateMemberRole(organizationId: string, id: string, role: Role): Statement {
  return sql`UPDATE member SET role = ${role}
    WHERE organization_id = ${organizationId} AND id = ${id}`;
}

export function deleteMember(organizationId: string, id: string): Statement {
  return sql`DELETE FROM member WHERE organization_id = ${organizationId} AND id = ${id}`;
}

/** A row is the wire's `invitation`. */
const invitationColumns = sql`i.id, 'invitation' AS object, i.organization_id AS workspace_id,
  i.email, i.role, CASE WHEN i.expires_at > clock_timestamp() THEN 'pending' ELSE 'expired' END
    AS status, i.invited_by, i.created_at, i.sent_at, i.expires_at`;

export interface NewInvitation {
  readonly organizationId: string;
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly tokenHash: Buffer;
  readonly invitedBy: { readonly kind: string; readonly id: string };
}

const lifetime = sql`clock_timestamp() + interval '7 days'`;

/** No row where this address was invited already. */
export function insertInvitation(row: NewInvitation): Statement {
  return sql`INSERT INTO invitation AS i (organization_id, id, email, role, token_hash, invited_by,
      created_at, sent_at, expires_at)
    VALUES (${row.organizationId}, ${row.id}, ${row.email}, ${row.role}, ${row.tokenHash},
      ${JSON.stringify(row.invitedBy)}::jsonb, clock_timestamp(), clock_timestamp(), ${lifetime})
    ON CONFLICT (organization_id, email) DO NOTHING RETURNING ${invitationColumns}`;
}

/** Another link; the one before is worth nothing. No row where the last is younger than a minute. */
export function renewInvitation(organizationId: string, id: string, tokenHash: Buffer): Statement {
  return sql`UPDATE invitation i SET token_hash = ${tokenHash}, sent_at = clock_timestamp(),
      expires_at = ${lifetime}
    WHERE i.organization_id = ${organizationId} AND i.id = ${id}
      AND i.sent_at < clock_timestamp() - interval '1 minute'
    RETURNING ${invitationColumns}`;
}

export function findInvitation(organizationId: string, id: string): Statement {
  return sql`SELECT ${invitationColumns} FROM invitation i
    WHERE i.organization_id = ${organizationId} AND i.id = ${id}`;
}

export function listInvitationsOfOrganization(organizationId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${invitationColumns} FROM invitation i
    WHERE i.organization_id = ${organizationId} AND (${after}::text IS NULL OR i.id < ${after})
    ORDER BY i.id DESC LIMIT ${page.limit + 1}`;
}

export function deleteInvitation(organizationId: string, id: string): Statement {
  return sql`DELETE FROM invitation i WHERE i.organization_id = ${organizationId} AND i.id = ${id}
    RETURNING ${invitationColumns}`;
}

/** Those that a person sent, for one of these roles. */
export function deleteInvitationsOf(
  organizationId: string,
  inviterId: string,
  roles: readonly Role[],
): Statement {
  return sql`DELETE FROM invitation i WHERE i.organization_id = ${organizationId}
      AND i.invited_by ->> 'id' = ${inviterId} AND i.role = ANY (${roles}::text[])
    RETURNING ${invitationColumns}`;
}

export function countInvitations(organizationId: string): Statement {
  return sql`SELECT count(*) FROM invitation WHERE organization_id = ${organizationId}`;
}

/** Of a link that is still good. */
export function findInvitationByToken(tokenHash: Buffer): Statement {
  return sql`SELECT ${invitationColumns}, o.name AS workspace_name
    FROM invitation i JOIN organization o ON o.id = i.organization_id
    WHERE i.token_hash = ${tokenHash} AND i.expires_at > clock_timestamp()
      AND o.deleted_at IS NULL`;
}

export function isMemberByEmail(organizationId: string, email: string): Statement {
  return sql`SELECT m.id FROM member m JOIN "user" u ON u.id = m.user_id
    WHERE m.organization_id = ${organizationId} AND u.email = ${email}`;
}

export function findUserOfMember(userId: string): Statement {
  return sql`SELECT email, name, email_verified FROM "user" WHERE id = ${userId}`;
}
