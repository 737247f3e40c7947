import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildDashboard } from './setup/build-dashboard.mjs';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';
import { runProgram } from './setup/run-program.mjs';

/**
 * `npm start`: installs what is missing, builds the dashboard where it is stale, then runs the server under Node 24 until it ends. Runs under
 * Node 20 with nothing installed, so it imports only what Node itself has. `package.json` starts it with
 * `exec`: a shell in between would swallow the signals that npm passes on.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  await installPackages(root);
  const node = findNode(root);
  await buildDashboard(root, node.path);
  console.log(`Starting Mutate with Node ${node.version} …`);
  const settings = join(root, '.env');
  const guard = pathToFileURL(join(root, 'scripts/setup/end-with-parent.mjs')).href;
  return runProgram(
    node.path,
    [
      ...(existsSync(settings) ? [`--env-file=${settings}`] : []),
      `--import=${guard}`,
      join(root, 'packages/server/src/main.ts'),
      ...process.argv.slice(2),
    ],
    { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
    stopWhenNpmIsGone,
  );
});

/**
 * npm passes signals on to us, but a kill -9 of npm leaves us with another parent: then the server
 * must not go on holding the port.
 *
 * @param {import('node:child_process').ChildProcess} server
 */
function stopWhenNpmIsGone(server) {
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    server.kill('SIGTERM');
  }, 1000);
  timer.unref();
}
