import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { missingPackages, packagesToFetch } from './packages.mjs';
import { Problem } from './problem.mjs';
import { startProgress } from './progress.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Brings `node_modules` to what `package-lock.json` says, with `npm ci` and only where something is
 * missing. An optional package that cannot be had is named and not asked for again at every start.
 *
 * @param {string} root folder of the clone
 * @throws {Problem} where npm fails or the folder cannot be written to
 */
export async function installPackages(root) {
  const missing = missingPackages(root);
  if (missing.required.length === 0 && isKnown(root, missing.optional)) return;
  assertWritable(root);
  console.log('Installing packages (only the first start and an update do this) …');
  await runNpm(root);
  const still = missingPackages(root);
  if (still.required.length > 0) {
    throw new Problem(
      `npm reported success, yet these packages are missing: ${list(still.required)}`,
    );
  }
  if (still.optional.length > 0) {
    console.log(`Not available from your registry, going on without: ${list(still.optional)}`);
  }
  writeFileSync(recordPath(root), JSON.stringify({ lock: lockHash(root), absent: still.optional }));
}

/** @param {string[]} paths */
const list = (paths) => paths.map((path) => path.replace('node_modules/', '')).join(', ');

/** @param {string} root */
const recordPath = (root) => join(root, 'node_modules/.mutate-install.json');

/** @param {string} root */
const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/**
 * Whether an installation of this very lock file already had to do without these packages.
 *
 * @param {string} root
 * @param {string[]} absent
 */
function isKnown(root, absent) {
  if (absent.length === 0) return true;
  if (!existsSync(recordPath(root))) return false;
  const record = JSON.parse(readFileSync(recordPath(root), 'utf8'));
  return record.lock === lockHash(root) && absent.every((path) => record.absent.includes(path));
}

/** @param {string} root */
function assertWritable(root) {
  for (const folder of [root, join(root, 'node_modules')]) {
    if (!existsSync(folder)) continue;
    try {
      accessSync(folder, constants.W_OK);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      throw new Problem(code === 'EROFS' ? readOnlyText(folder) : notOursText(folder));
    }
  }
}

/** @param {string} folder */
const readOnlyText = (folder) =>
  `Packages are missing, and ${folder} is on a read-only file system.\n` +
  'Copy the clone to a place that can be written to and start it there.';

/** @param {string} folder */
function notOursText(folder) {
  const me = userInfo();
  return (
    `Packages are missing, and you (${me.username}, uid ${me.uid}) may not write to ${folder},\n` +
    `which belongs to uid ${statSync(folder).uid}. Start it as that user, make the folder yours\n` +
    `(sudo chown -R ${me.username} ${folder}), or clone into a folder of your own.`
  );
}

/** @param {string} root */
async function runNpm(root) {
  const progress = startProgress(packagesToFetch(root), 'packages');
  const seen = new Set();
  /** @type {string[]} */
  const complaints = [];
  const [command, ...args] = npmCommand();
  /** @param {import('node:child_process').ChildProcess} npm */
  const follow = (npm) => {
    if (npm.stderr === null) return;
    createInterface({ input: npm.stderr }).on('line', (line) => {
      const fetched = /^npm http (?:fetch GET 200|cache) (\S+\.tgz)/.exec(line);
      if (fetched !== null) progress.report(seen.add(fetched[1]).size);
      else if (line.startsWith('npm error')) complaints.push(line);
    });
  };
  /** @type {import('node:child_process').SpawnOptions} */
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] };
  const code = await runProgram(command, [...args, 'ci', ...npmFlags], options, follow).catch(
    (error) => {
      progress.end(false);
      throw new Problem(`npm cannot be started (${error.message}). Is it on the PATH?`);
    },
  );
  progress.end(code === 0);
  // npm answers 1 where a signal ended it.
  const interrupted = code > 128 || complaints.some((line) => line.startsWith('npm error signal'));
  if (interrupted) throw new Problem('The installation was interrupted; the next start redoes it.');
  if (code !== 0) throw new Problem(npmFailureText(code, complaints));
}

/**
 * Install scripts stay off: no package of ours needs one, and they are the usual way in for a
 * hijacked dependency. `--loglevel=http` is what the progress is counted from.
 */
const npmFlags = [
  '--include=dev',
  '--include=optional',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=http',
];

/** The npm that runs this script, else the one on the PATH. @returns {[string, ...string[]]} */
function npmCommand() {
  const path = process.env['npm_execpath'];
  return path?.endsWith('npm-cli.js') ? [process.execPath, path] : ['npm'];
}

/** @param {number} code @param {string[]} complaints */
const npmFailureText = (code, complaints) =>
  [
    `npm ci failed (exit code ${code}). What npm said:`,
    ...complaints.slice(0, 15).map((line) => `  ${line}`),
    'Mend that (network, proxy, registry, disk space, permissions) and start again.',
  ].join('\n');
