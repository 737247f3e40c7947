import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Times reading and writing a workbook of ten columns beside the floor of inflating it, each run in
 * a process of its own, in turns. Gives the best of each: the others measure the machine's other
 * work. The ratio is to the floor of the same kind of time.
 *
 * npx node bench/xlsx.ts [ROWS [RUNS]]
 */
const [rows = '1000000', runsText = '3'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'bench-xlsx-'));

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

const makeWorkbook = new URL('./make-workbook.ts', import.meta.url);
const measure = new URL('./xlsx/measure.ts', import.meta.url);

function run(script: URL, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script.pathname, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script.href} failed: ${stderr}`);
  return stdout;
}

const workbook = join(folder, 'rows.xlsx');
const csv = join(folder, 'rows.csv');
const steps: readonly (readonly [string, string, string])[] = [
  ['inflate only', workbook, ''],
  ['XLSX to CSV', workbook, csv],
  ['XLSX to JSON', workbook, join(folder, 'rows.json')],
  ['CSV to XLSX', csv, join(folder, 'again.xlsx')],
];

const best = new Map<string, Measured>();
try {
  run(makeWorkbook, workbook, rows);
  for (let round = 0; round < Number(runsText); round += 1) {
    for (const [name, input, output] of steps) {
      const measured = JSON.parse(run(measure, name, input, output)) as Measured;
      const before = best.get(name) ?? measured;
      best.set(name, {
        wallMs: Math.min(measured.wallMs, before.wallMs),
        cpuMs: Math.min(measured.cpuMs, before.cpuMs),
        rssMb: Math.max(measured.rssMb, before.rssMb),
      });
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

const floor = best.get('inflate only');
console.log(`${rows} rows × 10 columns, best of ${runsText}`);
for (const [name, { wallMs, cpuMs, rssMb }] of best) {
  const ratio = wallMs / (floor?.wallMs ?? wallMs);
  console.log(
    `${name.padEnd(14)} ${(wallMs / 1000).toFixed(2)} s (${ratio.toFixed(1)} × the floor), ` +
      `${(cpuMs / 1000).toFixed(2)} s of CPU, ${rssMb.toFixed(0)} MB at most`,
  );
}
