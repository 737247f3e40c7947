import { AppError } from '../errors.ts';

/**
 * For a conversion that was given up since the database did not answer: nobody's conversion failed
 * here, the same request succeeds once the database is back.
 */
export function databaseAway(cause: unknown): AppError {
  const message =
    'The service could not reach its database during the conversion. It is not counted; try again.';
  return new AppError('overloaded', message, { retryAfterSeconds: 2, cause });
}
