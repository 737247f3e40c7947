import { z } from 'zod';
import type { Properties } from './urp/marshal.ts';

const pages = z
  .string()
  .max(200)
  .regex(/^ *[1-9]\d{0,4}(?:-[1-9]\d{0,4})? *(?:, *[1-9]\d{0,4}(?:-[1-9]\d{0,4})? *)*$/u, {
    error: 'Pages are numbers and ranges, as in "1-3,7".',
  })
  .optional()
  .describe('Which pages: numbers and ranges, as in "1-3,7". Default: all.');

const common = {
  pages,
  pdfa: z
    .enum(['1b', '2b', '3b'])
    .optional()
    .describe('An archivable PDF/A of this level, with all fonts embedded.'),
  image_quality: z
    .int()
    .min(1)
    .max(100)
    .default(90)
    .describe('Quality of pictures, which are stored as JPEG; 100 keeps them as they are.'),
};

export const documentOptions = z.strictObject(common);

export const sheetOptions = z.strictObject({
  ...common,
  paper: z
    .enum(['a3', 'a4', 'a5', 'letter', 'legal', 'tabloid'])
    .optional()
    .describe("The paper's size. Default: as the workbook says."),
  orientation: z
    .enum(['portrait', 'landscape'])
    .optional()
    .describe("The paper's orientation. Default: as the workbook says."),
  fit_to_width: z
    .boolean()
    .default(false)
    .describe('Makes each sheet small enough to be one page wide.'),
});

export type PdfOptions = z.infer<typeof documentOptions> & Partial<z.infer<typeof sheetOptions>>;

/** The options of any of our pairs, as parsed; those of sheets are absent for the others. */
export function readOptions(options: Record<string, unknown>): PdfOptions {
  return sheetOptions.parse(options);
}

const pdfaVersions = { '1b': 1, '2b': 2, '3b': 3 } as const;

/** As LibreOffice's PDF export wants them (FilterData). */
export function exportSettings(options: PdfOptions): Properties {
  const { pages: range, pdfa, image_quality: quality } = options;
  return {
    ...(range === undefined ? {} : { PageRange: { string: range.replaceAll(' ', '') } }),
    ...(pdfa === undefined ? {} : { SelectPdfVersion: { long: pdfaVersions[pdfa] } }),
    Quality: { long: quality },
    UseLosslessCompression: { boolean: quality === 100 },
    ReduceImageResolution: { boolean: false },
  };
}

/** Millimetres, upright. */
const papers = {
  a3: [297, 420],
  a4: [210, 297],
  a5: [148, 210],
  letter: [215.9, 279.4],
  legal: [215.9, 355.6],
  tabloid: [279.4, 431.8],
} as const;

/** What is to change about the pages of a workbook; null where nothing is. */
export interface PageChange {
  readonly paperMm: readonly [number, number] | null;
  readonly orientation: 'portrait' | 'landscape' | null;
  readonly fitToWidth: boolean;
}

export function pageChange(options: PdfOptions): PageChange | null {
  const { paper, orientation, fit_to_width: fitToWidth = false } = options;
  if (paper === undefined && orientation === undefined && !fitToWidth) return null;
  return {
    paperMm: paper === undefined ? null : papers[paper],
    orientation: orientation ?? null,
    fitToWidth,
  };
}
