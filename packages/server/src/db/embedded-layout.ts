import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { OperatorError } from './operator-error.ts';

/**
 * PostgreSQL refuses to run as root, so root runs it as `nobody` (uid and gid 65534), who exists
 * in every base image. Converters must run under another uid than this one.
 */
export const databaseUid = 65534;

/** Where the embedded server keeps its things, all below `<data folder>/postgres`. */
export interface Layout {
  root: string;
  /** PostgreSQL's own data directory. */
  cluster: string;
  /** Rotated by weekday. */
  logFolder: string;
  /** What the server says before its log is open. */
  startupLog: string;
  passwordFile: string;
  /** Holds the server's socket and our lock; short enough for a socket's address. */
  socketFolder: string;
  /** The user to run PostgreSQL as; empty when we are not root. */
  ids: { uid?: number; gid?: number };
}

/** The kernel takes 107 bytes (macOS 103) for a socket's path. */
const socketPathBytesMax = 100;
const longestSocketName = 'lock.4194304.ffff';

/** Makes the folders with their modes: private, but the database's user can pass through. */
export function prepareLayout(dataDir: string): Layout {
  const isRoot = process.getuid?.() === 0;
  fs.mkdirSync(dataDir, { recursive: true });
  const root = path.join(fs.realpathSync(dataDir), 'postgres');
  fs.mkdirSync(root, { recursive: true });
  // mkdir's mode is cut by the umask, so it is set apart.
  fs.chmodSync(root, isRoot ? 0o711 : 0o700);
  const layout: Layout = {
    root,
    cluster: path.join(root, 'cluster'),
    logFolder: path.join(root, 'log'),
    startupLog: path.join(root, 'startup.log'),
    passwordFile: path.join(root, 'password'),
    socketFolder: socketFolderOf(root),
    ids: isRoot ? { uid: databaseUid, gid: databaseUid } : {},
  };
  makePrivateFolder(layout.logFolder, layout.ids);
  makePrivateFolder(layout.socketFolder, layout.ids);
  return layout;
}

function socketFolderOf(root: string): string {
  const folder = path.join(root, 'socket');
  const longest = Buffer.byteLength(path.join(folder, longestSocketName));
  if (longest <= socketPathBytesMax) return folder;
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return `/tmp/mutate-${process.getuid?.() ?? 0}-${hash}`;
}

/** Makes a folder that only the database's user can enter. */
function makePrivateFolder(folder: string, ids: Layout['ids']): void {
  const owner = ids.uid ?? process.getuid?.();
  if (fs.existsSync(folder)) {
    // In /tmp somebody else may have made it, or put a link there.
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory() || (stat.uid !== owner && stat.uid !== process.getuid?.())) {
      throw new OperatorError(
        `${folder} is not a folder of this user (uid ${owner}). Remove it and start again.`,
      );
    }
  } else {
    fs.mkdirSync(folder, { mode: 0o700 });
  }
  giveTo(folder, ids);
  fs.chmodSync(folder, 0o700);
}

/** Hands a file or folder to the database's user where that is another one. */
export function giveTo(target: string, ids: Layout['ids']): void {
  if (ids.uid === undefined || ids.gid === undefined) return;
  try {
    fs.chownSync(target, ids.uid, ids.gid);
  } catch (error) {
    throw new OperatorError(
      `${target} cannot be given to the database's user (uid ${ids.uid}). Set MUTATE_DATA_DIR to ` +
        'a folder on a local disk, or start Mutate as an ordinary user.',
      error,
    );
  }
}

/** The password of the embedded server, made at the first start, mode 0600. */
export function readOrMakePassword(layout: Layout): string {
  const { passwordFile } = layout;
  if (fs.existsSync(passwordFile)) return fs.readFileSync(passwordFile, 'utf8').trim();
  if (fs.existsSync(layout.cluster)) {
    throw new OperatorError(
      `${passwordFile} is missing, but there is a database beside it. Restore the file from the ` +
        'backup the database came from.',
    );
  }
  const password = randomBytes(24).toString('base64url');
  writeDurably(passwordFile, `${password}\n`);
  return password;
}

/** Whole or not at all, also after a power cut. */
function writeDurably(file: string, text: string): void {
  const draft = `${file}.${process.pid}.new`;
  const handle = fs.openSync(draft, 'w', 0o600);
  fs.writeSync(handle, text);
  fs.fsyncSync(handle);
  fs.closeSync(handle);
  fs.renameSync(draft, file);
  syncFolder(path.dirname(file));
}

/** Makes a rename inside the folder survive a power cut. */
export function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}
