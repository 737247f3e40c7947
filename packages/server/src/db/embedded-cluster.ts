import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { giveTo, syncFolder } from './embedded-layout.ts';
import type { Layout } from './embedded-layout.ts';
import type { Runtime } from './embedded-runtime.ts';
import { OperatorError } from './operator-error.ts';

/** The owner of everything in the embedded server. */
export const databaseUser = 'mutate';

/** Without encoding and locale the text is SQL_ASCII, and sorting depends on the machine. */
const clusterFlags = [
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

/**
 * All that the server's programs may see of the environment: neither secrets nor a locale or
 * library path of the caller's shell.
 */
export function programEnvironment(layout: Layout): NodeJS.ProcessEnv {
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH, LC_ALL: 'C', TZ: 'UTC', HOME: layout.root };
}

/**
 * Makes the cluster if there is none. It is built beside and renamed into place, so one that was
 * cut off half-way is never taken for a whole one. Throws an OperatorError for a cluster of
 * another PostgreSQL major version.
 */
export async function prepareCluster(
  layout: Layout,
  runtime: Runtime,
  options: { password: string; durable: boolean },
): Promise<{ created: boolean }> {
  removeUnfinished(layout);
  if (fs.existsSync(layout.cluster)) {
    checkMajor(layout, runtime);
    return { created: false };
  }
  const draft = path.join(layout.root, `cluster.${randomBytes(4).toString('hex')}.new`);
  const passwordFile = `${draft}.password`;
  try {
    fs.mkdirSync(draft, { mode: 0o700 });
    giveTo(draft, layout.ids);
    fs.writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    giveTo(passwordFile, layout.ids);
    await runInitdb(layout, runtime, [
      `--pgdata=${draft}`,
      `--username=${databaseUser}`,
      `--pwfile=${passwordFile}`,
      ...clusterFlags,
      ...(options.durable ? [] : ['--no-sync']),
    ]);
    fs.renameSync(draft, layout.cluster);
    syncFolder(layout.root);
  } finally {
    fs.rmSync(passwordFile, { force: true });
    fs.rmSync(draft, { recursive: true, force: true });
  }
  return { created: true };
}

function checkMajor(layout: Layout, runtime: Runtime): void {
  const file = path.join(layout.cluster, 'PG_VERSION');
  const found = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : 'unknown';
  if (found === String(runtime.major)) return;
  throw new OperatorError(
    `${layout.cluster} was made by PostgreSQL ${found}; this version of Mutate brings ` +
      `PostgreSQL ${runtime.major}. Start the Mutate that made it and export the data, or run ` +
      'pg_upgrade, or set MUTATE_DATA_DIR to another folder.',
  );
}

function removeUnfinished(layout: Layout): void {
  for (const name of fs.readdirSync(layout.root)) {
    if (!/^cluster\.[0-9a-f]+\.new/.test(name)) continue;
    try {
      fs.rmSync(path.join(layout.root, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // An initdb that outlived its parent still writes there; the next start removes it.
    }
  }
}

function runInitdb(layout: Layout, runtime: Runtime, args: string[]): Promise<void> {
  const program = path.join(runtime.folder, 'bin', 'initdb');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(program, args, {
    ...layout.ids,
    cwd: runtime.folder,
    env: programEnvironment(layout),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => reject(cannotRun(program, error)));
  child.on('close', (code, signal) => {
    if (code === 0) resolve();
    else reject(initdbFailed(output.trim(), signal ?? code));
  });
  return promise;
}

function initdbFailed(output: string, status: string | number | null): OperatorError {
  if (output.includes('could not look up effective user ID')) {
    // Such as a container that runs under an arbitrary uid.
    return new OperatorError(
      'PostgreSQL needs a user with a name, and this one has none. Add the user to /etc/passwd, ' +
        `start Mutate as another user or as root, or set DATABASE_URL. (${output})`,
    );
  }
  return new OperatorError(`initdb failed (${status}):\n${output}`);
}

/** Why a program of ours did not start at all. */
export function cannotRun(program: string, error: unknown): OperatorError {
  return new OperatorError(
    `${program} cannot be run. The data folder must lie on a disk that is not mounted noexec; ` +
      'set MUTATE_DATA_DIR to another one, or DATABASE_URL to a PostgreSQL of your own.',
    error,
  );
}
