import { readFile, stat } from 'node:fs/promises';

import { EngineError } from '../engine.ts';
import type { Engine, EngineResult, EngineTask } from '../engine.ts';
import { workbookOptions, workbookPairs } from '../xlsx/options.ts';
import { openingShare, writeWorkbook } from '../xlsx/write-workbook.ts';
import { openParsed } from './parsed-workbook.ts';

/** The whole document is held in memory, at many times its size. */
const sizeBytesMax = 20 * 1024 * 1024;

/** XLS and XLSB to CSV, JSON and NDJSON, parsed by SheetJS; numbers become text by our formats. */
export const oldSheetsEngine: Engine = {
  name: 'sheetjs',
  pairs: workbookPairs(['xls', 'xlsb']),
  timeoutMs: 120_000,
  memoryBytesMax: 1024 * 1024 ** 2,
  inputBytesMax: sizeBytesMax,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const { size } = await stat(task.inputPath);
  if (size > sizeBytesMax) {
    throw new EngineError(
      'document_too_complex',
      `A workbook of this kind is read up to ${sizeBytesMax / 1024 ** 2} MB; this one has ` +
        `${Math.ceil(size / 1024 ** 2)} MB. Save it as XLSX, which has no such limit; where LibreOffice is installed it is read as well.`,
    );
  }
  // A megabyte of parser that only the converting process loads.
  const { checkBinaryWorkbook, checkCompoundFile } = await import('./check-file.ts');
  const { parseWorkbook } = await import('./parse-workbook.ts');
  const bytes = await readFile(task.inputPath);
  if (task.from === 'xlsb') await checkBinaryWorkbook(task.inputPath);
  else checkCompoundFile(bytes);
  task.signal.throwIfAborted();
  const workbook = openParsed(parseWorkbook(bytes), workbookOptions(task).values);
  task.progress(openingShare, 'parsed');
  return writeWorkbook(task, workbook);
}
