import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';

export interface NewEvent {
  readonly organizationId: string;
  readonly id: string;
  readonly outboxId: number | null;
  readonly type: string;
  readonly body: string;
  readonly createdAt: string | Date;
}

export function insertEvent(event: NewEvent): Statement {
  return sql`INSERT INTO webhook_events (organization_id, id, outbox_id, type, body, created_at)
    VALUES (${event.organizationId}, ${event.id}, ${event.outboxId}::bigint, ${event.type},
      ${event.body}, ${event.createdAt}::timestamptz)`;
}

export function insertDelivery(
  organizationId: string,
  id: string,
  endpointId: string,
  eventId: string,
): Statement {
  return sql`INSERT INTO webhook_deliveries (organization_id, id, endpoint_id, event_id)
    VALUES (${organizationId}, ${id}, ${endpointId}, ${eventId})`;
}

export interface DueDelivery {
  readonly organization_id: string;
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly body: string;
  readonly attempts: number;
  readonly attempts_before: number;
  readonly url: string;
  readonly slow: boolean;
  readonly secret_sealed: string;
  /** Null where the secret before the last rotation signs nothing any more. */
  readonly previous_secret_sealed: string | null;
}

export interface ClaimBounds {
  /** Of endpoints that answered well the last time, and of all others. */
  readonly fastMax: number;
  readonly slowMax: number;
  /** At most so many at one endpoint at a time. */
  readonly perFastEndpointMax: number;
  readonly leaseSeconds: number;
  /** Endpoints of the deliveries that this process has under way, one entry each. */
  readonly busyEndpointIds: readonly string[];
}

/**
 * Takes deliveries that are due, each for the length of a lease. Endpoint by endpoint, by leaps over the
 * index: however much waits for one, the others are found as quickly. One that failed or was slow the
 * last time gets one delivery at a time, and all such together only their own share.
 */
export function claimDeliveries(bounds: ClaimBounds): Statement {
  return sql`WITH RECURSIVE waiting AS (
      (SELECT organization_id, endpoint_id FROM webhook_deliveries WHERE status = 'waiting'
       ORDER BY organization_id, endpoint_id LIMIT 1)
      UNION ALL
      SELECT n.organization_id, n.endpoint_id FROM waiting w CROSS JOIN LATERAL (
        SELECT d.organization_id, d.endpoint_id FROM webhook_deliveries d
        WHERE d.status = 'waiting'
          AND (d.organization_id, d.endpoint_id) > (w.organization_id, w.endpoint_id)
        ORDER BY d.organization_id, d.endpoint_id LIMIT 1) n
    ), busy AS (
      SELECT endpoint_id, count(*)::integer AS deliveries
      FROM unnest(${bounds.busyEndpointIds}::text[]) AS b (endpoint_id) GROUP BY endpoint_id
    ), due AS (
      SELECT d.organization_id, d.id, e.slow,
        row_number() OVER (PARTITION BY e.slow ORDER BY d.next_attempt_at) AS turn
      FROM waiting w
      JOIN webhook_endpoints e ON e.organization_id = w.organization_id AND e.id = w.endpoint_id
        AND e.active
      LEFT JOIN busy b ON b.endpoint_id = e.id
      CROSS JOIN LATERAL (
        SELECT d.organization_id, d.id, d.next_attempt_at FROM webhook_deliveries d
        WHERE d.organization_id = w.organization_id AND d.endpoint_id = w.endpoint_id
          AND d.status = 'waiting' AND d.next_attempt_at <= clock_timestamp()
        ORDER BY d.next_attempt_at
        LIMIT greatest(0, CASE WHEN e.slow THEN 1 ELSE ${bounds.perFastEndpointMax}::integer END
          - coalesce(b.deliveries, 0))
        FOR UPDATE SKIP LOCKED
      ) d
    )
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1,
      next_attempt_at = clock_timestamp() + make_interval(secs => ${bounds.leaseSeconds}::integer)
    FROM due
    JOIN webhook_deliveries c ON c.organization_id = due.organization_id AND c.id = due.id
    JOIN webhook_endpoints e ON e.organization_id = c.organization_id AND e.id = c.endpoint_id
    JOIN webhook_events v ON v.organization_id = c.organization_id AND v.id = c.event_id
    WHERE d.organization_id = due.organization_id AND d.id = due.id
      AND due.turn <= CASE WHEN due.slow THEN ${bounds.slowMax}::integer
        ELSE ${bounds.fastMax}::integer END
    RETURNING d.organization_id, d.id, d.endpoint_id, d.event_id, v.type, v.body, d.attempts,
      d.attempts_before, e.url, e.slow, e.secret_sealed,
      CASE WHEN e.previous_secret_until > clock_timestamp() THEN e.previous_secret_sealed END
        AS previous_secret_sealed`;
}

