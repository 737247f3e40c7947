import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * What `npm run check` runs, slowest first: a module under `node_modules` or `scripts`, and its
 * arguments. No step may need a database or the network.
 *
 * @type {readonly { name: string, module: string, args: readonly string[] }[]}
 */
const steps = [
  { name: 'types', module: 'node_modules/typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  {
    name: 'dashboard',
    module: 'node_modules/typescript/bin/tsc',
    args: ['-p', 'packages/dashboard/tsconfig.json'],
  },
  { name: 'lint', module: 'node_modules/oxlint/bin/oxlint', args: ['--deny-warnings', '.'] },
  {
    name: 'dead code',
    module: 'node_modules/knip/bin/knip.js',
    args: ['--no-progress', '--treat-config-hints-as-errors'],
  },
  { name: 'format', module: 'node_modules/oxfmt/bin/oxfmt', args: ['--check', '.'] },
  { name: 'documents', module: 'scripts/check-docs.mjs', args: [] },
  { name: 'licences', module: 'scripts/check-licences.mjs', args: [] },
  { name: 'openapi', module: 'scripts/openapi.ts', args: ['--check'] },
  { name: 'errors', module: 'scripts/error-reference.ts', args: ['--check'] },
  { name: 'options', module: 'scripts/option-reference.ts', args: ['--check'] },
  { name: 'lock file', module: 'scripts/complete-lock.mjs', args: ['--check'] },
];

/** More at once only makes them wait for each other on a small machine. */
const stepsAtOnce = 2;

/**
 * Runs every check, prints a line for each and the whole output of those that fail.
 *
 * @param {string} root
 * @param {string} nodePath
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runChecks(root, nodePath) {
  const waiting = [...steps];
  const tally = { passed: 0, failed: 0 };
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const startMs = performance.now();
      const { code, output } = await capture(root, nodePath, step);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      console.log(`${code === 0 ? '✓' : '✗'} ${step.name.padEnd(10)} ${seconds} s`);
      if (code === 0) tally.passed += 1;
      else {
        tally.failed += 1;
        console.log(output.replace(/^/gm, '    '));
      }
    }
  };
  await Promise.all(Array.from({ length: stepsAtOnce }, work));
  return tally;
}

/**
 * @param {string} root
 * @param {string} nodePath
 * @param {(typeof steps)[number]} step
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function capture(root, nodePath, step) {
  return new Promise((resolve, reject) => {
    const child = spawn(nodePath, [join(root, step.module), ...step.args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
