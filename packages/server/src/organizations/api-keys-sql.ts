import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';

/** A row is the wire's `api_key`. */
const apiKeyColumns = sql`k.id, 'api_key' AS object, k.organization_id AS workspace_id, k.name,
  k.key_hint AS hint, k.scopes, k.monthly_limit, k.allowed_ips, k.expires_at, k.last_used_at,
  CASE WHEN k.previous_key_hash IS NOT NULL THEN jsonb_build_object('hint', k.previous_key_hint,
    'expires_at', rfc3339(k.previous_expires_at),
    'last_used_at', rfc3339(k.previous_last_used_at)) END AS previous,
  k.rotated_at, k.created_by || jsonb_build_object('name',
    (SELECT u.name FROM "user" u WHERE u.id = k.created_by ->> 'id')) AS created_by, k.created_at`;

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

export interface RotatedSecret {
  readonly hash: Buffer;
  readonly hint: string;
  /** Until when the secret before is good; null: it is worth nothing from now on. */
  readonly previousExpiresAt: Date | null;
}

/** The secret becomes the previous one; the one before that is worth nothing any more. */
export function rotateApiKeyById(
  organizationId: string,
  id: string,
  secret: RotatedSecret,
  asOf: Date,
): Statement {
  const { hash, hint, previousExpiresAt } = secret;
  const kept = previousExpiresAt !== null;
  return sql`UPDATE api_keys k SET
      previous_key_hash = CASE WHEN ${kept}::boolean THEN k.key_hash END,
      previous_key_hint = CASE WHEN ${kept}::boolean THEN k.key_hint END,
      previous_last_used_at = CASE WHEN ${kept}::boolean THEN k.last_used_at END,
      previous_expires_at = ${previousExpiresAt},
      key_hash = ${hash}, key_hint = ${hint}, last_used_at = NULL, rotated_at = ${asOf}
    WHERE k.organization_id = ${organizationId} AND k.id = ${id} AND k.revoked_at IS NULL
    RETURNING ${apiKeyColumns}`;
}

/**
 * Of the one key with this hash, or with this hash before its last rotation: who it is and what it
 * may, the rate limit included.
 */
export function findCredentials(hash: Buffer, asOf: Date): Statement {
  return sql`SELECT k.organization_id, k.id, k.scopes, k.allowed_ips, l.rate_limit_per_minute,
      k.key_hash <> ${hash} AS is_previous,
      CASE WHEN k.key_hash = ${hash} THEN k.expires_at
           ELSE least(k.expires_at, k.previous_expires_at) END AS expires_at,
      CASE WHEN k.key_hash = ${hash} THEN k.last_used_at
           ELSE k.previous_last_used_at END AS last_used_at
    FROM api_keys k
    CROSS JOIN LATERAL effective_limits(ARRAY[k.organization_id], ${asOf}::timestamptz) l
    WHERE (k.key_hash = ${hash} OR k.previous_key_hash = ${hash}) AND k.revoked_at IS NULL`;
}

export interface UsedKey {
  readonly organizationId: string;
  readonly id: string;
  /** By the secret before the last rotation. */
  readonly isPrevious: boolean;
}

/** At most once a minute a secret, whichever processes saw it. */
export function updateKeysUsed(keys: readonly UsedKey[], asOf: Date): Statement {
  return sql`UPDATE api_keys k SET
      last_used_at = CASE WHEN u.current THEN ${asOf}::timestamptz ELSE k.last_used_at END,
      previous_last_used_at =
        CASE WHEN u.previous THEN ${asOf}::timestamptz ELSE k.previous_last_used_at END
    FROM (
      SELECT organization_id, id, bool_or(NOT is_previous) AS current,
        bool_or(is_previous) AS previous
      FROM unnest(${keys.map((key) => key.organizationId)}::text[],
                  ${keys.map((key) => key.id)}::text[],
                  ${keys.map((key) => key.isPrevious)}::boolean[])
        AS u (organization_id, id, is_previous)
      GROUP BY organization_id, id
    ) u
    WHERE k.organization_id = u.organization_id AND k.id = u.id
      AND ((u.current AND coalesce(k.last_used_at <= ${asOf}::timestamptz - interval '1 minute', true))
        OR (u.previous AND coalesce(
              k.previous_last_used_at <= ${asOf}::timestamptz - interval '1 minute', true)))`;
}
