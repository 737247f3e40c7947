import { sql, type Statement } from '../../db/sql.ts';
import type { DueWork } from './due-work.ts';

export function upsertWork(work: DueWork): Statement {
  const data = JSON.stringify(work.data ?? {});
  return sql`INSERT INTO due_work (organization_id, kind, reference, due_at, data)
    VALUES (${work.organizationId}, ${work.kind}, ${work.reference}, ${work.dueAt}::timestamptz,
      ${data}::jsonb)
    ON CONFLICT (organization_id, kind, reference) DO UPDATE SET due_at = EXCLUDED.due_at,
      data = EXCLUDED.data, attempts = 0, last_error = NULL, next_attempt_at = now()
    WHERE (due_work.due_at, due_work.data) IS DISTINCT FROM (EXCLUDED.due_at, EXCLUDED.data)`;
}

export function deleteWork(organizationId: string, kind: string, reference: string): Statement {
  return sql`DELETE FROM due_work
    WHERE organization_id = ${organizationId} AND kind = ${kind} AND reference = ${reference}`;
}

export function findNextDue(after: Date): Statement {
  return sql`SELECT min(due_at) AS due_at FROM due_work WHERE due_at > ${after}::timestamptz`;
}

export interface DueWorkRow {
  readonly organization_id: string;
  readonly kind: string;
  readonly reference: string;
  readonly due_at: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly attempts: number;
}

/** The first that is due, for a minute of wall clock for whoever asks alone. */
export function claimWork(asOf: Date): Statement {
  return sql`UPDATE due_work w SET attempts = w.attempts + 1,
      next_attempt_at = clock_timestamp() + interval '1 minute'
    FROM (
      SELECT organization_id, kind, reference FROM due_work
      WHERE due_at <= ${asOf}::timestamptz AND next_attempt_at <= clock_timestamp()
      ORDER BY due_at, kind, organization_id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) due
    WHERE w.organization_id = due.organization_id AND w.kind = due.kind
      AND w.reference = due.reference
    RETURNING w.organization_id, w.kind, w.reference, w.due_at, w.data, w.attempts`;
}

/** Unless it was planned anew meanwhile. */
export function finishWork(work: DueWorkRow): Statement {
  return sql`DELETE FROM due_work WHERE organization_id = ${work.organization_id}
    AND kind = ${work.kind} AND reference = ${work.reference}
    AND due_at = ${work.due_at}::timestamptz AND attempts = ${work.attempts}::integer`;
}

/** It is tried again, later each time: after seconds, at most an hour. */
export function postponeWork(work: DueWorkRow, error: string): Statement {
  return sql`UPDATE due_work SET last_error = ${error},
      next_attempt_at = clock_timestamp()
        + least(3600, 2 ^ least(attempts, 12)) * interval '1 second'
    WHERE organization_id = ${work.organization_id} AND kind = ${work.kind}
      AND reference = ${work.reference} AND attempts = ${work.attempts}::integer`;
}
