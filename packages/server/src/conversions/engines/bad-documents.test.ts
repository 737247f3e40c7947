import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { programFolder } from '../../test/programs.ts';
import { enginesWith } from '../registry/engines.ts';
import { badDocumentsOf } from './bad-documents.ts';
import type { Format } from './engine.ts';
import { startConverter, type Converter } from './test-convert.ts';

type Kind = 'empty' | 'truncated' | 'wrong type' | 'encrypted' | 'too large' | 'hostile';

interface Row {
  readonly from: Format;
  readonly to: Format;
  /** What is no fault in this format, or does no harm to this engine: it may be converted. */
  readonly mayPass?: readonly Kind[];
}

/**
 * Any bytes are a web page; the beginning of a Markdown or CSV file is one, even one without a byte. (A
 * request with an empty file is refused before any engine sees it: bad-input.test.ts.)
 */
const rows: Readonly<Record<string, Row>> = {
  'xlsx-stream': { from: 'xlsx', to: 'csv' },
  'ods-stream': { from: 'ods', to: 'csv' },
  sheetjs: { from: 'xls', to: 'csv' },
  'xlsx-writer': { from: 'csv', to: 'xlsx', mayPass: ['truncated'] },
  'csv-json': { from: 'csv', to: 'json', mayPass: ['truncated'] },
  'json-csv': { from: 'json', to: 'csv' },
  'json-lines': { from: 'json', to: 'ndjson' },
  'csv-csv': { from: 'csv', to: 'csv', mayPass: ['empty', 'truncated'] },
  'xml-json': { from: 'xml', to: 'json' },
  'yaml-json': { from: 'yaml', to: 'json', mayPass: ['empty', 'truncated'] },
  duckdb: { from: 'csv', to: 'parquet', mayPass: ['truncated'] },
  'markdown-it': { from: 'md', to: 'html', mayPass: ['truncated'] },
  sharp: { from: 'png', to: 'webp' },
  'heic-decode': { from: 'heic', to: 'png' },
  ffmpeg: { from: 'wav', to: 'mp3', mayPass: ['truncated', 'too large', 'hostile'] },
  mammoth: { from: 'docx', to: 'txt' },
  'docx-writer': { from: 'md', to: 'docx', mayPass: ['truncated'] },
  libreoffice: { from: 'docx', to: 'pdf' },
  'libreoffice-wasm': { from: 'docx', to: 'pdf' },
  chromium: {
    from: 'html',
    to: 'pdf',
    mayPass: ['truncated', 'wrong type', 'encrypted', 'hostile'],
  },
  pdfium: { from: 'pdf', to: 'txt', mayPass: ['hostile'] },
  'pdf-lib': { from: 'pdf', to: 'pdf', mayPass: ['too large', 'hostile'] },
  turndown: { from: 'html', to: 'md', mayPass: ['truncated', 'wrong type', 'encrypted'] },
};

const refusals = ['document_invalid', 'document_encrypted', 'document_too_complex'];
const specs = enginesWith(programFolder);

async function badOnes(from: Format): Promise<readonly (readonly [Kind, Buffer])[]> {
  const { good, encrypted, tooLarge, hostile } = await badDocumentsOf(from);
  const picture = Buffer.from('89504e470d0a1a0a0000000d49484452ff', 'hex');
  return [
    ['empty', Buffer.alloc(0)],
    ['truncated', good.subarray(0, Math.ceil(good.length * 0.6))],
    ['wrong type', from === 'png' ? Buffer.from('PK\u0003\u0004 a workbook') : picture],
    ['encrypted', encrypted],
    ['too large', tooLarge],
    ['hostile', hostile],
  ];
}

/** What is wrong with the answers; empty where nothing is. */
async function findHarm(converter: Converter, { from, to, mayPass = [] }: Row): Promise<string[]> {
  const harm: string[] = [];
  for (const [kind, input] of await badOnes(from)) {
    const outcome = await converter.convert(input, { from, to }).then(
      () => 'converted',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
    const isFine = outcome === 'converted' ? mayPass.includes(kind) : refusals.includes(outcome);
    if (!isFine) harm.push(`${kind}: ${outcome}`);
  }
  return harm;
}

/** A warm browser or office has files of its own in its home. */
async function jobFilesLeft(converter: Converter): Promise<string[]> {
  const work = join(converter.folder, 'work');
  const paths = (await converter.filesLeft()).map((path) => relative(work, path));
  return paths.filter((path) => /^[^/]+\/[^/]+\/(?:in|out|tmp)\/(?!warm)/u.test(path));
}

test('every engine has its row, and no row is without an engine', () => {
  expect(Object.keys(rows).toSorted()).toEqual(specs.map(({ engine }) => engine.name).toSorted());
});

describe('an empty, cut, wrong, encrypted, too large or hostile document is refused clearly', () => {
  test.each(specs.map((spec) => [spec.engine.name, spec] as const))(
    'by %s, which then converts a good one and leaves no file',
    async (name, spec) => {
      const row = rows[name];
      if (row === undefined) throw new Error(`${name} has no row`);
      const converter = await startConverter(spec);
      try {
        expect(await findHarm(converter, row)).toEqual([]);
        const { good } = await badDocumentsOf(row.from);
        const { bytes } = await converter.convert(good, { from: row.from, to: row.to });
        expect(bytes.length).toBeGreaterThan(0);
        await expect.poll(() => jobFilesLeft(converter), { timeout: 30_000 }).toEqual([]);
      } finally {
        await converter.close();
      }
    },
    300_000,
  );
});
