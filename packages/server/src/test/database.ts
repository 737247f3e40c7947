import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { applicationConnection } from '../db/application-role.ts';
import { Pool } from '../db/pool.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testDatabases: {
      /** A user who may create databases. */
      connection: pg.ClientConfig;
      /** Name of the migrated database that tests copy; also the prefix of the copies' names. */
      template: string;
      hasApplicationRole: boolean;
    };
  }
}

export interface TestDatabase {
  /** The owner's connection. */
  readonly connection: pg.ClientConfig;
  /** The connection that the product itself would use. */
  readonly applicationConnection: pg.ClientConfig;
  /** Under the application's role, as in production. */
  readonly db: Pool;
  /** As the owner, for what the application may not do. */
  readonly owner: Pool;
  close(): Promise<void>;
}

/**
 * A migrated database of the caller's own, a copy of the template.
 *
 * @example
 * let database: TestDatabase;
 * beforeAll(async () => { database = await createTestDatabase(); });
 * afterAll(() => database.close());
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { template, hasApplicationRole } = inject('testDatabases');
  const { connection, drop } = await createDatabase(template);
  const application = applicationConnection(connection, hasApplicationRole);
  const db = new Pool({ connection: application, connectionsMax: 20 });
  const owner = new Pool({ connection, connectionsMax: 5 });
  return {
    connection,
    applicationConnection: application,
    db,
    owner,
    close: async () => {
      await Promise.all([db.close(), owner.close()]);
      await drop();
    },
  };
}

/** An empty database of the caller's own: for tests of the migrator. */
export async function createEmptyDatabase(): Promise<{
  connection: pg.ClientConfig;
  drop: () => Promise<void>;
}> {
  return createDatabase('template0');
}

async function createDatabase(
  source: string,
): Promise<{ connection: pg.ClientConfig; drop: () => Promise<void> }> {
  const { connection, template } = inject('testDatabases');
  const name = `${template}_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(connection, `CREATE DATABASE ${name} TEMPLATE ${source}`);
  return {
    connection: { ...connection, database: name },
    drop: () => runAsAdmin(connection, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Runs one statement on a connection of its own. */
export async function runAsAdmin(connection: pg.ClientConfig, statement: string): Promise<void> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
