import { fileURLToPath } from 'node:url';
import { buildDashboard } from './setup/build-dashboard.mjs';
import { installPackages } from './setup/install.mjs';
import { findNode } from './setup/node-runtime.mjs';
import { runCommand } from './setup/problem.mjs';

/** `npm run build`: the dashboard, where it is stale. Everything else runs as it is written. */
const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(async () => {
  await installPackages(root);
  await buildDashboard(root, findNode(root).path);
  return 0;
});
