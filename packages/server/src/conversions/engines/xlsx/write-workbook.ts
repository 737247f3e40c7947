import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { ZipFile } from 'yazl';

import type { EngineResult, EngineTask } from '../engine.ts';
import { UniqueNames } from '../text/unique-names.ts';
import { csvSheets, jsonSheets, ndjsonSheets, writeJsonObject } from './convert.ts';
import type { SheetOutcome, WriteSheet } from './convert.ts';
import { FileSink } from './file-sink.ts';
import type { OpenWorkbook } from './open-workbook.ts';
import {
  sheetCsvOptions,
  sheetJsonOptions,
  sheetNdjsonOptions,
  workbookOptions,
} from './options.ts';
import { selectSheets } from './select-sheets.ts';
import type { CellSheet } from './select-sheets.ts';
import { fileNamesOf } from './sheet-names.ts';
import { warningsOf } from './sheet-warnings.ts';

const outputBytesMax = 4 * 1024 ** 3;
/** An output up to here is nobody's concern; a larger one must have come of something. */
const outputGraceBytes = 256 * 1024 ** 2;
/** A text that is stored once, or a row that is repeated, can make gigabytes of a few kilobytes. */
const outputRatioMax = 1000;
/** Zip entries carry a time; a fixed one makes equal inputs give equal bytes. */
const entryTime = new Date('2000-01-01T00:00:00Z');

/** Percent of the progress that passes before the first sheet. */
export const openingShare = 10;

/**
 * Writes the sheets of a workbook that a task asks for, as CSV, JSON or NDJSON.
 *
 * @throws EngineError, or the signal's reason when aborted
 */
export async function writeWorkbook(
  task: EngineTask,
  workbook: OpenWorkbook,
): Promise<EngineResult> {
  const { sheet, hidden_sheets: hiddenSheets, encoding } = workbookOptions(task);
  const sheets = selectSheets(workbook.sheets, { sheet, hiddenSheets });
  const isAll = sheet === 'all';
  const asObject = isAll && task.to === 'json';
  const outcomes = asObject
    ? await writeObject(task, workbook, sheets)
    : isAll
      ? await writeZip(task, writerOf(task, workbook), sheets)
      : await writeFirst(task, writerOf(task, workbook), sheets);
  const others = workbook.sheets.filter(({ part }) => part !== undefined).length - sheets.length;
  return {
    format: isAll && !asObject ? 'zip' : task.to,
    warnings: warningsOf(outcomes, { encoding: encoding ?? 'utf-8', skipped: isAll ? 0 : others }),
  };
}

function writerOf(task: EngineTask, workbook: OpenWorkbook): WriteSheet {
  if (task.to === 'csv') return csvSheets(workbook, sheetCsvOptions.parse(task.options));
  if (task.to === 'json') return jsonSheets(workbook, sheetJsonOptions.parse(task.options));
  return ndjsonSheets(workbook, { ...sheetNdjsonOptions.parse(task.options), indent: 0 });
}

async function writeFirst(
  task: EngineTask,
  write: WriteSheet,
  [sheet]: readonly CellSheet[],
): Promise<SheetOutcome[]> {
  if (sheet === undefined) return [];
  using sink = new FileSink(task.outputPath, await outputBound(task));
  return [await write(sheet, sink, (done) => reportSheet(task, done, sheet))];
}

async function writeObject(
  task: EngineTask,
  workbook: OpenWorkbook,
  sheets: readonly CellSheet[],
): Promise<SheetOutcome[]> {
  using sink = new FileSink(task.outputPath, await outputBound(task));
  const unique = new UniqueNames(sheets.map(({ name }) => name));
  const named = sheets.map((sheet) => ({ sheet, name: unique.claim(sheet.name, true) }));
  const options = sheetJsonOptions.parse(task.options);
  return await writeJsonObject(workbook, options, named, sink, (done, sheet) =>
    reportSheet(task, done, sheet),
  );
}

async function outputBound({ inputPath }: EngineTask): Promise<number> {
  const { size } = await stat(inputPath);
  return Math.min(outputBytesMax, Math.max(outputGraceBytes, size * outputRatioMax));
}

/** One file a sheet in the work folder, then all of them in a ZIP. */
async function writeZip(
  task: EngineTask,
  write: WriteSheet,
  sheets: readonly CellSheet[],
): Promise<SheetOutcome[]> {
  const sheetNames = sheets.map(({ name }) => name);
  const names = fileNamesOf(sheetNames, task.to);
  const zip = new ZipFile();
  const outcomes: SheetOutcome[] = [];
  let room = await outputBound(task);
  for (const [index, sheet] of sheets.entries()) {
    const path = join(task.workDir, `sheet-${index}`);
    using sink = new FileSink(path, room);
    const report = (done: number) => reportSheet(task, (index + done) / sheets.length, sheet);
    outcomes.push(await write(sheet, sink, report));
    room -= sink.sizeBytes;
    zip.addFile(path, names[index] ?? `${index}.${task.to}`, { mtime: entryTime, mode: 0o100644 });
  }
  zip.end();
  const { signal } = task;
  await pipeline(zip.outputStream, createWriteStream(task.outputPath), { signal });
  return outcomes;
}

function reportSheet(task: EngineTask, done: number, { name }: CellSheet): void {
  task.progress(openingShare + done * (100 - openingShare), name);
}
