import { sql } from '../../db/sql.ts';
import type { Statement } from '../../db/sql.ts';

/** One row of `idempotency_keys`, as far as a claim needs it. */
export interface KeyRow {
  readonly route: string;
  readonly fingerprint: string | null;
  readonly job_id: string;
  readonly lease_expires_at: string;
  readonly response_status: number | null;
  readonly response_headers: Record<string, string> | null;
  readonly response_body: string | null;
  /** Those that held the key, the latest last. */
  readonly request_ids: readonly string[];
}

export interface ClaimInput {
  readonly organizationId: string;
  readonly key: string;
  readonly route: string;
  readonly jobId: string;
  readonly requestId: string;
}

/**
 * Takes the key: new, lapsed (keeps the job id, so that nothing counts twice), or older than a day
 * (begins anew). No row: somebody has it, or its reply is stored. Wall clock throughout.
 */
export function claimKey(input: ClaimInput): Statement {
  const { organizationId, key, route, jobId, requestId } = input;
  return sql`WITH claimed AS (
    INSERT INTO idempotency_keys AS held
      (organization_id, key, route, job_id, lease_expires_at, created_at, request_ids)
    VALUES (${organizationId}, ${key}, ${route}, ${jobId},
            clock_timestamp() + interval '60 seconds', clock_timestamp(),
            ARRAY[${requestId}])
    ON CONFLICT (organization_id, key) DO UPDATE SET
      lease_expires_at = EXCLUDED.lease_expires_at,
      route = CASE WHEN held.response_status IS NULL THEN held.route ELSE EXCLUDED.route END,
      job_id = CASE WHEN held.response_status IS NULL THEN held.job_id ELSE EXCLUDED.job_id END,
      request_ids = CASE WHEN held.response_status IS NULL
                    THEN held.request_ids ELSE '{}' END || EXCLUDED.request_ids,
      fingerprint = CASE WHEN held.response_status IS NULL THEN held.fingerprint END,
      created_at = CASE WHEN held.response_status IS NULL
                   THEN held.created_at ELSE EXCLUDED.created_at END,
      response_status = NULL,
      response_headers = NULL,
      response_body = NULL
    WHERE CASE WHEN held.response_status IS NULL
          THEN held.lease_expires_at <= clock_timestamp() AND held.route = EXCLUDED.route
          ELSE held.created_at < clock_timestamp() - interval '24 hours' END
    RETURNING route, fingerprint, job_id, lease_expires_at, response_status,
              response_headers, response_body, request_ids
  ), taken_over AS (
    INSERT INTO taken_over_requests (organization_id, request_id, job_id)
    SELECT ${organizationId}, ${requestId}, job_id FROM claimed WHERE job_id <> ${jobId}
    ON CONFLICT DO NOTHING
  )
  SELECT * FROM claimed`;
}

export function findKey(organizationId: string, key: string): Statement {
  return sql`
    SELECT route, fingerprint, job_id, lease_expires_at, response_status,
           response_headers, response_body, request_ids
    FROM idempotency_keys WHERE organization_id = ${organizationId} AND key = ${key}`;
}

/** The lease is the fence: whoever took the claim over has another one. */
interface Held {
  readonly organizationId: string;
  readonly key: string;
  readonly lease: string;
}

export function settleKey(held: Held, fingerprint: string): Statement {
  return sql`
    UPDATE idempotency_keys SET fingerprint = ${fingerprint}
    WHERE ${ownedBy(held)} AND (fingerprint IS NULL OR fingerprint = ${fingerprint})
    RETURNING job_id`;
}

export function storeReply(
  held: Held,
  fingerprint: string | null,
  reply: { status: number; headers: Readonly<Record<string, string>>; body: string },
): Statement {
  return sql`
    UPDATE idempotency_keys SET fingerprint = coalesce(${fingerprint}, fingerprint),
      response_status = ${reply.status}, response_headers = ${JSON.stringify(reply.headers)},
      response_body = ${reply.body}
    WHERE ${ownedBy(held)}`;
}

export function deleteKey(held: Held): Statement {
  return sql`DELETE FROM idempotency_keys WHERE ${ownedBy(held)}`;
}

/** Lets the next request with the key take over at once, with the same job id. */
export function releaseKey(held: Held): Statement {
  return sql`
    UPDATE idempotency_keys SET lease_expires_at = clock_timestamp() WHERE ${ownedBy(held)}`;
}

export function renewKey(held: Held): Statement {
  return sql`
    UPDATE idempotency_keys SET lease_expires_at = clock_timestamp() + interval '60 seconds'
    WHERE ${ownedBy(held)} RETURNING lease_expires_at`;
}

function ownedBy({ organizationId, key, lease }: Held): Statement {
  return sql`organization_id = ${organizationId} AND key = ${key}
    AND lease_expires_at = ${lease} AND response_status IS NULL`;
}

/** Keys older than a day, some thousands at a time. */
export function deleteOldKeys(rowsMax: number): Statement {
  return sql`
    DELETE FROM idempotency_keys WHERE (organization_id, key) IN (
      SELECT organization_id, key FROM idempotency_keys
      WHERE created_at < clock_timestamp() - interval '24 hours'
        AND (response_status IS NOT NULL OR lease_expires_at <= clock_timestamp())
      LIMIT ${rowsMax})
    RETURNING 1 AS deleted`;
}

/** What one of these requests changed, if anything. */
export function findChangeByRequests(requestIds: readonly string[]): Statement {
  return sql`SELECT target_kind, target_id, request_id FROM audit_log
    WHERE request_id = ANY (${requestIds}::text[]) ORDER BY id LIMIT 1`;
}
