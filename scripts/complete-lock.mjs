import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Adds to `package-lock.json` the builds for other platforms that npm left out. A registry mirror may
 * not carry them; npm then drops them from the lock file without a word, and the next `npm ci`
 * refuses that file ("Missing … from lock file"). Run it after every `npm install`; `--check` only
 * looks.
 */

/** @typedef {import('./setup/packages.mjs').LockedPackage} LockedPackage */
/** @typedef {import('./setup/packages.mjs').LockedPackages} LockedPackages */

const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)/;

/**
 * The entries that the lock file lacks, by path, as npm would have written them, without the hash.
 *
 * @param {LockedPackages} locked
 * @returns {LockedPackages}
 * @throws {Error} where a missing package is not a build for one platform
 */
export function missingEntries(locked) {
  const names = new Set(Object.keys(locked).map((path) => path.split('node_modules/').at(-1)));
  /** @type {LockedPackages} */
  const missing = {};
  for (const parent of Object.values(locked)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (!names.has(name)) missing[`node_modules/${name}`] = entryFor(name, version, parent);
    }
  }
  return missing;
}

/** @param {string} name @param {string} version @param {LockedPackage} parent */
function entryFor(name, version, parent) {
  const match = platform.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Error(`${name} is missing from the lock file and names no platform.`);
  }
  const libc = name.includes('musl') ? 'musl' : name.endsWith('gnu') ? 'glibc' : undefined;
  return {
    version,
    cpu: [match[2]],
    ...(parent.dev ? { dev: true } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    os: [match[1]],
  };
}

/** @param {string} path @param {boolean} onlyLook */
function completeLock(path, onlyLook) {
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const missing = missingEntries(lock.packages);
  const count = Object.keys(missing).length;
  if (count === 0) return;
  if (onlyLook) {
    for (const name of Object.keys(missing)) console.log(`${name} is missing`);
    console.log('npm ci would refuse this lock file: run node scripts/complete-lock.mjs');
    process.exitCode = 1;
    return;
  }
  const entries = Object.entries({ ...lock.packages, ...missing });
  entries.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(entries);
  writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
  console.log(`Added ${count} entries.`);
}

if (import.meta.filename === process.argv[1]) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  completeLock(join(root, 'package-lock.json'), process.argv.includes('--check'));
}
