import { CsvWriter } from '../csv-writer.ts';
import type { CsvOptions } from '../csv-writer.ts';
import type { Archive } from './archive.ts';
import { CellText } from './cell-text.ts';
import type { CellSource } from './cell-text.ts';
import type { FileSink } from './file-sink.ts';
import type { CellSheet } from './select-sheets.ts';
import { SheetCsv } from './sheet-csv.ts';
import type { SheetShape } from './sheet-csv.ts';
import { SheetScanner } from './sheet-scanner.ts';
import { readPart } from './xml-part.ts';

/** What is the same for every sheet of a conversion. */
export interface SheetConversion {
  readonly archive: Archive;
  readonly source: CellSource;
  readonly csv: CsvOptions;
  readonly signal: AbortSignal;
}

export interface SheetOutcome {
  readonly formulasWithoutValue: number;
  readonly unencodable: number;
  readonly padded: boolean;
}

/**
 * Writes one sheet as CSV. A sheet without values becomes an empty file, as in Excel.
 *
 * @param progress is given the part done, 0 to 1.
 * @throws EngineError, or the signal's reason when aborted
 */
export async function convertSheet(
  conversion: SheetConversion,
  sheet: CellSheet,
  sink: FileSink,
  progress: (done: number) => void,
): Promise<SheetOutcome> {
  let pass = await writeSheet(conversion, sheet, sink, progress);
  if (!pass.shape.fits) {
    sink.reset();
    pass = await writeSheet(conversion, sheet, sink, progress, pass.shape);
  }
  if (pass.shape.values === 0) sink.reset();
  const { formulasWithoutValue, padded } = pass.shape;
  return { formulasWithoutValue, padded, unencodable: pass.unencodable };
}

async function writeSheet(
  { archive, source, csv: csvOptions, signal }: SheetConversion,
  sheet: CellSheet,
  sink: FileSink,
  progress: (done: number) => void,
  known?: SheetShape,
): Promise<{ shape: SheetShape; unencodable: number }> {
  const csv = new CsvWriter(sink, csvOptions);
  const reader = new SheetCsv(csv, new CellText(source), known);
  const total = Math.max(1, archive.sizeBytes(sheet.part));
  await readPart(archive, sheet.part, new SheetScanner(reader), {
    signal,
    onBytes: (bytes) => progress(Math.min(1, bytes / total)),
  });
  const shape = reader.finish();
  csv.flush();
  return { shape, unencodable: csv.unencodable };
}
