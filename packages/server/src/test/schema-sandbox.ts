import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../db/migrate.ts';
import type { MigrateResult } from '../db/migrate.ts';
import { createEmptyDatabase } from './database.ts';
import { makeTestFolder, quietLog } from './server.ts';

/** An empty database with SQL folders of its own, for tests of the migrator. */
export interface SchemaSandbox {
  readonly connection: pg.ClientConfig;
  readonly migrationsDir: string;
  readonly functionsDir: string;
  run(connection?: pg.ClientConfig): Promise<MigrateResult>;
  writeMigration(name: string, text: string): void;
  /** Writes `<name>.sql` with a function in language SQL. */
  writeFunction(name: string, signature: string, body: string): void;
  query(text: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** Makes a sandbox; the caller closes it. */
export async function createSchemaSandbox(): Promise<SchemaSandbox> {
  const { connection, drop } = await createEmptyDatabase();
  const folder = makeTestFolder();
  const migrationsDir = path.join(folder, 'migrations');
  const functionsDir = path.join(folder, 'functions');
  fs.mkdirSync(migrationsDir);
  fs.mkdirSync(functionsDir);
  return {
    connection,
    migrationsDir,
    functionsDir,
    run: (as = connection) =>
      migrate({ connection: as, migrationsDir, functionsDir, log: quietLog }),
    writeMigration: (name, text) => fs.writeFileSync(path.join(migrationsDir, name), text),
    writeFunction: (name, signature, body) =>
      fs.writeFileSync(
        path.join(functionsDir, `${name}.sql`),
        `CREATE OR REPLACE FUNCTION ${name}${signature} LANGUAGE sql AS $$ ${body} $$;\n`,
      ),
    query: (text) => queryRows(connection, text),
    close: async () => {
      await drop();
      fs.rmSync(folder, { recursive: true });
    },
  };
}

/** Runs a statement on a connection of its own; a row is an array of its values. */
export async function queryRows(connection: pg.ClientConfig, text: string): Promise<unknown[][]> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}
