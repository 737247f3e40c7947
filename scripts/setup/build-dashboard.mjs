import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { Problem } from './problem.mjs';
import { runProgram } from './run-program.mjs';

/** Below the clone; `dist` and installed packages are no sources. */
const sourceFolders = ['packages/dashboard', 'packages/sdk/src'];
const leftOut = new Set(['dist', 'node_modules', 'browser']);

/**
 * Builds the dashboard where its sources have changed since it was built; a second of work, without
 * the network. What it was built from is noted last, so a build cut short is done again.
 *
 * @param {string} root folder of the clone
 * @param {string} nodePath
 * @throws {Problem} where the build fails
 */
export async function buildDashboard(root, nodePath) {
  const folder = join(root, 'packages/dashboard');
  // Whoever left it out serves the API alone.
  if (!existsSync(folder)) return;
  const record = join(folder, 'dist/built-from');
  const sources = hashOfSources(root);
  if (existsSync(record) && readFileSync(record, 'utf8') === sources) return;
  if (!isWritable(folder)) {
    console.log('The dashboard is not up to date, and its folder is read-only: going on without.');
    return;
  }
  const startedMs = performance.now();
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const code = await runProgram(nodePath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: folder,
    // Vite takes over what it finds, and a test run says "test".
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (code !== 0) throw new Problem(`The dashboard could not be built (exit code ${code}).`);
  writeFileSync(record, sources);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`Built the dashboard (${seconds} s).`);
}

/** @param {string} root */
function hashOfSources(root) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of sourceFolders) {
    for (const path of filesIn(join(root, folder))) {
      hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}

/** @param {string} folder @returns {string[]} sorted, so that the hash does not depend on the disk */
function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter(({ name }) => !leftOut.has(name) && !/\.test\.tsx?$/.test(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : [path];
    });
}

/** @param {string} folder */
function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
