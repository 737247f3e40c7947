import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Log } from '../../../context.ts';
import { createRunner, type Runner } from '../../runner/runner.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { officeWasm } from './runner-engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
let runner: Runner;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-office-'));
  runner = await createRunner({
    processes: 1,
    log: silent,
    workRoot: join(folder, 'work'),
    allowUnsandboxed: true,
    engines: [officeWasm],
  });
});

afterAll(async () => {
  await runner.close();
  await rm(folder, { recursive: true, force: true });
});

async function convert(docx: Buffer) {
  const inputPath = join(folder, 'input');
  const outputPath = join(folder, 'output');
  await writeFile(inputPath, docx);
  await rm(outputPath, { force: true });
  const task = { from: 'docx', to: 'pdf', options: {}, inputPath, outputPath } as const;
  const hooks = { signal: new AbortController().signal, onProgress: () => {} };
  const { warnings } = await runner.run('libreoffice-wasm', task, hooks);
  return { pdf: await readFile(outputPath), warnings };
}

/** The drawing operators of all pages. */
function contentsOf(pdf: Buffer): string {
  const contents: string[] = [];
  let at = 0;
  for (;;) {
    const start = pdf.indexOf('stream\n', at);
    if (start === -1) return contents.join('\n');
    const end = pdf.indexOf('endstream', start);
    try {
      contents.push(inflateSync(pdf.subarray(start + 7, end)).toString('latin1'));
    } catch {
      // Not a deflated stream.
    }
    at = end + 9;
  }
}

function pageCount(pdf: Buffer): number {
  return [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page\b/gu)].length;
}

/** How many glyphs the page shows: text is drawn as hexadecimal strings of them. */
function glyphCount(pdf: Buffer): number {
  const shown = [...contentsOf(pdf).matchAll(/<([0-9A-Fa-f]+)>/gu)];
  return shown.reduce((sum, [, hex = '']) => sum + hex.length / 2, 0);
}

test('a document with text and a table becomes a PDF, twenty times in a row', async () => {
  const text = 'Quarterly report';
  const rows = [
    ['North', '12'],
    ['South', '34'],
  ];
  const docx = await makeDocx(paragraph(text) + table(rows));
  const letters = (text + rows.flat().join('')).length;
  for (let index = 0; index < 20; index++) {
    const { pdf } = await convert(docx);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pageCount(pdf)).toBe(1);
    expect(glyphCount(pdf)).toBeGreaterThanOrEqual(letters - text.length);
  }
  expect(runner.stats().started).toBe(1);
}, 120_000);

test('a font that is not there is named in a warning', async () => {
  const run = '<w:r><w:rPr><w:rFonts w:ascii="Papyrus"/></w:rPr><w:t>old</w:t></w:r>';
  const { warnings } = await convert(await makeDocx(`<w:p>${run}</w:p>`));
  expect(warnings).toEqual([
    { code: 'fonts_replaced', detail: expect.stringContaining('Papyrus') as string },
  ]);
});

test('a document that refers to files and addresses elsewhere is converted without them', async () => {
  const relationships = `<Relationships
xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
Target="http://127.0.0.1:9/t.dotx" TargetMode="External"/></Relationships>`;
  const docx = await makeDocx(paragraph('text'), {
    'word/_rels/document.xml.rels': relationships,
  });
  expect(pageCount((await convert(docx)).pdf)).toBe(1);
});

test('what is damaged inside is document_invalid, and the next document is converted', async () => {
  const docx = await makeDocx('', { 'word/document.xml': 'not <xml' });
  await expect(convert(docx)).rejects.toMatchObject({ code: 'document_invalid' });
  expect(pageCount((await convert(await makeDocx(paragraph('next')))).pdf)).toBe(1);
}, 120_000);
