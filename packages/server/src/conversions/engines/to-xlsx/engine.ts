import { z } from 'zod';

import { EngineError } from '../engine.ts';
import type { Engine, EngineResult, EngineTask, Warning } from '../engine.ts';
import { CsvInput, csvInputShape, encodingAdvice } from '../text/csv-input.ts';
import { TextReader } from '../text/decode.ts';
import { readPieces } from '../text/files.ts';
import { jsonInputShape, readJson } from '../text/json-input.ts';
import { JsonToCsv } from '../text/json-to-csv.ts';
import { SheetRecords } from './sheet-records.ts';
import { WorkbookFile } from './workbook-file.ts';

const sheetShape = {
  sheet_name: z
    .string()
    .min(1)
    .max(31)
    .regex(/^(?!')[^[\]:*?/\\\p{Cc}]+(?<!')$/u, "It must do without [ ] : * ? / \\ and outer '.")
    .refine((name) => name.toLowerCase() !== 'history', 'Excel keeps "History" for itself.')
    .default('Sheet1'),
  header: z
    .boolean()
    .default(true)
    .describe('The first row is bold and stays in view; false makes it a row like the others.'),
  long_texts: z
    .enum(['refuse', 'cut'])
    .default('refuse')
    .describe('A cell holds 32,767 characters: longer texts are an error, or are cut.'),
};

const csvOptions = z.strictObject({
  ...csvInputShape,
  ...sheetShape,
  types: z
    .enum(['infer', 'string'])
    .default('infer')
    .describe(
      '"infer" makes numbers, dates and booleans of the fields that Excel then shows just as they ' +
        'are written; 007, 1E5 and 20 digits stay texts. "string" makes every field a text.',
    ),
});

const jsonOptions = z.strictObject({
  ...jsonInputShape,
  ...sheetShape,
  header: z
    .boolean()
    .default(true)
    .describe('A first row, bold and always in view, with the names of the columns.'),
  types: z
    .enum(['infer', 'string'])
    .default('infer')
    .describe('"infer" keeps numbers and booleans as such, "string" makes them texts.'),
});

/** CSV, JSON and NDJSON to XLSX, streamed; JSON is read twice, first for its columns. */
export const toXlsxEngine: Engine = {
  name: 'xlsx-writer',
  pairs: [
    { from: 'csv', to: 'xlsx', options: csvOptions },
    { from: 'json', to: 'xlsx', options: jsonOptions },
    { from: 'ndjson', to: 'xlsx', options: jsonOptions },
  ],
  timeoutMs: 600_000,
  memoryBytesMax: 512 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const file = new WorkbookFile(task.outputPath, task.signal);
  try {
    const warnings = task.from === 'csv' ? await writeCsv(task, file) : await writeJson(task, file);
    await file.end();
    return { format: 'xlsx', warnings };
  } catch (error) {
    file.destroy();
    throw error;
  }
}

async function writeCsv(task: EngineTask, file: WorkbookFile): Promise<Warning[]> {
  const options = csvOptions.parse(task.options);
  const records = new SheetRecords(file, {
    ...options,
    inferTexts: options.types === 'infer',
    typedLiterals: false,
  });
  let count = 0;
  let columns = 0;
  const input = new CsvInput(options.delimiter, (fields) => {
    if (count === 0 && options.header) records.header(fields);
    else records.record(fields);
    count += 1;
    columns = Math.max(columns, fields.length);
  });
  const decoder = new TextReader(options.encoding, encodingAdvice);
  for await (const bytes of readPieces(task, { name: 'converting', from: 0, to: 100 })) {
    input.write(decoder.write(bytes));
    await file.drained();
  }
  input.write(decoder.end());
  input.end();
  if (count === 0) throw new EngineError('document_invalid', 'The file has no records.');
  const warnings = records.end();
  if (columns === 1 && input.emptyLines > 0) {
    const detail = `${input.emptyLines} empty lines are not rows; write "" for an empty value.`;
    warnings.push({ code: 'empty_lines_skipped', detail });
  }
  return warnings;
}

async function writeJson(task: EngineTask, file: WorkbookFile): Promise<Warning[]> {
  const options = jsonOptions.parse(task.options);
  const records = new SheetRecords(file, {
    ...options,
    inferTexts: false,
    typedLiterals: options.types === 'infer',
  });
  const conversion = new JsonToCsv(options);
  const isListed = options.columns !== undefined;
  if (!isListed) {
    await readJson(conversion.collect(), task, { name: 'reading', from: 0, to: 45 });
  }
  const rows = conversion.write(records);
  const phase = { name: 'converting', from: isListed ? 0 : 45, to: 100 };
  await readJson(rows, task, phase, () => file.drained());
  return [...conversion.finish(records, rows), ...records.end()];
}
