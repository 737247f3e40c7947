import { z } from 'zod';

/** Options of XLSX and XLSM to CSV. */
export const xlsxCsvOptions = z
  .strictObject({
    sheet: z
      .union([z.int().min(0).max(9_999), z.string().min(1).max(255)])
      .optional()
      .describe(
        'Which sheet: its index from 0 in the order of the tabs, its name, or "all" for a ZIP ' +
          'with one CSV a sheet. Default: the first visible sheet.',
      ),
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
    hidden_sheets: z
      .boolean()
      .default(false)
      .describe('With "all": hidden sheets too. A sheet asked for by itself may be hidden.'),
  })
  .refine(({ bom, encoding }) => !(bom && encoding === 'windows-1252'), {
    path: ['bom'],
    message: 'windows-1252 has no byte order mark; use utf-8 or utf-16le',
  });

export type XlsxCsvOptions = z.infer<typeof xlsxCsvOptions>;
