import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { presentJob } from '../present.ts';
import type { Job, JobRow } from '../schema.ts';
import { jobIdsOf } from './create-batch.ts';
import type { Batch, BatchRow, FileError } from './schema.ts';
import { findBatch as findBatchStatement, listJobsOfBatch } from './sql.ts';

/** A batch with its jobs as they are now. */
export interface BatchState {
  readonly row: BatchRow;
  readonly jobs: ReadonlyMap<string, JobRow>;
}

/** One batch of the organization. @throws AppError `not_found` */
export async function findBatch(ctx: Context, batchId: string): Promise<BatchState> {
  const [row] = await ctx.db.query<BatchRow>(findBatchStatement(ctx.organization.id, batchId));
  if (row === undefined) throw notFound('batch');
  return loadBatch(ctx, row);
}

/** The jobs of a batch, read anew. */
export async function loadBatch(ctx: Context, row: BatchRow): Promise<BatchState> {
  const ids = jobIdsOf(row.files);
  const jobs = await ctx.db.query<JobRow>(listJobsOfBatch(ctx.organization.id, ids));
  return { row, jobs: new Map(jobs.map((job) => [job.id, job])) };
}

/** A batch as the API shows it. */
export function presentBatch({ row, jobs }: BatchState, publicUrl: string): Batch {
  const data = row.files.map((entry) => {
    const { filename } = entry;
    if ('error' in entry) return { filename, job: null, error: entry.error };
    const job = jobs.get(entry.job_id);
    if (job === undefined) return { filename, job: null, error: lost };
    return { filename, job: presentJob(job, publicUrl), error: null };
  });
  const counts = countByStatus(data.map(({ job }) => job));
  const isOver = counts.queued + counts.processing === 0;
  const path = `/v1/workspaces/${row.organization_id}/conversions/batch/${row.id}/output`;
  return {
    id: row.id,
    object: 'batch',
    workspace_id: row.organization_id,
    status: isOver ? 'completed' : 'processing',
    to: row.to,
    counts,
    data,
    output:
      isOver && counts.succeeded > 0
        ? { filename: zipFilename(row.id), media_type: 'application/zip', url: publicUrl + path }
        : null,
    api_key_id: row.api_key_id,
    created_at: row.created_at,
  };
}

/** The name under which the outputs of a batch are downloaded. */
export function zipFilename(batchId: string): string {
  return `${batchId}.zip`;
}

const lost: FileError = {
  code: 'expired',
  status: 410,
  detail: 'The record of this conversion was deleted.',
  retryable: false,
};

function countByStatus(jobs: readonly (Job | null)[]): Batch['counts'] {
  const counts = {
    total: jobs.length,
    queued: 0,
    processing: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    expired: 0,
    refused: 0,
  };
  for (const job of jobs) counts[job === null ? 'refused' : job.status] += 1;
  return counts;
}
