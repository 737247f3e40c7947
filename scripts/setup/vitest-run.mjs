import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.mjs';

/**
 * @typedef {{ status: string, fullName: string, failureMessages?: string[] }} TestResult
 * @typedef {{ name: string, status: string, message?: string, assertionResults: TestResult[] }} FileResult
 */

/**
 * Runs vitest and counts what really ran. A skipped or todo test counts as failed, unless the caller
 * chose tests by name (`-t`); so does a file that could not be loaded. Whatever counts as failed is
 * named at the end, a line each that begins with `✗`.
 *
 * @param {string} root
 * @param {string} nodePath
 * @param {readonly string[]} args as for `vitest run`
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runVitest(root, nodePath, args, env = process.env) {
  const folder = mkdtempSync(join(tmpdir(), 'mutate-test-'));
  const report = join(folder, 'report.json');
  try {
    const code = await runProgram(
      nodePath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...args,
      ],
      { cwd: root, stdio: 'inherit', env },
    );
    const tally = existsSync(report)
      ? count(report, choosesByName(args))
      : { passed: 0, failed: 0 };
    // vitest also fails for what belongs to no test: an unhandled error, a broken global set-up.
    if (code !== 0 && tally.failed === 0) {
      console.log('✗ an error outside every test, see above');
      tally.failed = 1;
    }
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {readonly string[]} args */
const choosesByName = (args) => args.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg));

/** @param {string} report @param {boolean} maySkip */
function count(report, maySkip) {
  /** @type {FileResult[]} */
  const files = JSON.parse(readFileSync(report, 'utf8')).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  const failed = files.flatMap((file) =>
    file.assertionResults.filter(isFailed).map((test) => ({ file, test })),
  );
  const unloaded = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(isFailed),
  );
  for (const { file, test } of failed) {
    console.log(`✗ ${file.name}: ${test.fullName}: ${inOneLine(test.failureMessages?.[0])}`);
  }
  for (const file of unloaded) console.log(`✗ not run: ${file.name}: ${inOneLine(file.message)}`);
  if (!maySkip) for (const test of skipped) console.log(`✗ skipped: ${test.fullName}`);
  return {
    passed: tests.length - failed.length - skipped.length,
    failed: failed.length + unloaded.length + (maySkip ? 0 : skipped.length),
  };
}

const longestReason = 300;

/** @param {string | undefined} message */
const inOneLine = (message = '') =>
  message
    .split(/\n\s+at /)[0]
    ?.replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, longestReason);

/** @param {TestResult} test */
const isFailed = (test) => test.status === 'failed';
