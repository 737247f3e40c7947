import { fileURLToPath } from 'node:url';
import { runChecks } from './setup/check-steps.mjs';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';
import { conclude } from './setup/tally.mjs';

/** `npm run check`: format, lint, types, dead code, documents, licences, lock file. No database. */
const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  await installPackages(root);
  return conclude(await runChecks(root, findNode(root).path));
});
