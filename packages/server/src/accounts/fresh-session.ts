import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { isFreshSession } from './sql.ts';

/**
 * For what a cookie that somebody got hold of must not do: deleting the account, another address.
 *
 * @throws AppError `forbidden` for a session that is older than ten minutes
 */
export async function requireFreshSession(db: Queryable, sessionId: string): Promise<void> {
  if ((await db.query(isFreshSession(sessionId))).length > 0) return;
  throw new AppError('forbidden', 'Sign in again first: this session is too old for that.', {
    details: { reason: 'sign_in_again' },
  });
}