export interface AttemptResult {
  readonly durationMs: number;
  readonly responseStatus: number | null;
  readonly responseExcerpt: string | null;
  /** Null: it succeeded. */
  readonly error: string | null;
}

/**
 * Writes an attempt down, and what follows for delivery and endpoint. Nothing where a later attempt has
 * begun, or the endpoint is gone. The endpoint's row is locked before the delivery's, as whoever
 * switches an endpoint off does.
 *
 * @param retrySeconds null: there is no further attempt
 * @param slowMs an endpoint that takes longer counts as slow
 */
export function settleDelivery(
  delivery: DueDelivery,
  result: AttemptResult,
  retrySeconds: number | null,
  slowMs: number,
): Statement {
  const status = result.error === null ? 'succeeded' : retrySeconds === null ? 'failed' : 'waiting';
  const isSlow = result.error !== null || result.durationMs > slowMs;
  return sql`WITH endpoint AS (
      SELECT organization_id, id FROM webhook_endpoints
      WHERE organization_id = ${delivery.organization_id} AND id = ${delivery.endpoint_id}
      FOR NO KEY UPDATE
    ), settled AS (
      UPDATE webhook_deliveries d SET status = ${status}, last_error = ${result.error},
        response_status = ${result.responseStatus}::integer,
        next_attempt_at = clock_timestamp()
          + make_interval(secs => coalesce(${retrySeconds}::integer, 0)),
        finished_at = CASE WHEN ${status} <> 'waiting' THEN clock_timestamp() END
      FROM endpoint p
      WHERE d.organization_id = p.organization_id AND d.endpoint_id = p.id
        AND d.id = ${delivery.id} AND d.status = 'waiting'
        AND d.attempts = ${delivery.attempts}::integer
      RETURNING d.organization_id, d.id, d.endpoint_id, d.attempts
    ), noted AS (
      INSERT INTO webhook_attempts (organization_id, delivery_id, attempt, started_at, duration_ms,
        response_status, response_excerpt, error)
      SELECT organization_id, id, attempts,
        clock_timestamp() - make_interval(secs => ${result.durationMs}::integer / 1000.0),
        ${result.durationMs}::integer, ${result.responseStatus}::integer,
        ${result.responseExcerpt}, ${result.error}
      FROM settled
    )
    UPDATE webhook_endpoints e SET slow = ${isSlow}::boolean,
      failing_since = CASE WHEN ${result.error}::text IS NOT NULL
        THEN coalesce(e.failing_since, clock_timestamp()) END
    FROM settled s
    WHERE e.organization_id = s.organization_id AND e.id = s.endpoint_id
    RETURNING e.failing_since,
      coalesce(extract(epoch FROM clock_timestamp() - e.failing_since), 0)::integer
        AS failing_seconds`;
}

/** Of an endpoint that is switched off. */
export function cancelWaitingDeliveries(organizationId: string, endpointId: string): Statement {
  return sql`UPDATE webhook_deliveries SET status = 'cancelled', finished_at = clock_timestamp()
    WHERE organization_id = ${organizationId} AND endpoint_id = ${endpointId}
      AND status = 'waiting'`;
}

/** A row is the wire's `webhook_delivery`. */
const columns = sql`d.id, 'webhook_delivery' AS object, d.organization_id AS workspace_id,
  d.endpoint_id, d.event_id, v.type, d.status, d.attempts, d.response_status, d.last_error,
  CASE WHEN d.status = 'waiting' THEN d.next_attempt_at END AS next_attempt_at, d.created_at,
  d.finished_at`;

