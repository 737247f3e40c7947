import fs from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { applicationConnection } from '../db/application-role.ts';
import { startEmbeddedPostgres } from '../db/embedded.ts';
import { migrate } from '../db/migrate.ts';
import { Pool } from '../db/pool.ts';
import { makeRuntimeCache, makeTestFolder, quietLog } from '../test/server.ts';

/** A migrated database on a server of its own, durable as in production. */
export interface ProvingGround {
  readonly connection: pg.ClientConfig;
  /** The pools of two servers, and the owner's. */
  readonly servers: readonly [Pool, Pool];
  readonly owner: Pool;
  readonly postgresVersion: string;
  close(): Promise<void>;
}

const databaseFolder = path.join(import.meta.dirname, '..', '..', 'db');

const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts it in a temporary folder that is gone afterwards.
 *
 * @param isDurable false: nothing is flushed, where nothing about crashes is to be shown
 */
export async function openProvingGround(isDurable = true): Promise<ProvingGround> {
  const folder = makeTestFolder();
  const postgres = await startEmbeddedPostgres({
    dataDir: folder,
    log: quietLog,
    runtimeParent: makeRuntimeCache(),
    ...(isDurable ? {} : { settings: careless }),
  });
  const { hasApplicationRole } = await migrate({
    connection: postgres.connection,
    migrationsDir: path.join(databaseFolder, 'migrations'),
    functionsDir: path.join(databaseFolder, 'functions'),
    log: quietLog,
  });
  const connection = applicationConnection(postgres.connection, hasApplicationRole);
  const servers = [
    new Pool({ connection, connectionsMax: 20 }),
    new Pool({ connection, connectionsMax: 20 }),
  ] as const;
  const owner = new Pool({ connection: postgres.connection, connectionsMax: 5 });
  const [version] = await owner.query<{ server_version: string }>({
    text: 'SHOW server_version',
    values: [],
    name: '',
  });
  return {
    connection,
    servers,
    owner,
    postgresVersion: version?.server_version ?? '',
    close: async () => {
      await Promise.all([...servers, owner].map((pool) => pool.close()));
      await postgres.stop();
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
