import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode } from './setup/node-runtime.mjs';
import { Problem, runCommand } from './setup/problem.mjs';
import { conclude } from './setup/tally.mjs';

/**
 * `node scripts/check-shared-data.mjs FOLDER`: compares conversions with what the original program
 * wrote, for the test data in FOLDER, which is not part of the repository. XLSX to CSV runs in four
 * time zones, because a date must not depend on one. Prints `N passed, N failed`, then the numbers
 * as one line of JSON.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
// Midnight is skipped in São Paulo (until 2019), a whole day in Apia (2011-12-30).
const timeZones = ['UTC', 'America/Sao_Paulo', 'Pacific/Apia', 'Asia/Kolkata'];
const sheetsMin = 0.97;
const cellsMin = 0.999;

await runCommand(async () => {
  const folder = process.argv[2];
  if (folder === undefined) throw new Problem('usage: node scripts/check-shared-data.mjs FOLDER');
  const golden = join(folder, 'xlsx-golden');
  if (!existsSync(golden)) throw new Problem(`There is no xlsx-golden in ${folder}.`);
  const results = timeZones.map((timeZone) => compareWorkbooks(golden, timeZone));
  const checks = results.flatMap(({ time_zone: zone, shares }) => [
    check(`sheets equal in ${zone}`, shares.sheets, sheetsMin),
    check(`cells equal in ${zone}`, shares.cells, cellsMin),
  ]);
  const passed = checks.filter(Boolean).length;
  const code = conclude({ passed, failed: checks.length - passed });
  console.log(JSON.stringify({ xlsx_golden: results }));
  return code;
});

/**
 * @param {string} golden
 * @param {string} timeZone
 * @returns {{ time_zone: string, shares: { sheets: number, cells: number } }}
 */
function compareWorkbooks(golden, timeZone) {
  const script = join(root, 'scripts/check-xlsx-golden.ts');
  const { path } = findNode(root);
  const { stdout, stderr } = spawnSync(path, [script, golden, `${sheetsMin}`, `${cellsMin}`], {
    env: { ...process.env, TZ: timeZone },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) return { time_zone: timeZone, shares: { sheets: 0, cells: 0 } };
  return JSON.parse(last);
}

/** @param {string} name @param {number} share @param {number} min */
function check(name, share, min) {
  const isGood = share >= min;
  console.log(
    `${isGood ? '✓' : '✗'} ${name}: ${(100 * share).toFixed(2)} %, at least ${100 * min} %`,
  );
  return isGood;
}
