import { AppError } from '../errors.ts';
import { isTransient } from '../db/transient.ts';

/** A problem document of RFC 9457 with our own members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly request_id: string;
  readonly retryable: boolean;
  readonly [member: string]: unknown;
}

export const problemContentType = 'application/problem+json; charset=utf-8';

/** Where an error happened, as far as its document shows it. */
export interface ProblemPlace {
  readonly publicUrl: string;
  /** The path without its query, which may hold what is nobody else's business. */
  readonly path: string;
  readonly requestId: string;
}

export function toProblem(error: AppError, place: ProblemPlace): Problem {
  return {
    type: `${place.publicUrl}/docs/errors#${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    instance: place.path,
    code: error.code,
    request_id: place.requestId,
    retryable: error.retryable,
    ...error.details,
  };
}

/**
 * The public face of any error. What is not an AppError already becomes one: the framework's own
 * complaints a 400, a database that is away a 503, everything else a 500 that says nothing.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return internalError(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const framework = frameworkMessages[code];
  if (framework !== undefined) return new AppError('invalid_request', framework, { cause: error });
  // PostgreSQL: a text with U+0000 in it, or a JSON text that escapes it.
  if (code === '22021' || code === '22P05') {
    const message = 'A text may not contain the character U+0000.';
    return new AppError('invalid_request', message, { cause: error });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = 'The service is out of disk space at the moment.';
    return new AppError('overloaded', message, { retryAfterSeconds: 60, cause: error });
  }
  // Before the database's: a reset connection has the same code on either side, and only the client's
  // was given a status.
  const client = clientError(error);
  if (client !== null) return client;
  if (isTransient(error)) {
    const message = 'The service cannot reach its database at the moment.';
    return new AppError('overloaded', message, { retryAfterSeconds: 2, cause: error });
  }
  return internalError(error);
}

function internalError(cause: unknown): AppError {
  const message =
    'Something went wrong on our side. Try again; if it stays, quote the request id to support.';
  return new AppError('internal_error', message, { cause });
}

/** What Fastify's parsers throw as plain errors with a status of the client's side. */
function clientError(error: Error): AppError | null {
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  const message = 'The body is not valid JSON.';
  return error instanceof SyntaxError
    ? new AppError('invalid_request', message, { cause: error })
    : new AppError('invalid_request', 'The request could not be read whole.', { cause: error });
}

const frameworkMessages: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The Content-Type must be application/json.',
  FST_ERR_CTP_INVALID_TYPE: 'The Content-Type is not valid.',
  FST_ERR_CTP_EMPTY_TYPE: 'The Content-Type must not be empty.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'A JSON body may have at most 1 MB (1,048,576 bytes).',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty; it must be JSON.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_BAD_URL: 'The path is not a valid URL.',
};
