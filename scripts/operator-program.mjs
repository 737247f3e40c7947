import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';
import { runProgram } from './setup/run-program.mjs';

/**
 * A program for whoever runs the service, beside the server and with the settings of `npm start`:
 * `npm run doctor [-- --fix] [--json]`, `npm run backup -- FOLDER`. Under the repository's Node.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const [name, ...args] = process.argv.slice(2);

await runCommand(async () => {
  await installPackages(root);
  const settings = join(root, '.env');
  const program = join(root, `packages/server/src/${name}.ts`);
  return runProgram(
    findNode(root).path,
    [...(existsSync(settings) ? [`--env-file=${settings}`] : []), program, ...args],
    { cwd: root, stdio: 'inherit' },
  );
});
