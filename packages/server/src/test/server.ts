import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import type { Log } from '../context.ts';
import { connectionFromUrl } from '../db/connection.ts';
import { prepareLayout } from '../db/embedded-layout.ts';
import { isAnswering } from '../db/embedded-lock.ts';
import { isServerOf, readServerPid } from '../db/embedded-process.ts';
import { startEmbeddedPostgres } from '../db/embedded.ts';

export interface TestServer {
  /** A user who may create databases and roles. */
  connection: pg.ClientConfig;
  stop(): Promise<void>;
}

/** Test output shows only what goes wrong. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
};

const folderPrefix = 'mutate-postgres-test-';
/** Holds the pid of the run that made the folder. */
const ownerFile = 'owner.pid';

/**
 * One server for a whole test run: the one behind `url`, or an embedded one in a temporary folder
 * that does not wait for the disk, since its data is thrown away. What a killed run left behind
 * is stopped and removed first.
 */
export async function startTestServer(url: string | undefined): Promise<TestServer> {
  if (url !== undefined) {
    return { connection: connectionFromUrl(url), stop: () => Promise.resolve() };
  }
  await removeAbandonedServers();
  const dataDir = makeTestFolder();
  const server = await startEmbeddedPostgres({
    dataDir,
    log: quietLog,
    runtimeParent: makeRuntimeCache(),
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '300',
      logging_collector: 'off',
      autovacuum_naptime: '10s',
    },
  }).catch((error: unknown) => {
    fs.rmSync(dataDir, { recursive: true, force: true });
    throw error;
  });
  const layout = prepareLayout(dataDir);
  // Vitest leaves without the clean-up on Ctrl-C and SIGTERM.
  const endAtOnce = (): void => {
    // Our child, so the pid is not reused before we look.
    if (isServerOf(layout, server.pid)) process.kill(server.pid, 'SIGQUIT');
    removeFolder(dataDir);
  };
  process.once('exit', endAtOnce);
  return {
    connection: server.connection,
    stop: async () => {
      process.off('exit', endAtOnce);
      await server.stop();
      removeFolder(dataDir);
    },
  };
}

/** A temporary folder that the database's user can pass through. */
export function makeTestFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), folderPrefix));
  fs.chmodSync(folder, 0o711);
  fs.writeFileSync(path.join(folder, ownerFile), String(process.pid));
  return folder;
}

/** A server may be down for a while although its test goes on: the one that kills it. */
function hasOwner(folder: string): boolean {
  try {
    const pid = Number(fs.readFileSync(path.join(folder, ownerFile), 'utf8'));
    return pid > 1 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Removes a folder in which a server may be about to end; blocks, as an exit handler must. */
function removeFolder(folder: string): void {
  for (let attempt = 0; attempt < 40 && fs.existsSync(folder); attempt += 1) {
    try {
      fs.rmSync(folder, { recursive: true, force: true });
    } catch {
      // The server still writes into it. (Some versions of Node do not even throw.)
    }
    if (attempt > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

/** The copied programs are kept between runs; nobody else may have put them there. */
export function makeRuntimeCache(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = path.join(os.tmpdir(), `mutate-programs-${uid}`);
  fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
  const stat = fs.lstatSync(folder);
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return folder;
  return path.join(makeTestFolder(), randomBytes(4).toString('hex'));
}

async function removeAbandonedServers(): Promise<void> {
  for (const name of fs.readdirSync(os.tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = path.join(os.tmpdir(), name);
    const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
    const isYoung = stat !== undefined && Date.now() - stat.mtimeMs < 60_000;
    const isOurs = stat?.uid === process.getuid?.() && fs.existsSync(path.join(folder, 'postgres'));
    if (!isOurs || isYoung || hasOwner(folder)) continue;
    const layout = prepareLayout(folder);
    if (await isAnswering(path.join(layout.socketFolder, 'lock'))) continue;
    const pid = readServerPid(layout);
    if (pid !== undefined && isServerOf(layout, pid)) process.kill(pid, 'SIGQUIT');
    removeFolder(folder);
  }
}
