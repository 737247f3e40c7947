import { sql, type Statement } from '../../db/sql.ts';

export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly objectId: string | null;
  readonly customerId: string | null;
  readonly source: 'webhook' | 'reconciler';
  readonly createdAt: Date;
}

/** A row comes back only for an event that was not there. */
export function insertEvents(events: readonly NewEvent[]): Statement {
  return sql`INSERT INTO stripe_events (id, type, object_id, customer_id, source, created_at)
    SELECT * FROM unnest(${events.map((event) => event.id)}::text[],
      ${events.map((event) => event.type)}::text[],
      ${events.map((event) => event.objectId)}::text[],
      ${events.map((event) => event.customerId)}::text[],
      ${events.map((event) => event.source)}::text[],
      ${events.map((event) => event.createdAt)}::timestamptz[])
    ON CONFLICT (id) DO NOTHING RETURNING id`;
}

export interface ClaimedEvent {
  readonly id: string;
  readonly type: string;
  readonly object_id: string | null;
  readonly customer_id: string | null;
  readonly attempts: number;
}

/**
 * The event that waits longest, and with it all that wait for the same customer: one look at the
 * customer answers them all. They are the caller's for two minutes of wall clock.
 */
export function claimEvents(): Statement {
  return sql`WITH first AS (
      SELECT id, customer_id FROM stripe_events
      WHERE processed_at IS NULL AND next_attempt_at <= clock_timestamp()
      ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ), mine AS (
      SELECT e.id FROM stripe_events e, first
      WHERE e.processed_at IS NULL AND e.next_attempt_at <= clock_timestamp()
        AND (e.id = first.id OR e.customer_id = first.customer_id)
      FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE stripe_events e SET attempts = e.attempts + 1,
      next_attempt_at = clock_timestamp() + interval '2 minutes'
    FROM mine WHERE e.id = mine.id
    RETURNING e.id, e.type, e.object_id, e.customer_id, e.attempts`;
}

export function finishEvents(
  ids: readonly string[],
  outcome: { organizationId: string | null; ignoredReason: string | null },
): Statement {
  return sql`UPDATE stripe_events SET processed_at = clock_timestamp(), last_error = NULL,
      organization_id = coalesce(${outcome.organizationId}, organization_id),
      ignored_reason = ${outcome.ignoredReason}
    WHERE id = ANY (${ids}::text[])`;
}

/** Tried again after 2 seconds, 4, 8, … at most an hour. */
export function postponeEvents(
  ids: readonly string[],
  organizationId: string | null,
  error: string,
): Statement {
  return sql`UPDATE stripe_events SET last_error = ${error},
      organization_id = coalesce(${organizationId}, organization_id),
      next_attempt_at = clock_timestamp()
        + least(3600, 2 ^ least(attempts, 12)) * interval '1 second'
    WHERE id = ANY (${ids}::text[]) AND processed_at IS NULL`;
}
