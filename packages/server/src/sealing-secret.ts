import type { Database } from './db/pool.ts';
import { OperatorError } from './db/operator-error.ts';
import { sql } from './db/sql.ts';
import type { Secrets } from './secrets.ts';

/**
 * Holds this process's secret against the one that the database's secrets are sealed with, and keeps it
 * in mind where it is the first. Processes with different ones would not read each other's.
 *
 * @throws OperatorError that says what to set
 */
export async function requireSealingSecret(db: Database, secrets: Secrets): Promise<void> {
  const fingerprint = secrets.sign('fingerprint', 'sealing secret');
  await db.query(sql`INSERT INTO sealing_secret (fingerprint) VALUES (${fingerprint})
    ON CONFLICT DO NOTHING`);
  const [kept] = await db.query<{ fingerprint: string }>(
    sql`SELECT fingerprint FROM sealing_secret`,
  );
  if (kept?.fingerprint === fingerprint) return;
  throw new OperatorError(
    'The secret of this process is not the one that secrets in this database are sealed with. Set ' +
      "AUTH_SECRET to the other processes' value, or to the content of auth-secret in the data folder " +
      'of the process that was first. If it is lost: DELETE FROM sealing_secret, start again, and ' +
      'rotate the secrets of all webhook endpoints.',
  );
}
