import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';
import type { UpdateWorkspace } from './schema.ts';

/** A row is the wire's `workspace`. */
const workspaceColumns = sql`o.id, 'workspace' AS object, o.name, o.slug, o.plan_id,
  o.billing_status, o.billing_email, o.time_zone, o.retention_hours, o.alert_thresholds,
  o.suspended_at IS NOT NULL AS suspended, payment_method_missing(o.id), o.created_at`;

export interface NewOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly billingEmail: string | null;
  readonly subscriptionId: string;
  readonly planId: string;
}

export function insertOrganization(row: NewOrganization, asOf: Date): Statement {
  return sql`SELECT create_organization(
    _id => ${row.id}::text, _name => ${row.name}::text, _slug => ${row.slug}::text,
    _billing_email => ${row.billingEmail}::text,
    _subscription_id => ${row.subscriptionId}::text, _plan_id => ${row.planId}::text,
    _as_of => ${asOf}::timestamptz) AS created,
    (SELECT name FROM subscription_plans WHERE id = ${row.planId}) AS plan_name`;
}

export function insertBillingEvent(
  organizationId: string,
  event: { id: string; type: string; summary: string; data: unknown },
  asOf: Date,
): Statement {
  return sql`INSERT INTO billing_events (organization_id, id, type, summary, data, created_at)
    VALUES (${organizationId}, ${event.id}, ${event.type}, ${event.summary},
            ${JSON.stringify(event.data)}::jsonb, ${asOf})`;
}

export function findOrganizationById(id: string, deletedToo = false): Statement {
  return sql`SELECT ${workspaceColumns} FROM organization o WHERE o.id = ${id}
    AND (o.deleted_at IS NULL OR ${deletedToo}::boolean)`;
}

/** Not FOR UPDATE: who holds the lock that comes next may refer to this row (a period that ends). */
export function lockOrganizationById(id: string, deletedToo: boolean): Statement {
  return sql`SELECT ${workspaceColumns} FROM organization o WHERE o.id = ${id}
    AND (o.deleted_at IS NULL OR ${deletedToo}::boolean) FOR NO KEY UPDATE`;
}

/** Newest first; one more than asked for. */
export function listOrganizations(page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${workspaceColumns} FROM organization o
    WHERE o.deleted_at IS NULL AND (${after}::text IS NULL OR o.id < ${after})
    ORDER BY o.id DESC LIMIT ${page.limit + 1}`;
}

export function listOrganizationsById(ids: readonly string[]): Statement {
  return sql`SELECT ${workspaceColumns} FROM organization o WHERE o.id = ANY (${ids}::text[])`;
}

/** Newest first; one more than asked for. */
export function listOrganizationsOfUser(page: ListQuery, userId: string): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${workspaceColumns} FROM member m JOIN organization o ON o.id = m.organization_id
    WHERE m.user_id = ${userId} AND (${after}::text IS NULL OR o.id < ${after})
    ORDER BY o.id DESC LIMIT ${page.limit + 1}`;
}

/** Where a user is a member, oldest first. */
export function listMembershipsOfUser(userId: string): Statement {
  return sql`SELECT o.id, 'workspace' AS object, o.name, o.plan_id,
      o.suspended_at IS NOT NULL AS suspended, m.role, m.id AS member_id
    FROM member m JOIN organization o ON o.id = m.organization_id
    WHERE m.user_id = ${userId} ORDER BY m.id LIMIT 1000`;
}

export function findRoleOfMember(organizationId: string, userId: string): Statement {
  return sql`SELECT role FROM member
    WHERE organization_id = ${organizationId} AND user_id = ${userId}`;
}

/** Of theirs, also one that they gave up, unless it is somebody else's by now. */
export function forgetBillingAddressOf(organizationId: string, userId: string): Statement {
  return sql`UPDATE organization o SET billing_email = NULL
    WHERE o.id = ${organizationId} AND lower(o.billing_email) IN (
      SELECT email FROM "user" WHERE id = ${userId} UNION
      SELECT a.email FROM user_addresses a WHERE a.user_id = ${userId}
        AND NOT EXISTS (SELECT FROM "user" u WHERE u.email = a.email))
    RETURNING o.id`;
}

/** Locked, so that two workspaces at once are counted one after the other. */
export function lockUser(userId: string): Statement {
  return sql`SELECT email FROM "user" WHERE id = ${userId} FOR NO KEY UPDATE`;
}

/** `all`: with those that they made within a month and deleted or handed on since. */
export function countOwned(userId: string, asOf: Date): Statement {
  return sql`WITH owned AS (
      SELECT organization_id FROM member WHERE user_id = ${userId} AND role = 'owner'
    ), made AS (
      SELECT chain_id FROM audit_log WHERE action = 'workspace.created' AND actor_id = ${userId}
        AND created_at > ${asOf}::timestamptz - interval '1 month'
    )
    SELECT (SELECT count(*) FROM owned) AS owned,
      (SELECT count(*) FROM (TABLE owned UNION TABLE made) x) AS "all"`;
}

/** What is undefined stays as it is. */
export function updateOrganizationById(id: string, patch: UpdateWorkspace): Statement {
  return sql`UPDATE organization o SET
      name = coalesce(${patch.name ?? null}, o.name),
      time_zone = coalesce(${patch.time_zone ?? null}, o.time_zone),
      retention_hours = coalesce(${patch.retention_hours ?? null}::integer, o.retention_hours),
      alert_thresholds = coalesce(${patch.alert_thresholds ?? null}::integer[], o.alert_thresholds)
    WHERE o.id = ${id} RETURNING ${workspaceColumns}`;
}

/** Nothing is admitted or counted until the transaction ends: it sees the limits before or after. */
export function lockUsage(organizationId: string, asOf: Date): Statement {
  return sql`SELECT lock_organizations(${[organizationId]}::text[], ${asOf}::timestamptz)`;
}

export function raiseAlerts(organizationId: string, asOf: Date): Statement {
  return sql`SELECT raise_usage_alerts(${[organizationId]}::text[], ${asOf}::timestamptz)`;
}

/** Finds or makes the person with this address; the id given is for a new one. */
export function upsertUser(id: string, email: string, name: string, asOf: Date): Statement {
  return sql`INSERT INTO "user" AS u (id, name, email, created_at, updated_at)
    VALUES (${id}, ${name}, ${email}, ${asOf}, ${asOf})
    ON CONFLICT (email) DO UPDATE SET email = u.email RETURNING u.id`;
}

/** Of the user with this address, unless they have proved it. */
export function forgetUnprovenLogin(email: string): Statement {
  return sql`SELECT forget_unproven_login(${email}::text)`;
}

export function insertMember(
  row: { organizationId: string; id: string; userId: string; role: string },
  asOf: Date,
): Statement {
  return sql`INSERT INTO member (organization_id, id, user_id, role, created_at)
    VALUES (${row.organizationId}, ${row.id}, ${row.userId}, ${row.role}, ${asOf})
    ON CONFLICT (organization_id, user_id) DO NOTHING`;
}
