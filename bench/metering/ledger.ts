import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { systemClock } from '../../packages/server/src/clock.ts';
import type { Log } from '../../packages/server/src/context.ts';
import { startEmbeddedPostgres } from '../../packages/server/src/db/embedded.ts';
import { migrate } from '../../packages/server/src/db/migrate.ts';
import { Pool } from '../../packages/server/src/db/pool.ts';
import { sql } from '../../packages/server/src/db/sql.ts';
import { newId } from '../../packages/server/src/ids.ts';
import { findViolations } from '../../packages/server/src/metering/invariants.ts';
import { makePartitions } from '../../packages/server/src/metering/partitions.ts';

/** A database server with the durable settings of production, in a folder that goes with it. */
export interface BenchServer {
  /** A migrated database of the caller's own, with `organizations` organizations. */
  createLedger(name: string, organizations: number): Promise<Ledger>;
  stop(): Promise<void>;
}

export interface Ledger {
  readonly connection: pg.ClientConfig;
  readonly organizationIds: readonly string[];
  /** What does not add up; empty when everything does and nothing is left reserved. */
  findMistakes(): Promise<string[]>;
  close(): Promise<void>;
}

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
};

export async function startBenchServer(): Promise<BenchServer> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'mutate-bench-'));
  // As root the database runs under another user, who must be able to pass through.
  fs.chmodSync(dataDir, 0o711);
  const remove = (): void => fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  // Every contender keeps its connections, in four processes each.
  const settings = { max_connections: '400' };
  const server = await startEmbeddedPostgres({ dataDir, log, settings }).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    createLedger: (name, organizations) => createLedger(server.connection, name, organizations),
    stop: async () => {
      await server.stop();
      remove();
    },
  };
}

async function createLedger(
  admin: pg.ClientConfig,
  name: string,
  organizations: number,
): Promise<Ledger> {
  const owner = new Pool({ connection: admin, connectionsMax: 1 });
  await owner.query({ text: `CREATE DATABASE "${name}"`, values: [], name: '' });
  await owner.close();
  const connection = { ...admin, database: name };
  const folder = path.join(import.meta.dirname, '../../packages/server/db');
  await migrate({
    connection,
    migrationsDir: path.join(folder, 'migrations'),
    functionsDir: path.join(folder, 'functions'),
    log,
  });
  const db = new Pool({ connection, connectionsMax: 2 });
  await makePartitions(db, systemClock);
  const organizationIds = await insertOrganizations(db, organizations);
  return {
    connection,
    organizationIds,
    findMistakes: () => findMistakes(db),
    close: () => db.close(),
  };
}

/** With limits so high that they are checked and never met. */
async function insertOrganizations(db: Pool, count: number): Promise<string[]> {
  const now = systemClock.now();
  const ids = Array.from({ length: count }, () => newId('org', now.getTime()));
  await db.query(sql`SELECT create_organization(id, 'Bench', id, NULL, 'sub_' || id,
      'plan_enterprise', ${now}::timestamptz)
    FROM unnest(${ids}::text[]) AS x (id)`);
  await db.query(sql`UPDATE organization_subscriptions SET override_id = 'ovr_bench',
    override_monthly_limit = 1000000000, override_concurrent_limit = 100000,
    override_max_file_size_mb = 100`);
  await db.query(sql`SELECT lock_organizations(${ids}::text[], ${now}::timestamptz)`);
  await db.query(sql`ANALYZE`);
  return ids;
}

async function findMistakes(db: Pool): Promise<string[]> {
  const violations = await findViolations(db, null);
  const [left] = await db.query<{ reserved: number; counted: number; events: number }>(
    sql`SELECT sum(reserved)::bigint AS reserved, sum(used)::bigint AS counted,
        (SELECT count(*) FROM usage_events) AS events FROM usage_counters`,
  );
  const lines = violations.map((one) => `${one.organization_id}: ${one.detail}`);
  if (left === undefined || left.reserved !== 0) lines.push(`${left?.reserved} left reserved`);
  if (left?.counted !== left?.events) lines.push(`${left?.counted} and ${left?.events} counted`);
  return lines;
}
