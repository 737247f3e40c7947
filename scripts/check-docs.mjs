import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Holds every document against the tree: a path that one names in backticks, and a file that one
 * links to, must exist. Documents rot first in the names they mention.
 */

const leftOut = ['**/node_modules/**', '**/fixtures/**', 'data/**', '**/dist/**'];
/** A word with one of these endings is a source file, whatever else surrounds it. */
const sourceEnding = /\.(?:css|html|mjs|sql|tsx?|ya?ml)$/;
/** Made by an installation or a run, so never in a fresh clone. */
const madeLater = /^(?:node_modules|data|dist|coverage)(?:\/|$)/;

/**
 * The broken references of one document, one line each.
 *
 * @param {string} document its path, relative to the root of the repository
 * @param {string} text
 * @param {readonly string[]} files every path in the repository, relative to its root
 * @returns {string[]}
 */
export function brokenReferences(document, text, files) {
  const folders = new Set(files.flatMap(parentsOf));
  const topLevel = new Set(files.map((file) => file.split('/')[0]));
  const known = new Set([...files, ...folders]);
  /** @param {string} name */
  const exists = (name) => {
    const path = normalize(name).replace(/\/$/, '');
    if (known.has(path) || known.has(normalize(join(dirname(document), path)))) return true;
    // `db/pool.ts` in prose means the one under packages/server/src.
    return !topLevel.has(path.split('/')[0]) && files.some((file) => file.endsWith(`/${path}`));
  };
  return linesOutsideFences(text).flatMap(([line, number]) =>
    [...linkTargets(line), ...namedPaths(line, topLevel)]
      .filter((name) => !exists(name))
      .map((name) => `${document}:${number}: ${name} is not there`),
  );
}

/** @param {string} text @returns {[string, number][]} */
function linesOutsideFences(text) {
  let fenced = false;
  /** @type {[string, number][]} */
  const lines = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced;
    else if (!fenced) lines.push([line, index + 1]);
  }
  return lines;
}

/** @param {string} line */
function linkTargets(line) {
  const targets = [...line.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return targets
    .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
    .map((target) => target.replace(/#.*/, ''));
}

/** @param {string} line @param {ReadonlySet<string | undefined>} topLevel */
function namedPaths(line, topLevel) {
  const words = [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  return words
    .map((word) => word.replace(/:\d+$/, '').replace(/^\.\//, ''))
    .filter((word) => /^[\w.@-][\w.@/-]*$/.test(word) && !madeLater.test(word))
    .filter((word) => {
      const first = word.split('/')[0];
      return sourceEnding.test(word) || (word.includes('/') && topLevel.has(first));
    });
}

/** @param {string} file */
function parentsOf(file) {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

if (import.meta.filename === process.argv[1]) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  // `**` leaves hidden folders out, and .ci is one that documents do name.
  const files = globSync(['**', '.*', '.ci/**'], { cwd: root, exclude: leftOut }).filter((file) =>
    existsSync(join(root, file)),
  );
  const documents = files.filter((file) => file.endsWith('.md'));
  const broken = documents.flatMap((document) =>
    brokenReferences(document, readFileSync(join(root, document), 'utf8'), files),
  );
  for (const line of broken) console.log(line);
  if (broken.length > 0) process.exitCode = 1;
}
