import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { databaseUid } from './embedded-layout.ts';
import { OperatorError } from './operator-error.ts';

export interface DataFolder {
  path: string;
  /** The default folder cannot be reached by the database's user, so another one is used. */
  relocated: boolean;
}

export interface DataFolderOptions {
  /** `MUTATE_DATA_DIR`. */
  explicit?: string | undefined;
  cloneRoot: string;
  /** Where root's data goes when the clone cannot be reached. */
  sharedRoot?: string;
}

/**
 * Chooses and makes the folder for everything that lasts: `<clone>/data`, or for root, where the
 * database's user (uid 65534) cannot reach that, `/var/lib/mutate/<hash of the clone's path>`.
 * Throws an OperatorError with the mend when an explicit folder cannot be used.
 */
export function resolveDataFolder(options: DataFolderOptions): DataFolder {
  const { explicit, cloneRoot, sharedRoot = '/var/lib/mutate' } = options;
  if (explicit !== undefined) {
    const folder = makeFolder(path.resolve(cloneRoot, explicit));
    const barrier = findBarrier(folder);
    if (barrier !== undefined) throw unreachable(folder, barrier);
    return { path: folder, relocated: false };
  }
  const root = fs.realpathSync(cloneRoot);
  if (findBarrier(root) === undefined) {
    const folder = makeFolder(path.join(root, 'data'));
    const barrier = findBarrier(folder);
    if (barrier === undefined) return { path: folder, relocated: false };
    // A `data` of another kind, such as a link to somewhere private.
    throw unreachable(folder, barrier);
  }
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const folder = makeFolder(path.join(sharedRoot, hash));
  const barrier = findBarrier(folder);
  if (barrier !== undefined) throw unreachable(folder, barrier);
  return { path: folder, relocated: true };
}

/** Makes the folder; an empty or own one is opened for passing through, never for listing. */
function makeFolder(folder: string): string {
  try {
    makeParents(path.dirname(folder));
    fs.mkdirSync(folder, { recursive: true });
    const names = fs.readdirSync(folder);
    if (isRoot() && (names.length === 0 || names.includes('postgres'))) {
      fs.chmodSync(folder, (fs.statSync(folder).mode & 0o7777) | 0o111);
    }
    return fs.realpathSync(folder);
  } catch (error) {
    throw new OperatorError(
      `The data folder ${folder} cannot be made or read. Set MUTATE_DATA_DIR to a folder that ` +
        'this user may write to.',
      error,
    );
  }
}

/** A strict umask must not shut the database's user out of parents that we make. */
function makeParents(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeParents(path.dirname(folder));
  fs.mkdirSync(folder);
  if (isRoot()) fs.chmodSync(folder, 0o755);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The first folder on the way that the database's user may not pass; undefined if none. */
function findBarrier(folder: string): string | undefined {
  // An ordinary user runs the database as himself.
  if (!isRoot() || mayPass(folder)) return undefined;
  const parts = folder.split(path.sep);
  const steps = parts.map((_, index) => parts.slice(0, index + 1).join(path.sep) || path.sep);
  return steps.find((step) => !mayPass(step)) ?? folder;
}

/** Asked of the system itself: modes alone do not tell of access lists or network disks. */
function mayPass(folder: string): boolean {
  const { status, error } = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], {
    uid: databaseUid,
    gid: databaseUid,
    cwd: '/',
    env: {},
    stdio: 'ignore',
  });
  if (error !== undefined) {
    throw new OperatorError(
      `Mutate runs as root but cannot run a program as uid ${databaseUid}, which the embedded ` +
        'PostgreSQL needs. Start it as an ordinary user, or set DATABASE_URL.',
      error,
    );
  }
  return status === 0;
}

function unreachable(folder: string, barrier: string): OperatorError {
  return new OperatorError(
    `The data folder ${folder} cannot be reached by the database's user (uid ${databaseUid}): ` +
      `${barrier} is closed to it. Run chmod o+x ${barrier}, set MUTATE_DATA_DIR to another ` +
      'folder, or start Mutate as an ordinary user.',
  );
}
