import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDashboard } from './setup/build-dashboard.mjs';
import { runChecks } from './setup/check-steps.mjs';
import { installNeeds } from './setup/install-needs.mjs';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';
import { conclude, sum } from './setup/tally.mjs';
import { runVitest } from './setup/vitest-run.mjs';
import { testNeeds } from './test-needs.mjs';

/**
 * `npm test`: installs what is missing, runs every check and every test; further arguments go to
 * vitest. The last line is `N passed, N failed`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  await installPackages(root);
  const needs = join(root, 'node_modules/.cache/needs');
  await installNeeds(testNeeds, needs);
  // What could not be installed was unpacked, and the server is told of it as by any operator.
  const unpacked = join(needs, 'root');
  if (existsSync(unpacked)) process.env.MUTATE_PROGRAMS ??= unpacked;
  const { path } = findNode(root);
  await buildDashboard(root, path);
  const checks = await runChecks(root, path);
  return conclude(sum([checks, await runVitest(root, path, process.argv.slice(2))]));
});
