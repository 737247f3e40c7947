import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../../context.ts';
import { AppError, isErrorCode } from '../../errors.ts';
import { inProgress, type Claim, type StoredReply } from '../../http/idempotency/idempotency.ts';
import type { Caller } from '../../http/ports.ts';
import type { Preferences } from './preferences.ts';
import type { JobRow } from '../schema.ts';

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
  | { readonly kind: 'replayed'; readonly jobId: string; readonly stored: StoredReply };

export interface ConversionResult {
  readonly reply: ConversionReply;
  /** `Mutate-Usage-Warning`, past 80 % of the limit. */
  readonly usageWarning: string | null;
}

/**
 * The answer to a request whose first answer was lost, or whose job somebody else has ended. A
 * synchronous job lives and dies with the one caller who waits for it: nobody is told 202 for it, and
 * its key is kept by its success or its own fault only.
 *
 * @throws AppError `idempotency_in_progress` while it runs: nobody may be left to end it but the sweep;
 *   with `job_id` when it has failed, as its caller would have been told
 */
export function replyFromJob(job: JobRow): ConversionReply {
  if (job.status === 'succeeded') return { kind: 'done', job, bytes: null };
  if (job.mode === 'sync' && job.status === 'failed') throw failureOf(job);
  if (job.mode === 'sync' && job.status === 'processing') throw inProgress();
  return { kind: 'accepted', job };
}

function failureOf({ id, error }: JobRow): AppError {
  const { code = '', detail = 'The conversion failed. It is not counted.' } = error ?? {};
  // What the sweep ended (`interrupted`) is no code of the API: our process was gone.
  const known = isErrorCode(code) ? code : 'overloaded';
  return new AppError(known, detail, { details: { job_id: id } });
}

/** The key under which a caller's conversions are counted. */
export function apiKeyOf(caller: Caller): string | null {
  return caller.kind === 'api_key' ? caller.keyId : null;
}
