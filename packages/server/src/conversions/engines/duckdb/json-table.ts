import { join } from 'node:path';
import type { z } from 'zod';
import { CsvWriter } from '../csv-writer.ts';
import { EngineError, type EngineTask } from '../engine.ts';
import { readJson } from '../text/json-input.ts';
import { JsonToCsv } from '../text/json-to-csv.ts';
import { OutputFile } from '../text/output.ts';
import type { RecordWriter } from '../text/record-writer.ts';
import { ColumnShape, textType } from './column-shape.ts';
import type { jsonToParquet } from './options.ts';
import type { Table } from './table.ts';

/** Where the rows of a JSON are written for DuckDB. */
export function rowsPath({ workDir }: EngineTask): string {
  return join(workDir, 'rows.csv');
}

/**
 * Writes the elements of a JSON text as a table. It is read twice, first for the columns: a string
 * stays text whatever it looks like, and a number keeps its digits.
 *
 * @throws EngineError telling what is wrong with the JSON, and where
 */
export async function readJsonTable(task: EngineTask): Promise<Table> {
  const options = task.options as z.infer<typeof jsonToParquet>;
  const conversion = new JsonToCsv(options);
  const width = new WidestRow();
  await readJson(conversion.collect(), task, { name: 'reading', from: 0, to: 15 });
  // Arrays have no columns that could be collected, only a length.
  const measured = conversion.write(width);
  await readJson(measured, task, { name: 'reading', from: 15, to: 30 });
  const path = rowsPath(task);
  using output = new OutputFile({ inputPath: task.inputPath, outputPath: path });
  const writer = new TypedRows(output, width.fields);
  const rows = conversion.write(writer);
  await readJson(rows, task, { name: 'reading', from: 30, to: 45 });
  const warnings = conversion.finish(writer, rows);
  if (width.fields === 0) {
    throw new EngineError('document_invalid', 'The elements have no values to make columns of.');
  }
  const columns = Array.from({ length: width.fields }, (_, index) => ({
    name: writer.names[index] ?? `column_${index + 1}`,
    type: (options.types === 'infer' ? writer.shapes[index]?.type() : null) ?? textType,
  }));
  return { path, delimiter: ',', header: false, columns, hidden: 0, warnings };
}

/** Counts the fields of the longest record. */
class WidestRow implements RecordWriter {
  readonly unencodable = 0;
  fields = 0;
  #now = 0;

  header(names: readonly string[]): void {
    this.fields = Math.max(this.fields, names.length);
  }

  field(): void {
    this.#now += 1;
  }

  literal(): void {
    this.#now += 1;
  }

  emptyFields(count: number): void {
    this.#now += count;
  }

  endRow(): void {
    this.fields = Math.max(this.fields, this.#now);
    this.#now = 0;
  }

  flush(): void {}
}

/** Writes a CSV of records of one length, and notes what the values of each column are. */
class TypedRows implements RecordWriter {
  readonly unencodable = 0;
  readonly shapes: ColumnShape[];
  names: readonly string[] = [];
  readonly #csv: CsvWriter;
  #column = 0;

  constructor(output: OutputFile, width: number) {
    const plain = { delimiter: ',', newline: 'lf', bom: false, encoding: 'utf-8' } as const;
    this.#csv = new CsvWriter(output, { ...plain, quote: 'minimal' });
    this.shapes = Array.from({ length: width }, () => new ColumnShape());
  }

  header(names: readonly string[]): void {
    this.names = names;
  }

  field(text: string): void {
    this.shapes[this.#column]?.addText();
    this.#column += 1;
    if (text === '') this.#csv.emptyText();
    else this.#csv.field(text);
  }

  literal(text: string): void {
    const shape = this.shapes[this.#column];
    if (text === 'true' || text === 'false') shape?.addBoolean();
    else shape?.addNumber(text);
    this.#column += 1;
    this.#csv.field(text);
  }

  emptyFields(count: number): void {
    this.#column += count;
    this.#csv.emptyFields(count);
  }

  endRow(): void {
    const missing = this.shapes.length - this.#column;
    if (missing > 0) this.#csv.emptyFields(missing);
    this.#csv.endRow();
    this.#column = 0;
  }

  flush(): void {
    this.#csv.flush();
  }
}
