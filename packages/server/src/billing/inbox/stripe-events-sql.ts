import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';

export interface EventFilter {
  readonly type?: string | undefined;
  readonly workspace_id?: string | undefined;
  readonly status?: 'waiting' | 'failed' | 'processed' | 'ignored' | undefined;
}

/** A row is the wire's `stripe_event`. */
const columns = sql`e.id, 'stripe_event' AS object, e.type, e.organization_id AS workspace_id,
  CASE WHEN e.ignored_reason IS NOT NULL THEN 'ignored'
       WHEN e.processed_at IS NOT NULL THEN 'processed'
       WHEN e.last_error IS NOT NULL THEN 'failed'
       ELSE 'waiting' END AS status,
  e.ignored_reason, e.source, e.attempts, e.last_error,
  CASE WHEN e.processed_at IS NULL THEN e.next_attempt_at END AS next_attempt_at,
  e.created_at, e.received_at, e.processed_at`;

/** Newest first; one more than asked for. */
export function listEvents(page: ListQuery, filter: EventFilter): Statement {
  const after = page.starting_after ?? null;
  const { type = null, workspace_id: organizationId = null, status = null } = filter;
  return sql`SELECT * FROM (SELECT ${columns} FROM stripe_events e
      WHERE (${after}::text IS NULL OR (e.created_at, e.id) < (
          SELECT a.created_at, a.id FROM stripe_events a WHERE a.id = ${after}))
        AND (${type}::text IS NULL OR e.type = ${type})
        AND (${organizationId}::text IS NULL OR e.organization_id = ${organizationId})
      ) e
    WHERE ${status}::text IS NULL OR e.status = ${status}
    ORDER BY e.created_at DESC, e.id DESC LIMIT ${page.limit + 1}`;
}

export function findEvent(id: string): Statement {
  return sql`SELECT ${columns} FROM stripe_events e WHERE e.id = ${id}`;
}

/** As if it had just come in. */
export function resetEvent(id: string): Statement {
  return sql`UPDATE stripe_events SET processed_at = NULL, ignored_reason = NULL, attempts = 0,
      last_error = NULL, next_attempt_at = now()
    WHERE id = ${id} RETURNING id`;
}
