import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from './problem.mjs';

/** The server is TypeScript run directly, which Node does without a flag from here on. */
const nodeMajorMin = 24;

/**
 * The Node that runs the product: the one the repository installs for itself, else the one running
 * this script.
 *
 * @param {string} root
 * @returns {{ path: string, version: string }}
 * @throws {Problem} where neither is new enough
 */
export function findNode(root) {
  const own = join(root, 'node_modules/.bin/node');
  const ownVersion = existsSync(own) ? versionOf(own) : '';
  if (isNewEnough(ownVersion)) return { path: realpathSync(own), version: ownVersion };
  const version = process.versions.node;
  if (isNewEnough(version)) return { path: process.execPath, version };
  throw new Problem(
    `Mutate needs Node ${nodeMajorMin} or newer. This is Node ${version}, and for ` +
      `${process.platform}-${process.arch} the repository brings none.\n` +
      `Install Node ${nodeMajorMin} from https://nodejs.org and start again.`,
  );
}

/** Empty where it does not run, e.g. a build for another C library. @param {string} path */
function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().replace(/^v/, '') : '';
}

/** @param {string} version */
function isNewEnough(version) {
  return Number.parseInt(version, 10) >= nodeMajorMin;
}
