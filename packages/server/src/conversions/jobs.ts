import type { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import type { ConversionDeps } from './deps.ts';
import { placesOfJob, type ByteRange } from './files/storage.ts';
import type { JobRow, StoredOutput } from './schema.ts';
import {
  announceCancel,
  findJob as findJobStatement,
  listJobs as listJobsStatement,
  updateJobPurged,
  type JobFilters,
} from './sql.ts';

/** One job of the organization. @throws AppError `not_found` */
export async function findJob(ctx: Context, jobId: string): Promise<JobRow> {
  const [job] = await ctx.db.query<JobRow>(findJobStatement(ctx.organization.id, jobId));
  if (job === undefined) throw notFound('conversion');
  return job;
}

/** A page of the organization's jobs, newest first. */
export async function listJobs(
  ctx: Context,
  filters: JobFilters,
): Promise<{ jobs: JobRow[]; hasMore: boolean }> {
  const jobs = await ctx.db.query<JobRow>(listJobsStatement(ctx.organization.id, filters));
  const hasMore = jobs.length > filters.limit;
  return { jobs: hasMore ? jobs.slice(0, filters.limit) : jobs, hasMore };
}

/**
 * Ends a job that waits or runs; nothing is counted and its room is free at once. A job that is
 * cancelled already stays so. @throws AppError `not_found`, `conflict` when it ended otherwise
 */
export async function cancelJob(
  ctx: Context,
  deps: ConversionDeps,
  jobId: string,
): Promise<JobRow> {
  const job = await findJob(ctx, jobId);
  if (job.status === 'cancelled') return job;
  const { result } = await deps.metering.release({
    organizationId: ctx.organization.id,
    jobId,
    fence: null,
    status: 'cancelled',
    error: null,
    reason: 'cancelled',
  });
  const ended = await findJob(ctx, jobId);
  if (result === 'stale' && ended.status !== 'cancelled') {
    throw new AppError('conflict', `The conversion has ${ended.status} and cannot be cancelled.`);
  }
  deps.leases.abort(jobId);
  await ctx.db.query(announceCancel(jobId));
  return ended;
}

/**
 * Deletes the bytes of a job that has ended; what was counted stays counted.
 * @throws AppError `not_found`, `conflict` while it waits or runs
 */
export async function purgeJob(ctx: Context, deps: ConversionDeps, jobId: string): Promise<void> {
  const job = await findJob(ctx, jobId);
  if (job.status === 'queued' || job.status === 'processing') {
    throw new AppError('conflict', 'The conversion has not ended. Cancel it first.');
  }
  await ctx.db.query(updateJobPurged(ctx.organization.id, jobId, ctx.clock.now()));
  const place = job.output?.place ?? null;
  await deps.storage.remove(placesOfJob(ctx.organization.id, { ...job, place }));
}

export interface OpenedOutput {
  readonly output: StoredOutput;
  readonly stream: Readable;
  readonly range: ByteRange | null;
}

/**
 * The output's bytes, all or a range of them.
 *
 * @param chooseRange what of it is wanted; null for all
 * @throws AppError `not_found`, `conflict` while there is none, `expired` when it is gone
 */
export async function openOutput(
  ctx: Context,
  deps: ConversionDeps,
  jobId: string,
  chooseRange: (output: StoredOutput) => ByteRange | null = () => null,
): Promise<OpenedOutput> {
  const job = await findJob(ctx, jobId);
  if (job.purged_at !== null || job.status === 'expired') throw gone();
  if (job.status !== 'succeeded' || job.output === null) {
    throw new AppError('conflict', `The conversion has no output: it is ${job.status}.`);
  }
  if (Date.parse(job.output.expires_at) <= ctx.clock.now().getTime()) throw gone();
  const range = chooseRange(job.output);
  const stream = await deps.storage.open(job.output.place, range ?? undefined);
  if (stream === null) throw gone();
  return { output: job.output, stream, range };
}

function gone(): AppError {
  return new AppError('expired', 'The output has expired or was deleted.');
}
