import { CsvWriter } from '../csv-writer.ts';
import type { CsvOptions } from '../csv-writer.ts';
import { JsonWriter } from '../json-writer.ts';
import { CellText } from './cell-text.ts';
import type { FileSink } from './file-sink.ts';
import { arrayLines, recordLines } from './json-lines.ts';
import type { OpenWorkbook } from './open-workbook.ts';
import type { SheetJsonOptions } from './options.ts';
import type { CellSheet } from './select-sheets.ts';
import { SheetCsv } from './sheet-csv.ts';
import type { SheetShape } from './sheet-csv.ts';
import { SheetJson } from './sheet-json.ts';

/** What a sheet lost or turned into on the way; all zero where nothing did. */
export interface SheetOutcome {
  readonly formulasWithoutValue: number;
  readonly unencodable?: number;
  readonly padded?: boolean;
  readonly unnamedColumns?: number;
  readonly repeatedNames?: number;
}

/** Writes one sheet into a sink; `progress` is given the part done, 0 to 1. */
export type WriteSheet = (
  sheet: CellSheet,
  sink: FileSink,
  progress: (done: number) => void,
) => Promise<SheetOutcome>;

/** As CSV. A sheet without values becomes an empty file, as in Excel. */
export function csvSheets(workbook: OpenWorkbook, options: CsvOptions): WriteSheet {
  return async (sheet, sink, progress) => {
    const pass = async (known?: SheetShape) => {
      const csv = new CsvWriter(sink, options);
      const reader = new SheetCsv(csv, new CellText(workbook.cells), known);
      await workbook.read(sheet, reader, progress);
      const shape = reader.finish();
      csv.flush();
      return { shape, unencodable: csv.unencodable };
    };
    let { shape, unencodable } = await pass();
    if (!shape.fits) {
      sink.reset();
      ({ shape, unencodable } = await pass(shape));
    }
    if (shape.values === 0) sink.reset();
    const { formulasWithoutValue, padded } = shape;
    return { formulasWithoutValue, padded, unencodable };
  };
}

/** As NDJSON: a row a line. */
export function ndjsonSheets(workbook: OpenWorkbook, options: SheetJsonOptions): WriteSheet {
  return async (sheet, sink, progress) => {
    const json = new JsonWriter(sink);
    const rows = new SheetJson(json, new CellText(workbook.cells), {
      ...options,
      lines: recordLines,
    });
    await workbook.read(sheet, rows, progress);
    if (rows.outcome.rows > 0) json.raw('\n');
    json.flush();
    return rows.outcome;
  };
}

/** As one JSON array of rows. */
export function jsonSheets(workbook: OpenWorkbook, options: SheetJsonOptions): WriteSheet {
  return async (sheet, sink, progress) => {
    const json = new JsonWriter(sink);
    const outcome = await writeArray({ workbook, options, json, depth: 0 }, sheet, progress);
    json.raw('\n');
    json.flush();
    return outcome;
  };
}

interface ArrayTarget {
  readonly workbook: OpenWorkbook;
  readonly options: SheetJsonOptions;
  readonly json: JsonWriter;
  /** How many levels of JSON lie around the array. */
  readonly depth: number;
}

async function writeArray(
  { workbook, options, json, depth }: ArrayTarget,
  sheet: CellSheet,
  progress: (done: number) => void,
): Promise<SheetOutcome> {
  const lines = arrayLines(options.indent, depth);
  const rows = new SheetJson(json, new CellText(workbook.cells), { ...options, lines });
  json.raw('[');
  await workbook.read(sheet, rows, progress);
  json.raw(rows.outcome.rows > 0 ? `${lines.afterRows}]` : ']');
  return rows.outcome;
}

/** All sheets as one JSON object: an array of rows under each name. */
export async function writeJsonObject(
  workbook: OpenWorkbook,
  options: SheetJsonOptions,
  sheets: readonly { readonly name: string; readonly sheet: CellSheet }[],
  sink: FileSink,
  progress: (done: number, sheet: CellSheet) => void,
): Promise<SheetOutcome[]> {
  const json = new JsonWriter(sink);
  const { beforeRow, betweenRows, colon, afterRows } = arrayLines(options.indent, 0);
  const outcomes: SheetOutcome[] = [];
  json.raw('{');
  for (const [index, { name, sheet }] of sheets.entries()) {
    json.bytes(index === 0 ? beforeRow : betweenRows);
    json.text(name);
    json.raw(colon);
    const target = { workbook, options, json, depth: 1 };
    const report = (done: number) => progress((index + done) / sheets.length, sheet);
    outcomes.push(await writeArray(target, sheet, report));
  }
  json.raw(`${afterRows}}\n`);
  json.flush();
  return outcomes;
}
