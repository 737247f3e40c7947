#!/usr/bin/env node
// Runs src/main.ts, which needs Node 24: in this process where it is new enough, else with the
// Node that the repository brings along.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeMajorMin = 24;
const main = new URL('../src/main.ts', import.meta.url);

/**
 * @param {string} folder
 * @returns {string | null}
 */
function findOwnNode(folder) {
  const candidate = join(folder, 'node_modules', '.bin', 'node');
  if (existsSync(candidate)) return candidate;
  const parent = dirname(folder);
  return parent === folder ? null : findOwnNode(parent);
}

/** @param {string} node */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`mutate: ${node} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name);
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
  });
}

if (Number.parseInt(process.versions.node, 10) >= nodeMajorMin) {
  await import(main.href);
} else {
  const node = findOwnNode(dirname(fileURLToPath(import.meta.url)));
  if (node === null) {
    process.stderr.write(
      `mutate: needs Node ${nodeMajorMin} or newer, this is ${process.versions.node}. ` +
        'Install a newer Node, or run "npm install" in the repository, which brings one.\n',
    );
    process.exit(1);
  }
  runWith(node);
}
