import type { Warning } from '../engine.ts';
import type { ColumnType } from './column-shape.ts';
import { identifier, literal } from './sql-text.ts';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** A UTF-8 CSV that DuckDB reads by itself, and what its columns are believed to be. */
export interface Table {
  readonly path: string;
  readonly delimiter: string;
  /** The first record is no data. */
  readonly header: boolean;
  readonly columns: readonly Column[];
  /** So many of the last columns are read and left out. */
  readonly hidden: number;
  readonly warnings: readonly Warning[];
}

/** Each thread holds some of them. */
const bufferBytes = 32 * 1024 * 1024;
const lineBytesMax = 16 * 1024 * 1024;

/** Inside, columns go by their position: names of the customer's appear in the output alone. */
export function fieldOf(index: number): string {
  return `c${index}`;
}

/**
 * The table as a source of a SELECT: every field as text, nothing guessed. An empty field is NULL, a
 * quoted empty one an empty text.
 */
export function sourceOf({ path, delimiter, header, columns }: Table): string {
  const fields = columns.map((_, index) => `${identifier(fieldOf(index))}: 'VARCHAR'`);
  return `read_csv(${literal(path)}, auto_detect = false, delim = ${literal(delimiter)},
    quote = '"', escape = '"', header = ${header}, columns = {${fields.join(', ')}},
    nullstr = '', allow_quoted_nulls = false, strict_mode = true, buffer_size = ${bufferBytes}, max_line_size = ${lineBytesMax})`;
}
