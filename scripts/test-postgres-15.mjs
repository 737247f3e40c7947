import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installNeeds } from './setup/install-needs.mjs';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { Problem, runCommand } from './setup/problem.mjs';
import { conclude } from './setup/tally.mjs';
import { runVitest } from './setup/vitest-run.mjs';

/**
 * Runs the metering and database suites against Debian's PostgreSQL 15, the oldest that is supported,
 * on a cluster of its own that is gone afterwards. The last line is `N passed, N failed`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const programs = '/usr/lib/postgresql/15/bin';
const suites = ['packages/server/src/metering/', 'packages/server/src/db/'];
const readyWithinMs = 30_000;

await runCommand(async () => {
  await installPackages(root);
  const need = {
    name: 'PostgreSQL 15',
    isThere: () => existsSync(join(programs, 'postgres')),
    program: 'postgres',
    debianPackages: ['postgresql-15'],
  };
  await installNeeds([need], join(root, 'node_modules/.cache/postgres-15'));
  const cluster = await startCluster();
  try {
    const env = { ...process.env, TEST_DATABASE_URL: cluster.url };
    return conclude(await runVitest(root, findNode(root).path, suites, env));
  } finally {
    await cluster.stop();
  }
});

async function startCluster() {
  const folder = mkdtempSync(join(tmpdir(), 'mutate-postgres-'));
  const user = unprivilegedUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const password = randomBytes(16).toString('hex');
  const data = join(folder, 'data');
  makeCluster(folder, data, password, user);
  const port = await freePort();
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), '-N', '200'],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-10_000)));
  const stop = async () => {
    // SIGINT is PostgreSQL's fast shutdown: sessions are ended, the cluster is closed in order.
    if (server.exitCode === null && server.kill('SIGINT')) await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  };
  const giveUpMs = performance.now() + readyWithinMs;
  const isReady = join(programs, 'pg_isready');
  while (spawnSync(isReady, ['-q', '-h', '127.0.0.1', '-p', String(port)]).status !== 0) {
    if (server.exitCode !== null || performance.now() > giveUpMs) {
      await stop();
      throw new Problem(`PostgreSQL 15 did not start:\n${log}`);
    }
    await sleep(100);
  }
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop };
}

/**
 * PostgreSQL refuses to run as root: there it runs as the user that Debian's package made.
 *
 * @returns {{ uid: number, gid: number } | undefined}
 */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (/** @type {string} */ flag) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * @param {string} folder
 * @param {string} data
 * @param {string} password
 * @param {{ uid: number, gid: number } | undefined} user
 */
function makeCluster(folder, data, password, user) {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const flags = [
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--auth=scram-sha-256',
  ];
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', data, ...flags, `--pwfile=${passwordFile}`],
    { ...user, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Problem(`initdb failed:\n${made.stderr}`);
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}
