import type { Queryable } from '../db/pool.ts';
import { deleteEnded } from './sql.ts';

/** Removes sessions and one-time tokens that have ended, and counts of tries that are forgotten. */
export async function deleteOldLogins(db: Queryable): Promise<void> {
  await db.query(deleteEnded());
}
