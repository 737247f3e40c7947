import { sql, type Statement } from '../db/sql.ts';
import type { TimeRange } from './time-range.ts';

/** The last row that was read; times as the database gave them, to the microsecond. */
export interface ExportCursor {
  readonly admitted_at: string;
  readonly job_id: string;
}

/** The next rows in the order of admission: each page is a statement, and a snapshot, of its own. */
export function listEvents(
  organizationId: string,
  range: TimeRange,
  after: ExportCursor | null,
  rowsMax: number,
): Statement {
  const from = after?.admitted_at ?? range.from;
  return sql`SELECT job_id, type, admitted_at, completed_at, period_start, billed_as,
      trim_scale(unit_amount)::text AS unit_amount, currency, plan_id, plan_version, override_id,
      bytes_in, bytes_out, duration_ms, api_key_id, member_id
    FROM usage_events
    WHERE organization_id = ${organizationId}
      AND admitted_at >= ${from}::timestamptz AND admitted_at < ${range.to}::timestamptz
      AND (admitted_at, job_id) > (${from}::timestamptz, ${after?.job_id ?? ''}::text)
    ORDER BY admitted_at, job_id LIMIT ${rowsMax}::integer`;
}

export function findCurrentPeriod(organizationId: string, asOf: Date): Statement {
  return sql`SELECT period_start, period_end
    FROM current_usage(ARRAY[${organizationId}::text], ${asOf}::timestamptz)`;
}
