import type { Job } from './types.ts';

export interface MutateErrorExtras {
  code: string;
  status?: number | undefined;
  requestId?: string | null | undefined;
  retryable?: boolean | undefined;
  retryAfterMs?: number | null | undefined;
  jobId?: string | null | undefined;
  extras?: Record<string, unknown> | undefined;
  cause?: unknown;
}

/**
 * Every failure that the service or the way to it can cause. `code` is the API's error code, or one
 * of ours: `connection_failed`, `timed_out`, `unexpected_reply`, `wait_timed_out`, `cancelled`.
 */
export class MutateError extends Error {
  readonly code: string;
  /** Status of the HTTP reply; 0 where there was none; 200 for a job that failed after its 202. */
  readonly status: number;
  /** What happened, in words for the person who asked. */
  readonly detail: string;
  readonly requestId: string | null;
  /** The same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** The server's `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | null;
  /** The job concerned, where one exists. It may still be running after a `ConnectionError`. */
  readonly jobId: string | null;
  /** The problem's other members: `limit`, `resets_at`, `supported_targets`, … */
  readonly extras: Record<string, unknown>;

  constructor(detail: string, extras: MutateErrorExtras) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'MutateError';
    this.code = extras.code;
    this.status = extras.status ?? 0;
    this.detail = detail;
    this.requestId = extras.requestId ?? null;
    this.retryable = extras.retryable ?? false;
    this.retryAfterMs = extras.retryAfterMs ?? null;
    this.jobId = extras.jobId ?? null;
    this.extras = extras.extras ?? {};
  }
}

/** No whole reply arrived: the server was not reached, or the connection broke or fell silent. */
export class ConnectionError extends MutateError {
  constructor(
    detail: string,
    extras: { code?: 'connection_failed' | 'timed_out'; jobId?: string; cause?: unknown } = {},
  ) {
    super(detail, {
      code: extras.code ?? 'connection_failed',
      retryable: true,
      jobId: extras.jobId,
      cause: extras.cause,
    });
    this.name = 'ConnectionError';
  }
}

/**
 * The error that a refused or failed request's reply carries (RFC 9457). A reply without a problem
 * document (a proxy's page) becomes `unexpected_reply`.
 */
export async function errorFromReply(response: Response): Promise<MutateError> {
  const base = {
    status: response.status,
    requestId: response.headers.get('request-id'),
    retryAfterMs: parseRetryAfterMs(response.headers.get('retry-after'), Date.now()),
  };
  const problem = parseObject(await response.text());
  if (problem === null || typeof problem['code'] !== 'string') {
    return new MutateError(`The server answered ${response.status} without a reason.`, {
      ...base,
      code: 'unexpected_reply',
      retryable: [429, 500, 502, 503, 504].includes(response.status),
    });
  }
  const { type, title, status, detail, instance, code, request_id, retryable, job_id, ...extras } =
    problem;
  void [type, status, instance];
  return new MutateError(text(detail) ?? text(title) ?? `HTTP ${response.status}`, {
    ...base,
    code: code,
    requestId: text(request_id) ?? base.requestId,
    retryable: retryable === true,
    jobId: text(job_id),
    extras,
  });
}

/** The error of a job that ended without an output. */
export function errorFromJob(job: Job): MutateError {
  const words = { cancelled: 'The conversion was cancelled.', expired: 'The output has expired.' };
  const plain = words[job.status === 'expired' ? 'expired' : 'cancelled'];
  return new MutateError(job.error?.detail ?? plain, {
    code: job.error?.code ?? (job.status === 'expired' ? 'expired' : 'cancelled'),
    status: 200,
    retryable: job.error?.retryable ?? false,
    jobId: job.id,
  });
}

/**
 * Milliseconds that a `Retry-After` header asks for: whole seconds or an HTTP date (RFC 9110,
 * 10.2.3). Null where it is absent or neither.
 */
function parseRetryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
