import { sql, type Statement } from '../../db/sql.ts';
import type { BatchRow } from './schema.ts';

/** A batch that is there already stays: its reply was lost, and the request came again. */
export function insertBatch(row: BatchRow): Statement {
  return sql`INSERT INTO conversion_batches (organization_id, id, "to", files, api_key_id, created_at)
    VALUES (${row.organization_id}, ${row.id}, ${row.to}, ${JSON.stringify(row.files)}::jsonb,
            ${row.api_key_id}, ${row.created_at}::timestamptz)
    ON CONFLICT (organization_id, id) DO NOTHING`;
}

export function findBatch(organizationId: string, batchId: string): Statement {
  return sql`SELECT * FROM conversion_batches
    WHERE organization_id = ${organizationId} AND id = ${batchId}`;
}

export function listJobsOfBatch(organizationId: string, jobIds: readonly string[]): Statement {
  return sql`SELECT * FROM jobs
    WHERE organization_id = ${organizationId} AND id = ANY (${jobIds}::text[])`;
}

/** Which of these jobs there are. */
export function listJobIdsOf(organizationId: string, jobIds: readonly string[]): Statement {
  return sql`SELECT id FROM jobs
    WHERE organization_id = ${organizationId} AND id = ANY (${jobIds}::text[])`;
}

export function countUnendedJobs(organizationId: string, jobIds: readonly string[]): Statement {
  return sql`SELECT count(*)::integer AS jobs FROM jobs
    WHERE organization_id = ${organizationId} AND id = ANY (${jobIds}::text[])
      AND status IN ('queued', 'processing')`;
}

/** Of each organization what is older than it keeps files, and than so many days. */
export function deleteOldBatches(asOf: Date, days: number): Statement {
  return sql`DELETE FROM conversion_batches b USING organization o
    WHERE o.id = b.organization_id
      AND b.created_at < ${asOf}::timestamptz - make_interval(days => ${days}::integer)
      AND b.created_at < ${asOf}::timestamptz - make_interval(hours => o.retention_hours)`;
}