export function listDeliveries(
  organizationId: string,
  endpointId: string,
  page: ListQuery,
  status: string | null,
): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${columns} FROM webhook_deliveries d
    JOIN webhook_events v ON v.organization_id = d.organization_id AND v.id = d.event_id
    WHERE d.organization_id = ${organizationId} AND d.endpoint_id = ${endpointId}
      AND (${after}::text IS NULL OR d.id < ${after})
      AND (${status}::text IS NULL OR d.status = ${status})
    ORDER BY d.id DESC LIMIT ${page.limit + 1}`;
}

export function findDelivery(organizationId: string, endpointId: string, id: string): Statement {
  return sql`SELECT ${columns}, v.body AS request_body,
      coalesce((SELECT jsonb_agg(jsonb_build_object('attempt', a.attempt,
          'started_at', rfc3339(a.started_at), 'duration_ms', a.duration_ms,
          'response_status', a.response_status, 'response_excerpt', a.response_excerpt,
          'error', a.error) ORDER BY a.attempt)
        FROM webhook_attempts a
        WHERE a.organization_id = d.organization_id AND a.delivery_id = d.id), '[]') AS tries
    FROM webhook_deliveries d
    JOIN webhook_events v ON v.organization_id = d.organization_id AND v.id = d.event_id
    WHERE d.organization_id = ${organizationId} AND d.endpoint_id = ${endpointId}
      AND d.id = ${id}`;
}

/** Due at once, and with the whole schedule before it. No row while an attempt is under way. */
export function updateDeliveryWaiting(organizationId: string, id: string): Statement {
  return sql`UPDATE webhook_deliveries d SET status = 'waiting', attempts_before = d.attempts,
      next_attempt_at = clock_timestamp(), finished_at = NULL
    WHERE d.organization_id = ${organizationId} AND d.id = ${id}
      AND NOT (d.status = 'waiting' AND d.attempts > 0 AND d.next_attempt_at > clock_timestamp()
        AND NOT EXISTS (SELECT FROM webhook_attempts a WHERE a.organization_id = d.organization_id
          AND a.delivery_id = d.id AND a.attempt = d.attempts))
    RETURNING d.id`;
}

/** Of an endpoint that is about to go: what was sent to no other. Its deliveries go with them. */
export function deleteEventsOf(organizationId: string, endpointId: string): Statement {
  return sql`DELETE FROM webhook_events v USING webhook_deliveries d
    WHERE d.organization_id = ${organizationId} AND d.endpoint_id = ${endpointId}
      AND v.organization_id = d.organization_id AND v.id = d.event_id
      AND NOT EXISTS (SELECT FROM webhook_deliveries o
        WHERE o.organization_id = d.organization_id AND o.event_id = d.event_id
          AND o.endpoint_id <> d.endpoint_id)`;
}

/** Two endpoints that went at the same moment leave what both were sent. */
export function deleteOrphanedEvents(before: Date, limit: number): Statement {
  return sql`DELETE FROM webhook_events v USING (
      SELECT organization_id, id FROM webhook_events e
      WHERE created_at < ${before}::timestamptz AND NOT EXISTS (SELECT FROM webhook_deliveries d
        WHERE d.organization_id = e.organization_id AND d.event_id = e.id)
      ORDER BY created_at LIMIT ${limit}::integer
    ) old
    WHERE v.organization_id = old.organization_id AND v.id = old.id RETURNING v.id`;
}

/** Events go with their deliveries. */
export function deleteOldEvents(keptDays: number, limit: number): Statement {
  return sql`DELETE FROM webhook_events v USING (
      SELECT DISTINCT organization_id, event_id FROM (
        SELECT organization_id, event_id FROM webhook_deliveries
        WHERE created_at < clock_timestamp() - make_interval(days => ${keptDays}::integer)
        ORDER BY created_at LIMIT ${limit}::integer
      ) o
    ) old
    WHERE v.organization_id = old.organization_id AND v.id = old.event_id RETURNING v.id`;
}
