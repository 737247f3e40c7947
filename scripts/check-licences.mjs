import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockedPackages } from './setup/packages.mjs';

/**
 * Licences under which code may be linked into an Apache-2.0 product. GPL and AGPL are not among
 * them and never will be; such programs may only run as processes of their own.
 */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/**
 * Packages under LGPL, each looked at: an unmodified library in a file of its own, loaded when the
 * program runs, which anyone may exchange (LGPL 3.0, section 4 d 1). Reasons: docs/dependencies.md.
 */
const reviewed = [/^@img\/sharp-(?:libvips-[\w-]+|win32-\w+|wasm32)$/, /^libheif-js$/];
const lesser = /^LGPL-3\.0(?:-or-later)?$/;

/** Packages whose package.json names their licence loosely, or not; what their LICENSE file says. */
const statedLoosely = new Map([
  ['duck', 'BSD-2-Clause'],
  ['png-js', 'MIT'],
]);

/** @param {string} path in the lock file @param {string} licence */
function isReviewed(path, licence) {
  const name = path.split('node_modules/').at(-1) ?? '';
  if (!reviewed.some((pattern) => pattern.test(name))) return false;
  return licence.split(/\sAND\s/).every((part) => allowed.has(part) || lesser.test(part));
}

/**
 * Whether an SPDX expression leaves us a choice that is allowed: one side of an OR, all of an AND.
 * A `WITH` exception only ever gives more freedom.
 *
 * @param {string} expression e.g. `(MIT OR CC0-1.0)`
 */
export function isAllowed(expression) {
  return expression
    .replaceAll(/[()]/g, ' ')
    .split(/\sOR\s/)
    .some((choice) =>
      choice.split(/\sAND\s/).every((part) => allowed.has(part.replace(/\sWITH\s.*/, '').trim())),
    );
}

/** @param {string} root @returns {string[]} a line for each package that may not be linked in */
function findForbidden(root) {
  return Object.entries(lockedPackages(root)).flatMap(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.dev || entry.link) return [];
    const name = path.split('node_modules/').at(-1) ?? '';
    const licence = statedLoosely.get(name) ?? entry.license ?? licenceOnDisk(root, path);
    if (typeof licence === 'string' && (isAllowed(licence) || isReviewed(path, licence))) return [];
    return [`${path}: ${licence?.toString() ?? 'no licence named'}`];
  });
}

/** @param {string} root @param {string} path @returns {string | undefined} */
function licenceOnDisk(root, path) {
  return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')).license;
}

if (import.meta.filename === process.argv[1]) {
  const forbidden = findForbidden(fileURLToPath(new URL('..', import.meta.url)));
  for (const line of forbidden) console.log(line);
  if (forbidden.length > 0) {
    console.log(
      'Take another package, or, having read the licence, add it to the list in this script.',
    );
    process.exitCode = 1;
  }
}
