import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import type { Claim } from '../http/idempotency.ts';
import { newId } from '../ids.ts';
import { admitConversion } from './admit-conversion.ts';
import type { ConversionDeps } from './deps.ts';
import { lookBeforeUpload } from './look.ts';
import type { Preferences } from './preferences.ts';
import { prepareConversion } from './prepare-conversion.ts';
import { receiveUpload } from './receive-upload.ts';
import type { JobRow } from './schema.ts';
import { findJob } from './sql.ts';

/** A request for one conversion, its body not read yet. */
export interface ConversionRequest {
  readonly ctx: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly apiKeyId: string | null;
  readonly claim: Claim | null;
  readonly preferences: Preferences;
}

export type ConversionReply =
  /** The job has ended well; its output is at hand where it is small. */
  | { readonly kind: 'done'; readonly job: JobRow; readonly bytes: Buffer | null }
  /** The job waits or runs. */
  | { readonly kind: 'accepted'; readonly job: JobRow }
  /** The request was answered before, under its idempotency key. */
  | { readonly kind: 'replayed'; readonly jobId: string; readonly stored: StoredJobReply };

export interface StoredJobReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ConversionResult {
  readonly reply: ConversionReply;
  /** `Mutate-Usage-Warning`, past 80 % of the limit. */
  readonly usageWarning: string | null;
}

/**
 * A file in, the right file out: looks whether it would be refused, takes the upload, admits it,
 * and converts it while the caller waits, or queues it.
 *
 * @throws AppError with the code of API.md; a failure after admission carries `job_id`
 */
export async function createConversion(
  deps: ConversionDeps,
  call: ConversionRequest,
): Promise<ConversionResult> {
  const { ctx, claim } = call;
  const decision = await lookBeforeUpload(deps, call);
  const jobId = claim?.jobId ?? newId('job', ctx.clock.now().getTime());
  const upload = await receiveUpload(deps, call, decision, jobId);
  try {
    if (claim?.kind === 'stored') {
      const stored = claim.replay(upload.fingerprint);
      return { reply: { kind: 'replayed', jobId, stored }, usageWarning: null };
    }
    await claim?.settle(upload.fingerprint);
    if (claim?.takenOver === true) {
      const [job] = await ctx.db.query<JobRow>(findJob(ctx.organization.id, jobId));
      if (job !== undefined) return { reply: replyFromJob(job), usageWarning: null };
    }
    const prepared = await prepareConversion(deps, upload);
    return await admitConversion(deps, call, { jobId, upload, prepared });
  } finally {
    await upload.discard();
  }
}

/** The answer to a repeated request whose first answer was lost with its server. */
export function replyFromJob(job: JobRow): ConversionReply {
  return job.status === 'succeeded'
    ? { kind: 'done', job, bytes: null }
    : { kind: 'accepted', job };
}
