import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import type { Claim, StoredReply } from '../http/idempotency.ts';
import type { Caller } from '../http/ports.ts';
import type { Preferences } from './preferences.ts';
import type { JobRow } from './schema.ts';

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

/** The answer to a repeated request whose first answer was lost with its server. */
export function replyFromJob(job: JobRow): ConversionReply {
  return job.status === 'succeeded'
    ? { kind: 'done', job, bytes: null }
    : { kind: 'accepted', job };
}

/** The key under which a caller's conversions are counted. */
export function apiKeyOf(caller: Caller): string | null {
  return caller.kind === 'api_key' ? caller.keyId : null;
}
