import type { EngineTask } from '../engine.ts';
import { textType, type ColumnType } from './column-shape.ts';
import { castTo, isExact } from './column-sql.ts';
import type { Database } from './database.ts';
import type { ParquetOptions } from './options.ts';
import { identifier, literal } from './sql-text.ts';
import { fieldOf, sourceOf, type Table } from './table.ts';

const rowGroupRowsUsual = 122_880;
/** A row group is held in memory, by each thread: few rows of many columns. */
const rowGroupFieldsMax = 8_000_000;
const vectorRows = 2048;

/** What we raise ourselves, in the middle of a statement, where a field is not of its type. */
const inexact = 'mutate: not of its type';

/**
 * Writes a table as Parquet. The types are what the beginning of the file suggests; each value is
 * checked on the way, and where one does not fit, its column is looked at as a whole and becomes
 * what holds all of it.
 *
 * @throws Error as DuckDB says it where it cannot read the CSV; EngineError
 */
export async function writeParquet(
  database: Database,
  table: Table,
  task: EngineTask,
): Promise<void> {
  const options = task.options as ParquetOptions;
  try {
    await database.write(copyStatement(table, options, task.outputPath), {
      name: 'converting',
      from: 2,
      to: 98,
    });
    return;
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes(inexact)) throw error;
  }
  const corrected = { ...table, columns: await correctTypes(database, table) };
  await database.write(copyStatement(corrected, options, task.outputPath), {
    name: 'converting',
    from: 50,
    to: 98,
  });
}

function copyStatement(table: Table, options: ParquetOptions, path: string): string {
  const shown = table.columns.slice(0, table.columns.length - table.hidden);
  const values = shown.map(({ name, type }, index) => {
    const field = fieldOf(index);
    const value = castTo(type, field);
    const checked =
      type.kind === 'text'
        ? value
        : `CASE WHEN ${field} IS NULL OR coalesce(${isExact(type, field)}, false)
            THEN ${value} ELSE error(${literal(inexact)}) END`;
    return `${checked} AS ${identifier(name)}`;
  });
  const fitting = Math.floor(rowGroupFieldsMax / table.columns.length / vectorRows) * vectorRows;
  const rows = options.row_group_rows ?? Math.max(vectorRows, Math.min(rowGroupRowsUsual, fitting));
  const codec = { zstd: 'zstd', snappy: 'snappy', none: 'uncompressed' }[options.compression];
  return `COPY (SELECT ${values.join(', ')} FROM ${sourceOf(table)}) TO ${literal(path)}
    (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE ${rows}, USE_TMP_FILE false)`;
}

/** Looks at every value of the typed columns: those that hold something else become wider. */
async function correctTypes(database: Database, table: Table): Promise<Table['columns']> {
  const typed = [...table.columns.entries()].filter(([, { type }]) => type.kind !== 'text');
  const probes = typed.flatMap(([index, { type }]) => {
    const field = fieldOf(index);
    const pattern = `'-?(0|[1-9][0-9]*)([.][0-9]+)?'`;
    const fraction = `length(split_part(${field}, '.', 2))`;
    const isNumber = type.kind === 'integer' || type.kind === 'decimal';
    return [
      `bool_and(coalesce(${isExact(type, field)}, ${field} IS NULL))`,
      isNumber ? `bool_and(regexp_full_match(${field}, ${pattern}) AND ${field} <> '-0')` : 'false',
      isNumber ? `max(length(split_part(ltrim(${field}, '-'), '.', 1)))` : '0',
      isNumber ? `max(${fraction})` : '0',
    ];
  });
  const query = `SELECT ${probes.join(', ')} FROM ${sourceOf(table)}`;
  const found = await database.first(query, { name: 'checking', from: 25, to: 50 });
  const columns = [...table.columns];
  for (const [at, [index, column]] of typed.entries()) {
    const [exact, decimal, integerDigits, scale] = found.slice(at * 4, at * 4 + 4);
    if (exact === false) {
      const type = decimal === true ? wider(Number(integerDigits), Number(scale)) : textType;
      columns[index] = { ...column, type };
    }
  }
  return columns;
}

function wider(integerDigits: number, scale: number): ColumnType {
  const digits = integerDigits + scale;
  if (digits > 38) return textType;
  if (scale === 0 && digits <= 18) return { kind: 'integer' };
  return { kind: 'decimal', precision: digits <= 18 ? 18 : 38, scale };
}
