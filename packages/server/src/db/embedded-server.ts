import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../context.ts';
import { cannotRun, programEnvironment } from './embedded-cluster.ts';
import type { Layout } from './embedded-layout.ts';
import { isServerOf } from './embedded-process.ts';
import type { Runtime } from './embedded-runtime.ts';

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running PostgreSQL: our child, or one that an earlier process of ours left behind. */
export interface Server {
  readonly pid: number;
  readonly adopted: boolean;
  isRunning(): boolean;
  /** Resolves when it is gone; code and signal are known for our own child only. */
  readonly exited: Promise<ServerExit>;
}

/** Nothing that is acknowledged may be lost, and nobody but us connects. */
const serverSettings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // The package is built without lz4.
  wal_compression: 'off',
  shared_buffers: '128MB',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'mutate',
  // One file for each day of the week, so the log never needs tending.
  logging_collector: 'on',
  log_filename: 'postgres-%a.log',
  log_rotation_age: '1d',
  log_truncate_on_rotation: 'on',
  log_file_mode: '0600',
  // Statements may hold personal data; the program logs its own errors.
  log_min_error_statement: 'panic',
} as const satisfies Record<string, string>;

/**
 * Starts `postgres` in a session of its own, so that Ctrl-C in the terminal does not reach it and
 * it outlives a killed parent whole. `settings` win over the defaults.
 */
export function spawnServer(
  layout: Layout,
  runtime: Runtime,
  settings: Readonly<Record<string, string>>,
): Promise<Server> {
  const all = {
    ...serverSettings,
    log_directory: layout.logFolder,
    unix_socket_directories: `"${layout.socketFolder.replaceAll('"', '""')}"`,
    ...settings,
  };
  const args = ['-D', layout.cluster];
  for (const [name, value] of Object.entries(all)) args.push('-c', `${name}=${value}`);
  const program = path.join(runtime.folder, 'bin', 'postgres');
  const output = fs.openSync(layout.startupLog, 'w', 0o600);
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const child = spawn(program, args, {
    ...layout.ids,
    cwd: runtime.folder,
    env: programEnvironment(layout),
    detached: true,
    stdio: ['ignore', output, output],
  });
  fs.closeSync(output);
  child.unref();
  child.once('error', (error) => reject(cannotRun(program, error)));
  child.once('spawn', () => resolve(childServer(child)));
  return promise;
}

function childServer(child: ChildProcess): Server {
  const { promise: exited, resolve } = Promise.withResolvers<ServerExit>();
  child.once('exit', (code, signal) => resolve({ code, signal }));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return { pid: child.pid ?? 0, adopted: false, isRunning, exited };
}

/** Watches a server that is not our child; that it is surely ours has been checked. */
export function adoptedServer(layout: Layout, pid: number): Server {
  const { promise: exited, resolve } = Promise.withResolvers<ServerExit>();
  const isRunning = (): boolean => isServerOf(layout, pid);
  const timer = setInterval(() => {
    if (isRunning()) return;
    clearInterval(timer);
    resolve({ code: null, signal: null });
  }, 500);
  timer.unref();
  return { pid, adopted: true, isRunning, exited };
}

/**
 * Ends the server with a fast shutdown (open transactions are rolled back, everything is
 * written). Our own child is ended at once when that takes longer than `patienceMs`: then the
 * next start replays the log. A server that is not our child is left to finish.
 */
export async function stopServer(server: Server, patienceMs: number, log: Log): Promise<void> {
  if (!send(server, 'SIGINT')) return;
  if (await hasEnded(server, patienceMs)) return;
  if (server.adopted) {
    log.warn({ pid: server.pid }, 'the adopted PostgreSQL is still shutting down; leaving it');
    return;
  }
  log.warn({ pid: server.pid }, 'PostgreSQL does not stop in time; ending it at once');
  send(server, 'SIGQUIT');
  // PostgreSQL kills processes that ignore an immediate shutdown after five seconds.
  if (await hasEnded(server, 10_000)) return;
  send(server, 'SIGKILL');
  await hasEnded(server, 10_000);
}

function send(server: Server, name: NodeJS.Signals): boolean {
  if (!server.isRunning()) return false;
  try {
    return process.kill(server.pid, name);
  } catch {
    return false;
  }
}

async function hasEnded(server: Server, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (server.isRunning()) {
    if (performance.now() > endMs) return false;
    await sleep(10);
  }
  return true;
}

/** The end of what the server said last, for an error message. */
export function recentServerOutput(layout: Layout): string {
  const files = fs.readdirSync(layout.logFolder).map((name) => path.join(layout.logFolder, name));
  const newest = files
    .map((file) => ({ file, timeMs: fs.statSync(file).mtimeMs }))
    .toSorted((a, b) => b.timeMs - a.timeMs)[0];
  return [layout.startupLog, newest?.file]
    .filter((file) => file !== undefined && fs.existsSync(file))
    .map((file) => fs.readFileSync(file ?? '', 'utf8').slice(-1500))
    .join('\n')
    .trim();
}
