import { fileURLToPath } from 'node:url';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';
import { runProgram } from './setup/run-program.mjs';

/** Runs a TypeScript program of the repository under its own Node: `with-node.mjs FILE [ARGUMENT …]`. */
const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  await installPackages(root);
  return runProgram(findNode(root).path, process.argv.slice(2), { cwd: root, stdio: 'inherit' });
});
