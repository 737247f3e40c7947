import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * Programs that a test runs and that no npm package brings. `npm test` installs them with apt-get
 * where it runs as root, else unpacks Debian's packages below node_modules; where neither works it
 * fails with the command to type. Nothing is skipped.
 *
 * @typedef {object} TestNeed
 * @property {string} name as people know it, e.g. `LibreOffice`
 * @property {() => boolean} isThere
 * @property {string} program what tests start
 * @property {readonly string[]} debianPackages
 */

/** @type {readonly TestNeed[]} */
export const testNeeds = [
  {
    name: 'Redis',
    isThere: () => isOnPath('redis-server'),
    program: 'redis-server',
    debianPackages: ['redis-server'],
  },
  ...['ffmpeg', 'ffprobe'].map((program) => ({
    name: program,
    isThere: () => spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0,
    program,
    debianPackages: ['ffmpeg'],
  })),
  {
    name: 'LibreOffice',
    isThere: () => isOnPath('soffice') && hasAllOffice(),
    program: 'soffice',
    debianPackages: [
      'libreoffice-writer-nogui',
      'libreoffice-calc-nogui',
      'libreoffice-impress-nogui',
      'fonts-liberation',
    ],
  },
];

/** @param {string} program */
function isOnPath(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Whether the three programs that tests use are in it, for each is a package of its own. */
function hasAllOffice() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, 'soffice')).find((path) => existsSync(path));
  if (found === undefined) return false;
  const unpacked = join(dirname(found), '../root/usr/lib/libreoffice/program');
  const folder = existsSync(unpacked) ? unpacked : dirname(realpathSync(found));
  return ['libswlo.so', 'libsclo.so', 'libsdlo.so'].every((name) => existsSync(join(folder, name)));
}
