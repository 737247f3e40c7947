import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { Document } from './documents.ts';
import type { Journal } from './journal.ts';
import type { Change } from './state.ts';

const migrationsFolder = path.join(import.meta.dirname, '..', '..', 'db', 'migrations');
/** A server that does not answer for that long counts as gone. */
const timeoutMs = 20_000;
/** One simulator a database; any number will do as long as it never changes. */
const lockKey = '83116114105112';

/** Another simulator works on the same database. */
export class JournalInUseError extends Error {}

/**
 * Keeps the documents in the schema `stripe_sim` of a PostgreSQL database and brings that schema up
 * to date first. Holds one connection and on it a lock: `load` fails with a
 * `JournalInUseError` while another simulator works on the same database. A connection that breaks is opened again by the next `load`.
 *
 * @param connection of a user who may create the schema
 */
export function createPostgresJournal(connection: pg.ClientConfig): Journal {
  let client: pg.Client | undefined;
  const close = async (): Promise<void> => {
    const closing = client;
    client = undefined;
    await closing?.end().catch(() => undefined);
  };
  return {
    async load() {
      await close();
      client = await open(connection);
      const { rows } = await client.query<{ document: Document }>(
        'SELECT document FROM stripe_sim.documents ORDER BY seq, kind, id',
      );
      return rows.map((row) => row.document);
    },
    async write(changes) {
      if (client === undefined) throw new Error('the simulator has no connection to its database');
      await writeChanges(client, changes);
    },
    close,
  };
}

async function open(connection: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({
    ...connection,
    application_name: 'stripe-sim',
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // A connection that breaks fails the query that runs; without a listener it would end Node.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await takeLock(client);
    await migrate(client);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function takeLock(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock($1::bigint) AS taken',
    [lockKey],
  );
  if (rows[0]?.taken !== true) {
    throw new JournalInUseError('Another Stripe simulator works on this database; stop it first.');
  }
}

async function migrate(client: pg.Client): Promise<void> {
  await client.query(
    `SET client_min_messages = warning;
     CREATE SCHEMA IF NOT EXISTS stripe_sim;
     CREATE TABLE IF NOT EXISTS stripe_sim.migrations (name text PRIMARY KEY)`,
  );
  const { rows } = await client.query<{ name: string }>('SELECT name FROM stripe_sim.migrations');
  const applied = new Set(rows.map((row) => row.name));
  const names = (await readdir(migrationsFolder)).filter((name) => name.endsWith('.sql'));
  const unknown = [...applied].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`The schema stripe_sim is newer than this version: it contains ${unknown}.`);
  }
  for (const name of names.toSorted()) {
    if (applied.has(name)) continue;
    const text = await readFile(path.join(migrationsFolder, name), 'utf8');
    await inTransaction(client, async () => {
      await client.query(text);
      await client.query('INSERT INTO stripe_sim.migrations (name) VALUES ($1)', [name]);
    });
  }
}

async function writeChanges(client: pg.Client, changes: readonly Change[]): Promise<void> {
  const kept = changes.filter((change) => change.document !== null);
  const removed = changes.filter((change) => change.document === null);
  await inTransaction(client, async () => {
    if (kept.length > 0) {
      await client.query(
        `INSERT INTO stripe_sim.documents (kind, id, seq, document)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::json[])
         ON CONFLICT (kind, id) DO UPDATE SET document = EXCLUDED.document`,
        [
          kept.map((change) => change.kind),
          kept.map((change) => change.id),
          kept.map((change) => change.document?.sim_seq),
          kept.map((change) => JSON.stringify(change.document)),
        ],
      );
    }
    if (removed.length > 0) {
      await client.query(
        `DELETE FROM stripe_sim.documents
         WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
        [removed.map((change) => change.kind), removed.map((change) => change.id)],
      );
    }
  });
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
