import { z } from 'zod';

import type { EngineTask, Format, Pair } from '../engine.ts';

const sheet = (all: string) =>
  z
    .union([z.int().min(0).max(9_999), z.string().min(1).max(255)])
    .optional()
    .describe(
      'Which sheet: its index from 0 in the order of the tabs, its name, or "all" for ' +
        `${all}. Default: the first visible sheet.`,
    );

const hiddenSheets = z
  .boolean()
  .default(false)
  .describe('With "all": hidden sheets too. A sheet asked for by itself may be hidden.');

/** Options of a workbook, of any format, to CSV. */
export const sheetCsvOptions = z
  .strictObject({
    sheet: sheet('a ZIP with one CSV a sheet'),
    values: z
      .enum(['formatted', 'raw'])
      .default('formatted')
      .describe('"formatted" writes what Excel shows, "raw" what it stores, dates in ISO 8601.'),
    delimiter: z
      .string()
      .regex(/^[\t !#-~]$/u, 'It must be one ASCII character other than a quote.')
      .default(',')
      .describe('One ASCII character: a comma, a semicolon, a tab, a pipe, …'),
    newline: z.enum(['crlf', 'lf']).default('crlf'),
    bom: z.boolean().default(false).describe('A byte order mark at the beginning.'),
    encoding: z.enum(['utf-8', 'windows-1252', 'utf-16le']).default('utf-8'),
    quote: z
      .enum(['minimal', 'all'])
      .default('minimal')
      .describe('"minimal" quotes only the fields that need it, "all" every field.'),
    hidden_sheets: hiddenSheets,
  })
  .refine(({ bom, encoding }) => !(bom && encoding === 'windows-1252'), {
    path: ['bom'],
    message: 'windows-1252 has no byte order mark; use utf-8 or utf-16le',
  });

const jsonShape = {
  values: z
    .enum(['raw', 'formatted'])
    .default('raw')
    .describe(
      '"raw" writes numbers, true and false as such and dates in ISO 8601; "formatted" writes ' +
        'every value as the text that Excel shows.',
    ),
  header: z
    .boolean()
    .default(true)
    .describe('The first row with values names the keys; false makes every row an array.'),
  empty: z
    .enum(['null', 'omit'])
    .default('null')
    .describe('A cell without a value under a named column: null, or its key is left out.'),
  hidden_sheets: hiddenSheets,
};

/** Options of a workbook, of any format, to JSON. */
export const sheetJsonOptions = z.strictObject({
  sheet: sheet('an object with the rows of each sheet under its name'),
  ...jsonShape,
  indent: z
    .int()
    .min(0)
    .max(8)
    .default(0)
    .describe('Spaces a level; 0 writes everything on one line.'),
});

/** Options of a workbook, of any format, to NDJSON. */
export const sheetNdjsonOptions = z.strictObject({
  sheet: sheet('a ZIP with one NDJSON a sheet'),
  ...jsonShape,
});

export type SheetJsonOptions = Pick<
  z.infer<typeof sheetJsonOptions>,
  'header' | 'empty' | 'indent'
>;

const schemas = { csv: sheetCsvOptions, json: sheetJsonOptions, ndjson: sheetNdjsonOptions };

/** The pairs of an engine that reads workbooks. */
export function workbookPairs(sources: readonly Format[]): Pair[] {
  return sources.flatMap((from) =>
    (['csv', 'json', 'ndjson'] as const).map((to) => ({ from, to, options: schemas[to] })),
  );
}

/** What the options of every target have; `encoding` is that of a CSV. */
export interface WorkbookOptions {
  readonly sheet?: number | string | undefined;
  readonly values: 'formatted' | 'raw';
  readonly hidden_sheets: boolean;
  readonly encoding?: string;
}

/** @throws ZodError for options that the pair's schema would have refused */
export function workbookOptions({
  to,
  options,
}: Pick<EngineTask, 'to' | 'options'>): WorkbookOptions {
  return schemas[to === 'json' || to === 'ndjson' ? to : 'csv'].parse(options);
}
