import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';

export interface AuditEntryRow {
  readonly chainId: string;
  readonly id: string;
  readonly organizationId: string | null;
  readonly actorKind: string;
  readonly actorId: string;
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string;
  readonly requestId: string;
  /** JSON text. */
  readonly payload: string;
  readonly createdAt: Date;
  /** The super admin who acted as the user. */
  readonly impersonatedBy: string | null;
}

export function insertAuditEntry(entry: AuditEntryRow): Statement {
  return sql`SELECT append_audit(
    _chain_id => ${entry.chainId}::text, _id => ${entry.id}::text,
    _organization_id => ${entry.organizationId}::text,
    _actor_kind => ${entry.actorKind}::text, _actor_id => ${entry.actorId}::text,
    _action => ${entry.action}::text,
    _target_kind => ${entry.targetKind}::text, _target_id => ${entry.targetId}::text,
    _request_id => ${entry.requestId}::text, _payload => ${entry.payload}::jsonb,
    _as_of => ${entry.createdAt}::timestamptz,
    _impersonated_by => ${entry.impersonatedBy}::text)`;
}

const columns = sql`e.id, 'audit_entry' AS object, e.organization_id AS workspace_id,
  jsonb_build_object('kind', e.actor_kind, 'id', e.actor_id) AS actor, e.impersonated_by, e.action,
  jsonb_build_object('kind', e.target_kind, 'id', e.target_id) AS target,
  e.payload -> 'before' AS before, e.payload -> 'after' AS after,
  e.payload ->> 'reason' AS reason, e.payload IS NULL AS erased, e.request_id, e.chain_id,
  e.sequence, encode(e.hash, 'hex') AS hash, e.created_at`;

/** Newest first; one more than asked for. */
export function listAuditEntriesOfOrganization(organizationId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${columns} FROM audit_log e
    WHERE e.chain_id = ${organizationId}
      AND (${after}::text IS NULL OR e.sequence < (SELECT c.sequence FROM audit_log c
             WHERE c.chain_id = ${organizationId} AND c.id = ${after}))
    ORDER BY e.sequence DESC LIMIT ${page.limit + 1}`;
}

/** In the order in which they were written. */
export function listAuditEntriesAfter(
  organizationId: string,
  sequence: number,
  limit: number,
): Statement {
  return sql`SELECT ${columns} FROM audit_log e
    WHERE e.chain_id = ${organizationId} AND e.sequence > ${sequence}
    ORDER BY e.sequence LIMIT ${limit}`;
}

export interface AuditFilter {
  readonly workspace_id?: string | undefined;
  readonly actor_id?: string | undefined;
  readonly target_id?: string | undefined;
  readonly action?: string | undefined;
}

/** Of all chains, newest first; one more than asked for. */
export function listAuditEntries(page: ListQuery, filter: AuditFilter): Statement {
  const { workspace_id = null, actor_id = null, target_id = null, action = null } = filter;
  const after = page.starting_after ?? null;
  return sql`SELECT ${columns} FROM audit_log e
    WHERE (${after}::text IS NULL OR e.id < ${after})
      AND (${workspace_id}::text IS NULL OR e.organization_id = ${workspace_id})
      AND (${actor_id}::text IS NULL OR e.actor_id = ${actor_id})
      AND (${target_id}::text IS NULL OR e.target_id = ${target_id})
      AND (${action}::text IS NULL OR e.action = ${action})
    ORDER BY e.id DESC LIMIT ${page.limit + 1}`;
}

/** The head of a chain and the first broken link, if there is one. */
export function verifyChain(chainId: string): Statement {
  return sql`SELECT coalesce(h.sequence, 0) AS sequence, encode(h.hash, 'hex') AS hash,
      b.sequence AS broken_sequence, b.problem
    FROM (SELECT ${chainId}::text AS chain_id) c
    LEFT JOIN audit_heads h ON h.chain_id = c.chain_id
    LEFT JOIN LATERAL verify_audit_chain(c.chain_id) b ON true`;
}

export function listChainHeads(startingAfter: string, limit: number): Statement {
  return sql`SELECT chain_id, sequence, encode(hash, 'hex') AS hash FROM audit_heads
    WHERE chain_id > ${startingAfter} ORDER BY chain_id LIMIT ${limit}::integer`;
}
