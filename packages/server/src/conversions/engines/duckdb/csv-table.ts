import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { CsvWriter } from '../csv-writer.ts';
import { EngineError, type EngineTask } from '../engine.ts';
import { sampleChars, sniffDelimiter } from '../text/csv-dialect.ts';
import { encodingAdvice } from '../text/csv-input.ts';
import { CsvReader } from '../text/csv-reader.ts';
import { RaggedRecords, nameColumns, type NamedColumns } from '../text/column-names.ts';
import { TextReader, type TextEncoding } from '../text/decode.ts';
import { readPieces } from '../text/files.ts';
import { OutputFile } from '../text/output.ts';
import { ColumnShape, textType, type ColumnType } from './column-shape.ts';
import type { csvToParquet } from './options.ts';
import type { Column, Table } from './table.ts';

type CsvOptions = z.infer<typeof csvToParquet>;

const sampleBytesMax = 1024 * 1024;
const sampleRowsMax = 10_000;

/** What the beginning of a CSV tells. */
export interface CsvSample {
  readonly encoding: TextEncoding;
  readonly delimiter: string;
  readonly named: NamedColumns;
  readonly types: readonly ColumnType[];
}

/** Where the CSV is rewritten, if it must be. */
export function rewrittenPath({ workDir }: EngineTask): string {
  return join(workDir, 'rewritten.csv');
}

/** Reads the beginning: dialect, columns, types. @throws EngineError `document_invalid` */
export async function sampleCsv(task: EngineTask): Promise<CsvSample> {
  const options = task.options as CsvOptions;
  const head = await readHead(task.inputPath);
  const encoding = encodingOf(head, options.encoding);
  const decoder = new TextReader(encoding, encodingAdvice);
  let text = decoder.write(head);
  const isWhole = head.length < sampleBytesMax;
  if (isWhole) text += decoder.end();
  const delimiter =
    options.delimiter === 'auto' ? sniffDelimiter(text.slice(0, sampleChars)) : options.delimiter;
  const sample = new SampleRows(options);
  const reader = new CsvReader(delimiter, (fields) => sample.add(fields));
  try {
    reader.write(text);
    if (isWhole || sample.isEmpty) reader.end();
  } catch (error) {
    if (error !== enough) throw error;
  }
  const named = sample.named();
  return { encoding, delimiter, named, types: sample.types() };
}

async function readHead(path: string): Promise<Buffer> {
  await using handle = await open(path);
  const buffer = Buffer.alloc(sampleBytesMax);
  const { bytesRead } = await handle.read(buffer, 0, sampleBytesMax, 0);
  return buffer.subarray(0, bytesRead);
}

/** A byte order mark wins. */
function encodingOf(head: Buffer, named: TextEncoding): TextEncoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 'utf-8' : named;
}

/** Thrown by ourselves to stop the reader early. */
const enough = new Error('enough');

class SampleRows {
  readonly #options: CsvOptions;
  readonly #shapes: ColumnShape[] = [];
  #named: NamedColumns | null = null;
  #rows = 0;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#named === null;
  }

  add(fields: readonly string[]): void {
    if (this.#named === null) {
      const { header } = this.#options;
      this.#named = nameColumns(header ? fields : fields.map((_, index) => `column_${index + 1}`));
      for (const _ of fields) this.#shapes.push(new ColumnShape());
      if (header) return;
    }
    if (this.#options.types === 'infer') {
      for (const [index, shape] of this.#shapes.entries()) {
        const field = fields[index];
        if (field !== undefined && field !== '') shape.addField(field);
      }
    }
    this.#rows += 1;
    if (this.#rows >= sampleRowsMax) throw enough;
  }

  named(): NamedColumns {
    if (this.#named) return this.#named;
    throw new EngineError('document_invalid', 'The file has no records.');
  }

  types(): ColumnType[] {
    const known = this.#options.types === 'infer';
    return this.#shapes.map((shape) => (known ? shape.type() : textType));
  }
}

/**
 * The file as DuckDB may read it itself, or null where only our reader gets it right: another
 * encoding, or one column, in which an empty line would be taken for a value.
 */
export function asItIs(task: EngineTask, sample: CsvSample): Table | null {
  const { encoding, delimiter, named } = sample;
  if (encoding !== 'utf-8' || named.names.length === 1) return null;
  const { header } = task.options as CsvOptions;
  const { warnings } = named;
  return {
    path: task.inputPath,
    delimiter,
    header,
    columns: columnsOf(sample),
    hidden: 0,
    warnings,
  };
}

function columnsOf({ named, types }: CsvSample): Column[] {
  return named.names.map((name, index) => ({ name, type: types[index] ?? textType }));
}

/**
 * Writes the CSV anew, in the one way that every reader understands: UTF-8, every record as long as
 * the header, and what is too much in a column of its own as JSON.
 *
 * @throws EngineError telling what is wrong with the CSV, and where
 */
export async function rewriteCsv(task: EngineTask, sample: CsvSample): Promise<Table> {
  const options = task.options as CsvOptions;
  const path = rewrittenPath(task);
  const { named, delimiter, encoding } = sample;
  const ragged = new RaggedRecords();
  using output = new OutputFile({ inputPath: task.inputPath, outputPath: path });
  const plain = { delimiter: ',', newline: 'lf', bom: false, encoding: 'utf-8' } as const;
  const writer = new CsvWriter(output, { ...plain, quote: 'minimal' });
  let isHeader = options.header;
  const reader = new CsvReader(delimiter, (fields, line, quotedEmpty) => {
    if (isHeader) {
      isHeader = false;
      return;
    }
    const width = named.names.length;
    if (fields.length !== width) ragged.note(fields.length < width, line);
    for (let index = 0; index < width; index += 1) {
      const field = fields[index] ?? '';
      if (field === '' && quotedEmpty?.has(index) === true) writer.emptyText();
      else writer.field(field);
    }
    writer.field(fields.length > width ? JSON.stringify(fields.slice(width)) : '');
    writer.endRow();
  });
  const decoder = new TextReader(encoding, encodingAdvice);
  for await (const bytes of readPieces(task, { name: 'reading', from: 0, to: 45 })) {
    reader.write(decoder.write(bytes));
  }
  reader.write(decoder.end());
  reader.end();
  writer.flush();
  const extra = { name: named.extraName, type: textType };
  const warnings = [...named.warnings, ...ragged.warnings(named.extraName)];
  if (reader.emptyLines > 0 && named.names.length === 1) {
    const detail = `${reader.emptyLines} empty lines are not rows; write "" for an empty value.`;
    warnings.push({ code: 'empty_lines_skipped', detail });
  }
  const columns = [...columnsOf(sample), extra];
  const hidden = ragged.hasLong ? 0 : 1;
  return { path, delimiter: ',', header: false, columns, hidden, warnings };
}
