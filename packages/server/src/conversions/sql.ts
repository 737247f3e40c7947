import { sql, type Statement } from '../db/sql.ts';

export function findJob(organizationId: string, jobId: string): Statement {
  return sql`SELECT * FROM jobs
    WHERE organization_id = ${organizationId} AND id = ${jobId} AND kind = 'conversion'`;
}

export interface JobFilters {
  readonly status: string | undefined;
  readonly type: string | undefined;
  readonly createdAfter: string | undefined;
  readonly createdBefore: string | undefined;
  readonly startingAfter: string | undefined;
  readonly limit: number;
}

/** Newest first; one row more than asked for tells whether there are more. */
export function listJobs(organizationId: string, filters: JobFilters): Statement {
  return sql`SELECT * FROM jobs
    WHERE organization_id = ${organizationId} AND kind = 'conversion'
      AND (${filters.status ?? null}::text IS NULL OR status = ${filters.status ?? null})
      AND (${filters.type ?? null}::text IS NULL OR type = ${filters.type ?? null})
      AND (${filters.createdAfter ?? null}::timestamptz IS NULL
           OR created_at > ${filters.createdAfter ?? null}::timestamptz)
      AND (${filters.createdBefore ?? null}::timestamptz IS NULL
           OR created_at < ${filters.createdBefore ?? null}::timestamptz)
      AND (${filters.startingAfter ?? null}::text IS NULL
           OR id < ${filters.startingAfter ?? null} COLLATE "C")
    ORDER BY id DESC
    LIMIT ${filters.limit + 1}::integer`;
}

export function updateProgress(
  attempt: { organizationId: string; jobId: string; fence: number },
  progress: { percent: number; phase: string },
): Statement {
  return sql`UPDATE jobs SET progress = ${JSON.stringify(progress)}::jsonb
    WHERE organization_id = ${attempt.organizationId} AND id = ${attempt.jobId}
      AND status = 'processing' AND fence = ${attempt.fence}::integer`;
}

export function claimJobs(
  jobsMax: number,
  after: string,
  leaseSeconds: number,
  asOf: Date,
): Statement {
  return sql`SELECT * FROM claim(_jobs_max => ${jobsMax}::integer, _after => ${after}::text,
    _lease_seconds => ${leaseSeconds}::integer, _as_of => ${asOf}::timestamptz)`;
}

export function keepRunning(organizationId: string, jobId: string): Statement {
  return sql`SELECT keep_running(_organization_id => ${organizationId}::text,
    _job_id => ${jobId}::text)`;
}

export function announceCancel(jobId: string): Statement {
  return sql`SELECT pg_notify('jobs_ended', ${jobId})`;
}

export function updateJobPurged(organizationId: string, jobId: string, asOf: Date): Statement {
  return sql`UPDATE jobs
    SET purged_at = ${asOf}::timestamptz,
        status = CASE WHEN status = 'succeeded' THEN 'expired' ELSE status END
    WHERE organization_id = ${organizationId} AND id = ${jobId}
      AND status IN ('succeeded', 'failed', 'cancelled') AND purged_at IS NULL
    RETURNING id`;
}

export function findRetentionHours(organizationId: string): Statement {
  return sql`SELECT retention_hours FROM organization WHERE id = ${organizationId}`;
}

/** Every organization with where its purge stands; read page by page. */
export function listPurgeCursors(startingAfter: string, limit: number): Statement {
  return sql`SELECT id, retention_hours, purged_before_job_id FROM organization
    WHERE id > ${startingAfter} ORDER BY id LIMIT ${limit}::integer`;
}

/** Ids sort by time, so the jobs before a moment are a range of the primary key. */
export function listJobsToPurge(
  organizationId: string,
  fromId: string,
  beforeId: string,
  limit: number,
): Statement {
  return sql`SELECT id, fence, finished_at, output ->> 'place' AS place FROM jobs
    WHERE organization_id = ${organizationId} AND id >= ${fromId} AND id < ${beforeId}
    ORDER BY id LIMIT ${limit}::integer`;
}

export function updatePurgeCursor(organizationId: string, beforeId: string): Statement {
  return sql`UPDATE organization SET purged_before_job_id = ${beforeId}
    WHERE id = ${organizationId} AND purged_before_job_id < ${beforeId}`;
}

/** Which of these jobs still wait or run. */
export function listLiveJobs(organizationId: string, jobIds: readonly string[]): Statement {
  return sql`SELECT id FROM jobs
    WHERE organization_id = ${organizationId} AND id = ANY (${jobIds}::text[])
      AND status IN ('queued', 'processing')`;
}
