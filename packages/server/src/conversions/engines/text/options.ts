import { z } from 'zod';

/** Whether a CSV says what its columns are called. */
export const csvHeader = z
  .boolean()
  .default(true)
  .describe('The first record names the columns; false makes every record an array.');

/** How a CSV is written. */
export const csvOutput = {
  delimiter: z
    .string()
    .regex(/^[\t !#-~]$/u, 'It must be one ASCII character other than a quote.')
    .default(','),
  newline: z.enum(['crlf', 'lf']).default('crlf'),
  bom: z.boolean().default(false).describe('A byte order mark first, which Excel asks for.'),
  encoding: z.enum(['utf-8', 'utf-16le', 'windows-1252']).default('utf-8'),
  quote: z
    .enum(['minimal', 'all'])
    .default('minimal')
    .describe('"minimal" quotes only the fields that need it.'),
};

/** How JSON is written. */
export const jsonIndent = z
  .int()
  .min(0)
  .max(8)
  .default(0)
  .describe('Spaces a level; 0 writes everything on one line.');
