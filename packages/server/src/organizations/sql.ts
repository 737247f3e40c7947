import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';
import type { UpdateWorkspace } from './schema.ts';

/** A row is the wire's `workspace`. */
const workspaceColumns = sql`o.id, 'workspace' AS object, o.name, o.slug, o.plan_id,
  o.billing_status, o.billing_email, o.time_zone, o.retention_hours, o.alert_thresholds,
  o.suspended_at IS NOT NULL AS suspended, o.created_at`;

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
    _as_of => ${asOf}::timestamptz) AS created`;
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

export function findOrganizationById(id: string): Statement {
  return sql`SELECT ${workspaceColumns} FROM organization o WHERE o.id = ${id}`;
}

/** Not FOR UPDATE: who holds the lock that comes next may refer to this row (a period that ends). */
export function lockOrganizationById(id: string): Statement {
  return sql`SELECT ${workspaceColumns} FROM organization o WHERE o.id = ${id}
    FOR NO KEY UPDATE`;
}

/** Newest first; one more than asked for. */
export function listOrganizations(page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${workspaceColumns} FROM organization o
    WHERE (${after}::text IS NULL OR o.id < ${after})
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

/** Locked, so that two workspaces at once are counted one after the other. */
export function lockUser(userId: string): Statement {
  return sql`SELECT email FROM "user" WHERE id = ${userId} FOR NO KEY UPDATE`;
}

export function countOwned(userId: string): Statement {
  return sql`SELECT count(*) FROM member WHERE user_id = ${userId} AND role = 'owner'`;
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

export function insertMember(
  row: { organizationId: string; id: string; userId: string; role: string },
  asOf: Date,
): Statement {
  return sql`INSERT INTO member (organization_id, id, user_id, role, created_at)
    VALUES (${row.organizationId}, ${row.id}, ${row.userId}, ${row.role}, ${asOf})
    ON CONFLICT (organization_id, user_id) DO NOTHING`;
}

/** A row is the wire's `api_key`. */
const apiKeyColumns = sql`k.id, 'api_key' AS object, k.organization_id AS workspace_id, k.name,
  k.key_hint AS hint, k.scopes, k.monthly_limit, k.allowed_ips, k.expires_at, k.last_used_at,
  k.created_at`;

export interface NewApiKeyRow {
  readonly organizationId: string;
  readonly id: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly monthlyLimit: number | null;
  readonly allowedIps: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly createdBy: { kind: string; id: string };
}

export function insertApiKey(row: NewApiKeyRow, asOf: Date): Statement {
  return sql`INSERT INTO api_keys AS k (organization_id, id, name, key_hash, key_hint, scopes,
      monthly_limit, allowed_ips, expires_at, created_by, created_at)
    VALUES (${row.organizationId}, ${row.id}, ${row.name}, ${row.hash}, ${row.hint},
      ${row.scopes}::text[], ${row.monthlyLimit}::bigint, ${row.allowedIps}::text[],
      ${row.expiresAt}, ${JSON.stringify(row.createdBy)}::jsonb, ${asOf})
    RETURNING ${apiKeyColumns}`;
}

/** Those that are not revoked, newest first; one more than asked for. */
export function listApiKeysOfOrganization(organizationId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${apiKeyColumns} FROM api_keys k
    WHERE k.organization_id = ${organizationId} AND k.revoked_at IS NULL
      AND (${after}::text IS NULL OR k.id < ${after})
    ORDER BY k.id DESC LIMIT ${page.limit + 1}`;
}

export function findApiKeyById(organizationId: string, id: string): Statement {
  return sql`SELECT ${apiKeyColumns} FROM api_keys k
    WHERE k.organization_id = ${organizationId} AND k.id = ${id} AND k.revoked_at IS NULL`;
}

export function revokeApiKeyById(organizationId: string, id: string, asOf: Date): Statement {
  return sql`UPDATE api_keys k SET revoked_at = ${asOf}
    WHERE k.organization_id = ${organizationId} AND k.id = ${id} AND k.revoked_at IS NULL
    RETURNING ${apiKeyColumns}`;
}

/** Of the one key with this hash: who it is and what it may, the rate limit included. */
export function findCredentials(hash: Buffer, asOf: Date): Statement {
  return sql`SELECT k.organization_id, k.id, k.scopes, k.allowed_ips, k.expires_at, k.last_used_at,
      l.rate_limit_per_minute
    FROM api_keys k
    CROSS JOIN LATERAL effective_limits(ARRAY[k.organization_id], ${asOf}::timestamptz) l
    WHERE k.key_hash = ${hash} AND k.revoked_at IS NULL`;
}

/** At most once a minute a key, whichever processes saw it. */
export function updateKeysUsed(
  keys: readonly { organizationId: string; id: string }[],
  asOf: Date,
): Statement {
  return sql`UPDATE api_keys k SET last_used_at = ${asOf}::timestamptz
    FROM unnest(${keys.map((key) => key.organizationId)}::text[],
                ${keys.map((key) => key.id)}::text[]) AS u (organization_id, id)
    WHERE k.organization_id = u.organization_id AND k.id = u.id
      AND coalesce(k.last_used_at <= ${asOf}::timestamptz - interval '1 minute', true)`;
}
