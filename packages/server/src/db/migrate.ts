import pg from 'pg';
import type { Log } from '../context.ts';
import { ensureApplicationRole, grantApplicationRole } from './application-role.ts';
import { applyFunctions } from './functions.ts';
import { OperatorError } from './operator-error.ts';
import { connectionConfig } from './pool.ts';
import { readSqlFiles, sqlFileError } from './sql-file.ts';
import type { SqlFile } from './sql-file.ts';

export interface MigrateOptions {
  /** The owner of the schema. Not through a pooler in transaction mode: the lock is the session's. */
  connection: pg.ClientConfig;
  migrationsDir: string;
  functionsDir: string;
  log: Log;
}

export interface MigrateResult {
  /** Names of the migrations that ran now, in order. */
  applied: string[];
  /** Names of the function files that ran now. */
  functionsApplied: string[];
  /** Signatures of the functions that no file defines any more. */
  functionsDropped: string[];
  /** Whether connections can take the application's role; see `applicationConnection`. */
  hasApplicationRole: boolean;
}

const migrationName = /^\d{4}_[a-z0-9_]+\.sql$/;
const functionName = /^[a-z0-9_]+\.sql$/;
/** Any number will do as long as it never changes: `mutate` in ASCII. */
const lockKey = '120321730049125';
const oldestServer = 150_000;

/**
 * Brings the schema to this version: new migrations, each in a transaction of its own, then the
 * functions and the application role's rights. One process at a time; the others wait and then
 * find nothing to do. Throws an OperatorError, with nothing changed, for a schema that is newer
 * than this code, an edited migration, a server before PostgreSQL 15, or a failing file.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const migrations = await readSqlFiles(options.migrationsDir, migrationName);
  const functions = await readSqlFiles(options.functionsDir, functionName);
  refuseSharedNumbers(migrations);
  const { connection } = options;
  const client = new pg.Client(connectionConfig({ connection, applicationName: 'mutate migrate' }));
  // A connection that breaks fails the query that runs; without a listener it would end Node.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await prepareSession(client);
    await takeLock(client, options.log);
    const applied = await applyMigrations(client, migrations, options.log);
    const { applied: functionsApplied, dropped: functionsDropped } = await inTransaction(
      client,
      () => applyFunctions(client, functions),
    );
    const hasApplicationRole = await ensureApplicationRole(client, options.log);
    if (hasApplicationRole) await inTransaction(client, () => grantApplicationRole(client));
    return { applied, functionsApplied, functionsDropped, hasApplicationRole };
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

async function prepareSession(client: pg.Client): Promise<void> {
  await client.query(
    `SET search_path = public; SET statement_timeout = 0; SET lock_timeout = 0;
     SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning`,
  );
  const { rows } = await client.query<{ version: number; shown: string; may_create: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS shown,
       has_schema_privilege('public', 'CREATE') AS may_create`,
  );
  const [server] = rows;
  if (server === undefined || server.version < oldestServer) {
    throw new OperatorError(`PostgreSQL 15 or newer is needed; this server is ${server?.shown}.`);
  }
  if (!server.may_create) {
    throw new OperatorError(
      `The database user ${client.user} may not create tables. As the database's owner run: ` +
        `GRANT CREATE ON SCHEMA public TO "${client.user}"`,
    );
  }
}

async function takeLock(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock($1::bigint) AS taken',
    [lockKey],
  );
  if (rows[0]?.taken === true) return;
  log.info({}, 'another process is migrating this database; waiting for it');
  await client.query('SELECT pg_advisory_lock($1::bigint)', [lockKey]);
}

async function applyMigrations(
  client: pg.Client,
  files: readonly SqlFile[],
  log: Log,
): Promise<string[]> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS mutate_migrations (name text PRIMARY KEY, checksum text NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT now());
     CREATE TABLE IF NOT EXISTS mutate_functions (name text PRIMARY KEY, checksum text NOT NULL,
       signatures text[] NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM mutate_migrations ORDER BY name COLLATE "C"',
  );
  const pending = pendingMigrations(files, rows);
  for (const file of pending) {
    const startedMs = performance.now();
    await inTransaction(client, async () => {
      await client.query(file.text).catch((error: unknown) => {
        throw sqlFileError(file, error);
      });
      await client.query('INSERT INTO mutate_migrations (name, checksum) VALUES ($1, $2)', [
        file.name,
        file.checksum,
      ]);
    });
    const durationMs = Math.round(performance.now() - startedMs);
    log.info({ migration: file.name, durationMs }, 'migration applied');
  }
  return pending.map((file) => file.name);
}

/** What has still to run, after every check that needs no change: history must be a prefix. */
function pendingMigrations(
  files: readonly SqlFile[],
  applied: readonly { name: string; checksum: string }[],
): SqlFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, checksum } of applied) {
    const file = byName.get(name);
    if (file === undefined) {
      throw new OperatorError(
        `The database has a newer schema: it contains the migration ${name}, which this version ` +
          `does not know. Start the version that made it, or restore a backup.`,
      );
    }
    if (file.checksum !== checksum) {
      throw new OperatorError(
        `The migration ${name} was edited after it had been applied. Restore the file and put ` +
          `the change into a new migration.`,
      );
    }
    byName.delete(name);
  }
  const last = applied.at(-1)?.name ?? '';
  const late = [...byName.keys()].find((name) => name < last);
  if (late !== undefined) {
    throw new OperatorError(
      `The migration ${late} comes before ${last}, which is applied already. Give it the next number.`,
    );
  }
  return [...byName.values()];
}

function refuseSharedNumbers(files: readonly SqlFile[]): void {
  files.forEach((file, index) => {
    const next = files[index + 1];
    if (next?.name.slice(0, 4) === file.name.slice(0, 4)) {
      throw new OperatorError(`The migrations ${file.name} and ${next.name} share a number.`);
    }
  });
}

async function inTransaction<Result>(
  client: pg.Client,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // The first error is the one to tell; a connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
