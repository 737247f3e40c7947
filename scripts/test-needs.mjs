import { spawnSync } from 'node:child_process';

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
];

/** @param {string} program */
function isOnPath(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
