import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../context.ts';
import { databaseUser, prepareCluster } from './embedded-cluster.ts';
import { prepareLayout, readOrMakePassword } from './embedded-layout.ts';
import type { Layout } from './embedded-layout.ts';
import { isAnswering, takeSupervisorLock } from './embedded-lock.ts';
import {
  isServerOf,
  readServerPid,
  removeStaleServerLocks,
  serverSocket,
} from './embedded-process.ts';
import { prepareRuntime, removeOtherRuntimes } from './embedded-runtime.ts';
import type { Runtime } from './embedded-runtime.ts';
import { adoptedServer, recentServerOutput, spawnServer, stopServer } from './embedded-server.ts';
import type { Server, ServerExit } from './embedded-server.ts';
import { OperatorError } from './operator-error.ts';

export interface EmbeddedPostgresOptions {
  /** The server lives in its folder `postgres`; see `resolveDataFolder`. */
  dataDir: string;
  log: Log;
  /** Server settings that win over the durable defaults; for tests. */
  settings?: Readonly<Record<string, string>>;
  /** Where the programs are copied to; by default into the data folder. */
  runtimeParent?: string;
  /** Called when the server ended while nobody asked it to, and is not to be started again. */
  onExit?: (exit: ServerExit) => void;
}

export interface EmbeddedPostgres {
  /** The owner's connection, over the unix socket. */
  readonly connection: pg.ClientConfig & { host: string; password: string };
  /** Of the server that runs now: one that ends by itself is started again. */
  readonly pid: number;
  /** Whether the server had outlived an earlier process. */
  readonly adopted: boolean;
  /** Fast shutdown; the server of an earlier process is stopped too. May be called twice. */
  stop(): Promise<void>;
}

/** Recovery after a crash may take this long; progress is logged. */
const startMsMax = 10 * 60_000;
/** Orphans of a killed server notice within seconds and hold its locks until then. */
const staleLockMsMax = 20_000;
const stopMsMax = 60_000;
/** A server that ends more often than that has a reason which a start does not mend. */
const restartsMax = 5;
const restartWindowMs = 60_000;

/**
 * Starts PostgreSQL on the data folder, or adopts the one that still runs there; makes cluster,
 * password and database at the first start. Answers when it takes connections. Throws an
 * OperatorError that names the mend: folder in use, other major version, programs missing.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options;
  const layout = prepareLayout(dataDir);
  const lock = await takeSupervisorLock(layout.socketFolder, dataDir);
  try {
    const runtime = prepareRuntime(options.runtimeParent ?? layout.root);
    const password = readOrMakePassword(layout);
    const settings = options.settings ?? {};
    const durable = settings.fsync !== 'off';
    const { created } = await prepareCluster(layout, runtime, { password, durable });
    if (created) log.info({ folder: layout.root }, 'made a new database cluster');
    const connection = connectionOf(layout, password);
    const server =
      (await adopt(layout, connection, log)) ??
      (await start(layout, runtime, { settings, connection, log }));
    if (!server.adopted && options.runtimeParent === undefined) {
      removeOtherRuntimes(layout.root, runtime);
    }
    await makeDatabase(connection);
    return supervise(server, connection, {
      ...options,
      release: () => lock.release(),
      startAgain: async () =>
        (await adopt(layout, connection, log)) ??
        (await start(layout, runtime, { settings, connection, log })),
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The owner's connection to the server that another process keeps on a data folder; undefined where
 * there has never been one. Whether it runs shows when somebody connects.
 */
export function findEmbeddedConnection(
  dataDir: string,
): EmbeddedPostgres['connection'] | undefined {
  if (!fs.existsSync(path.join(dataDir, 'postgres', 'password'))) return undefined;
  const layout = prepareLayout(dataDir);
  return connectionOf(layout, readOrMakePassword(layout));
}

function connectionOf(layout: Layout, password: string): EmbeddedPostgres['connection'] {
  const host = layout.socketFolder;
  return { host, port: 5432, user: databaseUser, password, database: databaseUser };
}

/**
 * Watches the server and starts it again when it ends by itself (the kernel was out of memory,
 * somebody killed it): what was committed is there, and clients retry what was under way. One that
 * keeps ending is left alone and reported.
 */
