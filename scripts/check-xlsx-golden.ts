import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { xlsxEngine } from '../packages/server/src/conversions/engines/xlsx/engine.ts';
import { countCells } from './golden/compare-csv.ts';
import type { CellCounts } from './golden/compare-csv.ts';

/**
 * Converts every sheet of a folder of workbooks and compares it, cell by cell, with the CSV that
 * Excel saved for it (the folder's README has the rules). The last line is the result as JSON.
 *
 * npx node scripts/check-xlsx-golden.ts FOLDER [SHEETS_MIN [CELLS_MIN]]
 *
 * Exit code 1 when a share of equal sheets or cells, listed exceptions left out, is below.
 */
interface ManifestEntry {
  readonly file: string;
  /** 0-based sheet index to the path of its CSV. */
  readonly sheets: Readonly<Record<string, string>>;
  /** Why the workbook may rightly differ. */
  readonly exception: string | null;
}

interface Tally {
  sheets: number;
  sheetsEqual: number;
  cells: number;
  cellsEqual: number;
}

const [folder, sheetsMin = '0.97', cellsMin = '0.999'] = process.argv.slice(2);
if (folder === undefined) {
  throw new Error('usage: npx node scripts/check-xlsx-golden.ts FOLDER [SHEETS_MIN [CELLS_MIN]]');
}
const workDir = mkdtempSync(join(tmpdir(), 'xlsx-golden-'));
const regular = emptyTally();
const all = emptyTally();
try {
  await compareAll(folder);
} finally {
  rmSync(workDir, { recursive: true });
}
const shares = {
  sheets: share(regular.sheetsEqual, regular.sheets),
  cells: share(regular.cellsEqual, regular.cells),
};
console.log(`without exceptions: ${described(regular)}`);
console.log(`with exceptions:    ${described(all)}`);
console.log(JSON.stringify({ time_zone: process.env['TZ'] ?? null, shares, regular, all }));
const isGood = shares.sheets >= Number(sheetsMin) && shares.cells >= Number(cellsMin);
process.exitCode = isGood ? 0 : 1;

async function compareAll(root: string): Promise<void> {
  const text = readFileSync(join(root, 'manifest.json'), 'utf8');
  for (const entry of JSON.parse(text) as ManifestEntry[]) {
    for (const [index, csv] of Object.entries(entry.sheets)) {
      const golden = readFileSync(join(root, csv), 'latin1');
      const counts = countCells(golden, await converted(join(root, entry.file), Number(index)));
      if (counts.goldenIsEmpty) continue;
      report(entry, index, counts);
      add(all, counts);
      if (entry.exception === null) add(regular, counts);
    }
  }
}

/** The CSV of one sheet; a workbook that cannot be converted is worth an empty one. */
async function converted(inputPath: string, sheet: number): Promise<string> {
  const outputPath = join(workDir, 'sheet.csv');
  const from = inputPath.endsWith('.xlsm') ? 'xlsm' : 'xlsx';
  try {
    await xlsxEngine.run({
      from,
      to: 'csv',
      options: { sheet },
      inputPath,
      outputPath,
      workDir,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
  } catch (error) {
    console.log(`${inputPath}, sheet ${sheet}: ${String(error)}`);
    return '';
  }
  return readFileSync(outputPath, 'utf8');
}

function report({ file, exception }: ManifestEntry, sheet: string, counts: CellCounts): void {
  const { firstDifference, cells, equal } = counts;
  if (firstDifference === undefined) return;
  const { row, column, golden, ours } = firstDifference;
  const where = `row ${row + 1}, column ${column + 1}`;
  const why = exception === null ? '' : ` (exception: ${exception})`;
  console.log(`${file}, sheet ${sheet}: ${cells - equal} of ${cells} cells differ${why}`);
  console.log(`  ${where}: Excel ${JSON.stringify(golden)}, ours ${JSON.stringify(ours)}`);
}

function emptyTally(): Tally {
  return { sheets: 0, sheetsEqual: 0, cells: 0, cellsEqual: 0 };
}

function add(tally: Tally, { cells, equal }: CellCounts): void {
  tally.sheets += 1;
  tally.sheetsEqual += cells === equal ? 1 : 0;
  tally.cells += cells;
  tally.cellsEqual += equal;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function described({ sheets, sheetsEqual, cells, cellsEqual }: Tally): string {
  const percent = (part: number, whole: number) => `${(100 * share(part, whole)).toFixed(2)} %`;
  return (
    `${sheetsEqual} of ${sheets} sheets equal (${percent(sheetsEqual, sheets)}), ` +
    `${cellsEqual} of ${cells} cells (${percent(cellsEqual, cells)})`
  );
}
