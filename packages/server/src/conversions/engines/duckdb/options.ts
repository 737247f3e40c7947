import { z } from 'zod';
import { csvInputShape } from '../text/csv-input.ts';
import { jsonInputShape } from '../text/json-input.ts';
import { csvHeader, csvOutput, jsonIndent } from '../text/options.ts';

/** How Parquet is written. */
const parquetOutput = {
  compression: z.enum(['zstd', 'snappy', 'none']).default('zstd'),
  row_group_rows: z
    .int()
    .min(2048)
    .max(1_048_576)
    .optional()
    .describe('Rows of a row group; without it 122,880, or fewer of a wide table.'),
};

const parquetTypes = z
  .enum(['infer', 'string'])
  .default('infer')
  .describe(
    '"infer" makes numbers, booleans, dates and times of the columns whose every value can be ' +
      'written back exactly; 007 stays text, TRUE and true are the same boolean. "string" makes ' +
      'every column text.',
  );

const chosenColumns = z
  .array(z.string())
  .min(1)
  .max(16_384)
  .refine((names) => new Set(names).size === names.length, 'A column may be listed only once.')
  .optional()
  .describe('Columns to write, in this order; without it, all of them.');

export const csvToParquet = z.strictObject({
  header: csvHeader.describe(
    'The first record names the columns; false calls them column_1, column_2, …',
  ),
  ...csvInputShape,
  types: parquetTypes,
  ...parquetOutput,
});

export const jsonToParquet = z.strictObject({
  ...jsonInputShape,
  types: parquetTypes,
  ...parquetOutput,
});

export const parquetToCsv = z.strictObject({
  columns: chosenColumns,
  nested: z
    .enum(['flatten', 'refuse', 'json'])
    .default('flatten')
    .describe('Structs: a column for each field, an error, or JSON text. Lists are JSON text.'),
  ...csvOutput,
});

export const parquetToJson = z.strictObject({ columns: chosenColumns, indent: jsonIndent });

export const parquetToLines = z.strictObject({ columns: chosenColumns });

export type ParquetOptions = {
  readonly compression: 'zstd' | 'snappy' | 'none';
  readonly row_group_rows?: number | undefined;
};
