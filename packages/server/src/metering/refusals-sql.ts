import { sql, type Statement } from '../db/sql.ts';
import type { RefusedDecision } from './refusal.ts';

/** A request that was refused, and what admission said of it. */
export interface Refusal {
  readonly decision: RefusedDecision;
  readonly requestId: string;
  /** The expected wait for a slot, where one was wanted. */
  readonly slotSeconds: number | null;
}

export interface RefusalRow extends Refusal {
  readonly at: Date;
}

/** One writer at a time, or two processes would each see room for the last row of the minute. */
export const lockDecisions = sql`SELECT pg_advisory_xact_lock(hashtext('usage_decisions'))`;

/** As many of the rows as the minute has room for, organization by organization. */
export function insertDecisions(
  rows: readonly RefusalRow[],
  minuteStart: Date,
  rowsPerMinuteMax: number,
): Statement {
  return sql`WITH offered AS (
      SELECT r.*, row_number() OVER (PARTITION BY r.organization_id ORDER BY r.n) AS turn
      FROM unnest(${rows.map((row) => row.decision.organization_id)}::text[],
        ${rows.map((row) => row.requestId)}::text[],
        ${rows.map((row) => row.decision.verdict)}::text[],
        ${rows.map((row) => JSON.stringify(row.decision))}::text[],
        ${rows.map((row) => row.slotSeconds)}::integer[], ${rows.map((row) => row.at)}::timestamptz[])
        WITH ORDINALITY
        AS r (organization_id, request_id, verdict, decision, slot_seconds, created_at, n)
    ), written AS (
      SELECT o.organization_id, (SELECT count(*) FROM usage_decisions d
        WHERE d.organization_id = o.organization_id
          AND d.created_at >= ${minuteStart}::timestamptz) AS rows
      FROM (SELECT DISTINCT organization_id FROM offered) o
    )
    INSERT INTO usage_decisions (organization_id, request_id, verdict, decision, slot_seconds,
      created_at)
    SELECT o.organization_id, o.request_id, o.verdict, o.decision::jsonb, o.slot_seconds,
      o.created_at
    FROM offered o JOIN written w USING (organization_id)
    WHERE o.turn + w.rows <= ${rowsPerMinuteMax}::integer
    ON CONFLICT DO NOTHING`;
}

export function deleteOldDecisions(before: Date, limit: number): Statement {
  return sql`DELETE FROM usage_decisions d USING (
      SELECT organization_id, request_id FROM usage_decisions
      WHERE created_at < ${before}::timestamptz ORDER BY created_at LIMIT ${limit}::integer
    ) old
    WHERE d.organization_id = old.organization_id AND d.request_id = old.request_id
    RETURNING d.request_id`;
}