function supervise(
  first: Server,
  connection: EmbeddedPostgres['connection'],
  options: EmbeddedPostgresOptions & { release: () => void; startAgain: () => Promise<Server> },
): EmbeddedPostgres {
  const { log } = options;
  let server = first;
  let stopping: Promise<void> | undefined;
  let restarting: Promise<void> = Promise.resolve();
  const endsMs: number[] = [];
  const restart = async (exit: ServerExit): Promise<void> => {
    const nowMs = performance.now();
    endsMs.push(nowMs);
    const recent = endsMs.filter((endMs) => nowMs - endMs < restartWindowMs).length;
    if (stopping !== undefined) return;
    if (recent > restartsMax) return options.onExit?.(exit);
    log.error({ exit, alarm: true }, 'PostgreSQL ended by itself; starting it again');
    try {
      server = await options.startAgain();
      log.info({ pid: server.pid }, 'PostgreSQL is back');
      watch();
    } catch (error) {
      log.error({ err: error }, 'PostgreSQL does not start again');
      options.onExit?.(exit);
    }
  };
  const watch = (): void => {
    void server.exited.then((exit) => {
      restarting = restart(exit);
    });
  };
  watch();
  return {
    connection,
    get pid() {
      return server.pid;
    },
    adopted: first.adopted,
    stop: () => {
      stopping ??= restarting
        .then(() => stopServer(server, stopMsMax, log))
        .finally(options.release);
      return stopping;
    },
  };
}

async function adopt(
  layout: Layout,
  connection: pg.ClientConfig,
  log: Log,
): Promise<Server | undefined> {
  const pid = readServerPid(layout);
  if (pid !== undefined && isServerOf(layout, pid)) {
    const server = adoptedServer(layout, pid);
    if (await waitUntilReady(server, connection, log)) {
      log.info({ pid }, 'adopted the PostgreSQL that an earlier process left running');
      return server;
    }
    // It was shutting down, and is gone now.
  }
  if (await isAnswering(serverSocket(layout))) {
    throw new OperatorError(
      `A PostgreSQL that this process cannot see works on ${layout.cluster}, perhaps in another ` +
        'container that shares the folder. Stop it, or set MUTATE_DATA_DIR to another folder.',
    );
  }
  removeStaleServerLocks(layout);
  return undefined;
}

async function start(
  layout: Layout,
  runtime: Runtime,
  options: {
    settings: Readonly<Record<string, string>>;
    connection: pg.ClientConfig;
    log: Log;
  },
): Promise<Server> {
  const endMs = performance.now() + staleLockMsMax;
  for (;;) {
    const server = await spawnServer(layout, runtime, options.settings);
    try {
      if (await waitUntilReady(server, options.connection, options.log)) return server;
    } catch (error) {
      await stopServer(server, stopMsMax, options.log);
      throw error;
    }
    const output = recentServerOutput(layout);
    const isLocked = /lock file .* already exists|pre-existing shared memory block/.test(output);
    if (!isLocked || performance.now() > endMs) {
      throw new OperatorError(`The embedded PostgreSQL did not start:\n${output}`);
    }
    await sleep(250);
  }
}

/** True when it takes connections, false when it has ended instead. */
async function waitUntilReady(
  server: Server,
  connection: pg.ClientConfig,
  log: Log,
): Promise<boolean> {
  const startedMs = performance.now();
  let toldMs = startedMs;
  while (server.isRunning()) {
    const client = new pg.Client({ ...connection, database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch (error) {
      // A failed client must be closed all the same; it has nothing to say any more.
      await client.end().catch(() => undefined);
      if (!isPassing(error)) throw refused(error);
    }
    const nowMs = performance.now();
    if (nowMs - startedMs > startMsMax) {
      throw new OperatorError('The embedded PostgreSQL takes no connections after ten minutes.');
    }
    if (nowMs - toldMs > 5000) {
      toldMs = nowMs;
      log.info({ pid: server.pid }, 'waiting for PostgreSQL (it may be recovering from a crash)');
    }
    await sleep(15);
  }
  return false;
}

/** No socket yet, starting up or shutting down (57P03), cut off in between. */
function isPassing(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return error.code === '57P03' || error.code === '53300';
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  const passing: unknown[] = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN'];
  return passing.includes(code) || error.message.startsWith('Connection terminated');
}

function refused(error: unknown): OperatorError {
  return new OperatorError(
    `The embedded PostgreSQL refuses our connection (${String(error)}). Does the file ` +
      '`postgres/password` in the data folder belong to this database?',
    error,
  );
}

async function makeDatabase(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
      databaseUser,
    ]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseUser}`);
  } finally {
    await client.end();
  }
}
