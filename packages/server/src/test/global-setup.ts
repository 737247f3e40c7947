import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../db/migrate.ts';
import { runAsAdmin } from './database.ts';
import { quietLog, startTestServer } from './server.ts';

const databaseFolder = path.join(import.meta.dirname, '..', '..', 'db');

/**
 * Starts the run's database server (`TEST_DATABASE_URL` names another one), migrates a template
 * database from the real files and tells the workers where it is. Answers the clean-up.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer(process.env.TEST_DATABASE_URL);
  const { connection } = server;
  const template = `mutate_test_${randomBytes(4).toString('hex')}`;
  const cleanUp = async (): Promise<void> => {
    await dropDatabases(connection, template);
    await server.stop();
  };
  try {
    const hasApplicationRole = await makeTemplate(connection, template);
    project.provide('testDatabases', { connection, template, hasApplicationRole });
    // In watch mode an edited migration or function must show in the next run.
    project.onTestsRerun(async () => {
      await makeTemplate(connection, template);
    });
    return cleanUp;
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function makeTemplate(connection: pg.ClientConfig, template: string): Promise<boolean> {
  await runAsAdmin(connection, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await runAsAdmin(connection, `CREATE DATABASE ${template} TEMPLATE template0`);
  const { hasApplicationRole } = await migrate({
    connection: { ...connection, database: template },
    migrationsDir: path.join(databaseFolder, 'migrations'),
    functionsDir: path.join(databaseFolder, 'functions'),
    log: quietLog,
  });
  return hasApplicationRole;
}

/** The template and every copy a test did not close. */
async function dropDatabases(connection: pg.ClientConfig, template: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
      [template],
    );
    for (const { name } of rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}
