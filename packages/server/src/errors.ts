/** The code table: every error a client can meet. `docs/errors.md` is generated from it. */
export const errorTable = {
  invalid_request: [400, 'The request is malformed'],
  unauthenticated: [401, 'Credentials are missing or not valid'],
  quota_exceeded: [402, 'The monthly quota is used up'],
  spend_cap_reached: [402, 'The spend cap is reached'],
  payment_declined: [402, 'The payment was declined'],
  payment_overdue: [402, 'A payment is overdue'],
  forbidden: [403, 'The credentials do not allow this'],
  workspace_suspended: [403, 'The workspace is suspended'],
  not_found: [404, 'There is no such object'],
  conflict: [409, 'The object is in another state'],
  idempotency_in_progress: [409, 'A request with this idempotency key is still running'],
  expired: [410, 'The file has expired or was deleted'],
  file_too_large: [413, "The file is larger than the plan's limit"],
  unsupported_format: [415, 'The content is not a known format'],
  range_not_satisfiable: [416, 'There are no such bytes'],
  unsupported_conversion: [422, 'This conversion is not offered'],
  document_encrypted: [422, 'The document is encrypted'],
  document_invalid: [422, 'The document is damaged'],
  document_too_complex: [422, 'The document is over a safety bound'],
  source_unavailable: [422, 'The file could not be fetched from its URL'],
  idempotency_mismatch: [422, 'The idempotency key was used for another request'],
  rate_limited: [429, 'Too many requests'],
  concurrency_limited: [429, 'Too many conversions at once'],
  queue_full: [429, 'Too many conversions are waiting'],
  internal_error: [500, 'Something went wrong on our side'],
  overloaded: [503, 'The service is saturated or draining'],
  conversion_timeout: [504, 'The conversion ran out of time'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof errorTable;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

/** Codes after which the same request may succeed later without being changed. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'idempotency_in_progress',
  'rate_limited',
  'concurrency_limited',
  'queue_full',
  'internal_error',
  'overloaded',
  'conversion_timeout',
]);

export interface AppErrorExtras {
  /** Public members of the problem document: `limit`, `supported_targets`, … */
  details?: Record<string, unknown>;
  /** Seconds for the `Retry-After` header. */
  retryAfterSeconds?: number;
  /** What happened, for the log only. */
  cause?: unknown;
  /** It may have been done all the same: an idempotency key keeps its claim for the repeat. */
  isUnsure?: boolean;
}

/**
 * The one error of the product. `message` is public (the problem's `detail`): it names the field
 * and the allowed values. What only the operator may read goes into `cause`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;
  readonly isUnsure: boolean;

  constructor(code: ErrorCode, message: string, extras: AppErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'AppError';
    this.code = code;
    [this.status, this.title] = errorTable[code];
    this.retryable = retryableCodes.has(code);
    this.details = extras.details ?? {};
    this.retryAfterSeconds = extras.retryAfterSeconds;
    this.isUnsure = extras.isUnsure ?? false;
  }
}

/** 404 with one wording for "unknown" and "another workspace's", so neither can be told apart. */
export function notFound(kind: string): AppError {
  return new AppError('not_found', `There is no such ${kind}.`);
}
