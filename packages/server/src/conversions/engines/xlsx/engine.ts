import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { ZipFile } from 'yazl';

import type { Engine, EngineResult, EngineTask, Warning } from '../engine.ts';
import { Archive } from './archive.ts';
import { convertSheet } from './convert.ts';
import type { SheetConversion, SheetOutcome } from './convert.ts';
import { FileSink } from './file-sink.ts';
import { xlsxCsvOptions } from './options.ts';
import type { XlsxCsvOptions } from './options.ts';
import { selectSheets } from './select-sheets.ts';
import type { CellSheet } from './select-sheets.ts';
import { readSharedStrings } from './shared-strings.ts';
import { csvNamesOf } from './sheet-names.ts';
import { readStyleFormats } from './styles.ts';
import { readWorkbook } from './workbook.ts';
import type { Workbook } from './workbook.ts';

const outputBytesMax = 4 * 1024 ** 3;
/** Zip entries carry a time; a fixed one makes equal inputs give equal bytes. */
const entryTime = new Date('2000-01-01T00:00:00Z');

/** XLSX and XLSM to CSV, streamed: memory does not grow with the rows. */
export const xlsxEngine: Engine = {
  name: 'xlsx-stream',
  pairs: [
    { from: 'xlsx', to: 'csv', options: xlsxCsvOptions },
    { from: 'xlsm', to: 'csv', options: xlsxCsvOptions },
  ],
  timeoutMs: 300_000,
  memoryBytesMax: 512 * 1024 ** 2,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const options = xlsxCsvOptions.parse(task.options);
  const archive = await Archive.open(task.inputPath);
  try {
    const workbook = await readWorkbook(archive);
    const choice = { sheet: options.sheet, hiddenSheets: options.hidden_sheets };
    const sheets = selectSheets(workbook.sheets, choice);
    const conversion = await prepare(task, options, archive, workbook);
    const isZip = options.sheet === 'all';
    const outcomes = isZip
      ? await convertAll(task, conversion, sheets)
      : await convertFirst(task, conversion, sheets);
    return {
      format: isZip ? 'zip' : 'csv',
      warnings: warningsOf(outcomes, options, isZip ? 0 : otherSheets(workbook, sheets)),
    };
  } finally {
    archive.close();
  }
}

async function prepare(
  task: EngineTask,
  options: XlsxCsvOptions,
  archive: Archive,
  workbook: Workbook,
): Promise<SheetConversion> {
  const { signal } = task;
  const { sharedStringsPart, stylesPart, date1904 } = workbook;
  const total = Math.max(1, archive.sizeBytes(sharedStringsPart ?? ''));
  const strings = await readSharedStrings(archive, sharedStringsPart, {
    signal,
    onBytes: (bytes) => task.progress(Math.min(1, bytes / total) * stringsShare, 'texts'),
  });
  const styleFormats = await readStyleFormats(archive, stylesPart);
  const source = { strings, styleFormats, date1904, values: options.values };
  return { archive, source, csv: options, signal };
}

/** Percent of the progress that is for the shared strings. */
const stringsShare = 10;

async function convertFirst(
  task: EngineTask,
  conversion: SheetConversion,
  [sheet]: readonly CellSheet[],
): Promise<SheetOutcome[]> {
  if (sheet === undefined) return [];
  const report = (done: number) => reportSheet(task, done, sheet.name);
  return [await convertInto(task.outputPath, conversion, sheet, outputBytesMax, report)].map(
    ({ outcome }) => outcome,
  );
}

/** One CSV a sheet in the work folder, then all of them in a ZIP. */
async function convertAll(
  task: EngineTask,
  conversion: SheetConversion,
  sheets: readonly CellSheet[],
): Promise<SheetOutcome[]> {
  const names = csvNamesOf(sheets.map(({ name }) => name));
  const zip = new ZipFile();
  const outcomes: SheetOutcome[] = [];
  let room = outputBytesMax;
  for (const [index, sheet] of sheets.entries()) {
    const path = join(task.workDir, `sheet-${index}.csv`);
    const report = (done: number) => reportSheet(task, (index + done) / sheets.length, sheet.name);
    const { outcome, sizeBytes } = await convertInto(path, conversion, sheet, room, report);
    outcomes.push(outcome);
    room -= sizeBytes;
    zip.addFile(path, names[index] ?? `${index}.csv`, { mtime: entryTime, mode: 0o100644 });
  }
  zip.end();
  const { signal } = task;
  await pipeline(zip.outputStream, createWriteStream(task.outputPath), { signal });
  return outcomes;
}

async function convertInto(
  path: string,
  conversion: SheetConversion,
  sheet: CellSheet,
  sizeBytesMax: number,
  report: (done: number) => void,
): Promise<{ outcome: SheetOutcome; sizeBytes: number }> {
  const sink = new FileSink(path, sizeBytesMax);
  try {
    const outcome = await convertSheet(conversion, sheet, sink, report);
    return { outcome, sizeBytes: sink.sizeBytes };
  } finally {
    sink.close();
  }
}

function reportSheet(task: EngineTask, done: number, sheetName: string): void {
  task.progress(stringsShare + done * (100 - stringsShare), sheetName);
}

function otherSheets(workbook: Workbook, converted: readonly CellSheet[]): number {
  return workbook.sheets.filter(({ part }) => part !== undefined).length - converted.length;
}

function warningsOf(
  outcomes: readonly SheetOutcome[],
  { encoding }: XlsxCsvOptions,
  skipped: number,
): Warning[] {
  const formulas = sum(outcomes.map((outcome) => outcome.formulasWithoutValue));
  const unencodable = sum(outcomes.map((outcome) => outcome.unencodable));
  const warnings: Warning[] = [];
  if (formulas > 0) {
    warnings.push({
      code: 'formulas_without_value',
      detail: `${formulas} formulas have no stored result and became empty fields; open the workbook in Excel and save it.`,
    });
  }
  if (skipped > 0) {
    warnings.push({
      code: 'sheets_skipped',
      detail: `${skipped} other sheets were not converted; options.sheet names one, or "all".`,
    });
  }
  if (unencodable > 0) {
    warnings.push({
      code: 'characters_replaced',
      detail: `${unencodable} characters do not exist in ${encoding} and became "?".`,
    });
  }
  if (outcomes.some(({ padded }) => !padded)) {
    warnings.push({
      code: 'rows_not_padded',
      detail: 'The sheet is huge and nearly empty, so each record ends at its last cell.',
    });
  }
  return warnings;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
