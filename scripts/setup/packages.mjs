import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string | string[]} [license]
 * @property {string[]} [libc]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** @typedef {Record<string, LockedPackage>} LockedPackages by path, e.g. `node_modules/zod` */

/**
 * What `package-lock.json` asks for.
 *
 * @param {string} root
 * @returns {LockedPackages}
 */
export function lockedPackages(root) {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
}

/**
 * The packages that the lock file asks for on this machine and that are not there, or are there in
 * another version. npm writes its own record (`node_modules/.package-lock.json`) only at the end of
 * a whole installation, so after an interrupted one everything counts as missing.
 *
 * @param {string} root
 * @returns {{ required: string[], optional: string[] }} paths such as `node_modules/zod`
 */
export function missingPackages(root) {
  const locked = lockedPackages(root);
  const installed = installedPackages(root);
  const direct = directOptionalNames(locked);
  /** @type {{ required: string[], optional: string[] }} */
  const missing = { required: [], optional: [] };
  for (const [path, entry] of Object.entries(locked)) {
    if (!path.includes('node_modules/') || isInstalled(root, path, entry, installed)) continue;
    if (!entry.optional) missing.required.push(path);
    else if (isForThisMachine(entry) && (entry.os ?? entry.cpu ?? direct.has(nameOf(path)))) {
      missing.optional.push(path);
    }
  }
  return missing;
}

/**
 * How many packages an installation brings, for the progress bar.
 *
 * @param {string} root
 */
export function packagesToFetch(root) {
  const entries = Object.entries(lockedPackages(root));
  return entries.filter(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return false;
    return !entry.optional || ((entry.os ?? entry.cpu) && isForThisMachine(entry));
  }).length;
}

/** @param {string} root @returns {LockedPackages} */
function installedPackages(root) {
  const path = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return {};
  }
}

/**
 * @param {string} root
 * @param {string} path
 * @param {LockedPackage} wanted
 * @param {LockedPackages} installed
 */
function isInstalled(root, path, wanted, installed) {
  const found = installed[path];
  if (found === undefined) return false;
  if (wanted.link) return existsSync(join(root, path));
  if (found.version !== wanted.version || found.integrity !== wanted.integrity) return false;
  return existsSync(join(root, path, 'package.json'));
}

/** The optional packages that we name ourselves. @param {LockedPackages} locked */
function directOptionalNames(locked) {
  const own = Object.entries(locked).filter(([path]) => !path.includes('node_modules/'));
  return new Set(own.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {})));
}

/** @param {LockedPackage} entry */
function isForThisMachine(entry) {
  if (!matches(entry.os, process.platform) || !matches(entry.cpu, process.arch)) return false;
  return entry.libc === undefined || matches(entry.libc, libcOfThisMachine());
}

/** @param {string | string[] | undefined} wanted @param {string} actual */
function matches(wanted, actual) {
  return wanted === undefined || [wanted].flat().includes(actual);
}

/** @type {string | undefined} */
let libc;

function libcOfThisMachine() {
  if (libc === undefined) {
    /** @type {{ header?: object }} */
    const report = process.report.getReport();
    libc = 'glibcVersionRuntime' in (report.header ?? {}) ? 'glibc' : 'musl';
  }
  return libc;
}

/** @param {string} path */
function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
