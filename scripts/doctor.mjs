import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';
import { runProgram } from './setup/run-program.mjs';

/** `npm run doctor [-- --fix] [--json]`: under the repository's Node, with the settings of `npm start`. */
const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  await installPackages(root);
  const settings = join(root, '.env');
  const program = join(root, 'packages/server/src/doctor.ts');
  const args = [...(existsSync(settings) ? [`--env-file=${settings}`] : []), program];
  return runProgram(findNode(root).path, [...args, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
});
