import pg from 'pg';
import { OperatorError } from './operator-error.ts';

/**
 * A PostgreSQL URL as separate settings, as everything in the product takes them: in `pg` a
 * connection string silently wins over `database` and `options` beside it. Throws an
 * OperatorError, without the URL (it holds a password), when it cannot be read.
 */
export function connectionFromUrl(url: string): pg.ClientConfig {
  try {
    const { host, port, user, password, database, ssl } = new pg.Client({ connectionString: url });
    const options = new URLSearchParams(url.split('?')[1]).get('options');
    return {
      host,
      port,
      ssl,
      ...(user === undefined ? {} : { user }),
      ...(database === undefined ? {} : { database }),
      ...(typeof password === 'string' ? { password } : {}),
      ...(options === null ? {} : { options }),
    };
  } catch {
    // The cause is left out: it repeats the URL.
    throw new OperatorError(
      'The database URL cannot be read; it looks like postgres://user:password@host:5432/database.',
    );
  }
}
