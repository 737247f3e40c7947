import type { Format } from '../../packages/server/src/conversions/engines/engine.ts';
import { checkCsv, checkJson, makeCsv, makeJson } from './tables.ts';
import { checkHtml, checkMarkdown, makeDocument, makeMarkdown } from './documents.ts';
import { openOurs } from './ours.ts';
import { openColdOffice } from './peers/programs.ts';
import { openExcelJs, openExcelJsWriter, openSheetJs, openSheetJsWriter } from './peers/sheets.ts';
import {
  openCsvParse,
  openMammoth,
  openMarked,
  openPapaParse,
  openPapaUnparse,
} from './peers/texts.ts';
import { checkPdf } from './documents.ts';
import { checkShown, checkWorkbook, makeWorkbook } from './workbooks.ts';

/** Converts one file; loading and warming up lie behind. */
export type Convert = (inputPath: string, outputPath: string) => Promise<void>;

export interface BenchCase {
  readonly name: string;
  readonly title: string;
  readonly from: Format;
  /** Writes the input, of `scale` times the full size; answers what `check` needs to know. */
  makeInput(path: string, scale: number): Promise<number>;
  /** `yes`, or what is wrong with an output. */
  check(path: string, expected: number): Promise<string>;
  /** Ours first. */
  readonly contenders: readonly { readonly name: string; open(): Promise<Convert> }[];
}

export const cases: readonly BenchCase[] = [
  {
    name: 'xlsx-csv',
    title: 'XLSX to CSV, 200,000 rows of 10 columns',
    from: 'xlsx',
    makeInput: (path, scale) => makeWorkbook(path, 200_000 * scale),
    check: checkShown,
    contenders: [
      { name: 'Mutate', open: () => openOurs('xlsx', 'csv') },
      { name: 'SheetJS', open: openSheetJs },
      { name: 'ExcelJS, streaming', open: openExcelJs },
      { name: 'soffice, cold', open: openColdOffice('csv:Text - txt - csv (StarCalc):44,34,76,1') },
    ],
  },
  {
    name: 'csv-xlsx',
    title: 'CSV to XLSX, 200,000 rows of 6 columns',
    from: 'csv',
    makeInput: (path, scale) => makeCsv(path, 200_000 * scale),
    check: checkWorkbook,
    contenders: [
      { name: 'Mutate', open: () => openOurs('csv', 'xlsx') },
      { name: 'SheetJS', open: openSheetJsWriter },
      { name: 'ExcelJS, streaming', open: openExcelJsWriter },
    ],
  },
  {
    name: 'csv-json',
    title: 'CSV to JSON, 1,000,000 rows of 6 columns',
    from: 'csv',
    makeInput: (path, scale) => makeCsv(path, 1_000_000 * scale),
    check: checkJson,
    contenders: [
      { name: 'Mutate', open: () => openOurs('csv', 'json') },
      { name: 'Papa Parse', open: openPapaParse },
      { name: 'csv-parse, streaming', open: openCsvParse },
    ],
  },
  {
    name: 'json-csv',
    title: 'JSON to CSV, 500,000 objects of 6 members',
    from: 'json',
    makeInput: (path, scale) => makeJson(path, 500_000 * scale),
    check: checkCsv,
    contenders: [
      { name: 'Mutate', open: () => openOurs('json', 'csv') },
      { name: 'Papa Parse', open: openPapaUnparse },
    ],
  },
  {
    name: 'md-html',
    title: 'Markdown to HTML, 5 MB',
    from: 'md',
    makeInput: (path, scale) => makeMarkdown(path, 20_000 * scale),
    check: checkMarkdown,
    contenders: [
      { name: 'Mutate', open: () => openOurs('md', 'html') },
      { name: 'marked', open: openMarked },
    ],
  },
  {
    name: 'docx-html',
    title: 'DOCX to HTML, 3,000 paragraphs',
    from: 'docx',
    makeInput: (path, scale) => makeDocument(path, 3000 * scale),
    check: checkHtml,
    contenders: [
      { name: 'Mutate', open: () => openOurs('docx', 'html') },
      { name: 'mammoth alone', open: openMammoth },
      { name: 'soffice, cold', open: openColdOffice('html') },
    ],
  },
  {
    name: 'docx-pdf',
    title: 'DOCX to PDF, 200 paragraphs',
    from: 'docx',
    makeInput: (path, scale) => makeDocument(path, 200 * scale),
    check: checkPdf,
    contenders: [
      { name: 'Mutate', open: () => openOurs('docx', 'pdf') },
      { name: 'soffice, cold', open: openColdOffice('pdf') },
    ],
  },
];
