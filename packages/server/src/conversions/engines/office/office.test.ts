import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readZip } from '../../../test/zip.ts';
import { EngineUnderTest } from './engine-under-test.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { programFolder } from '../../../test/programs.ts';
import { officeNative, officeWasm } from './runner-engines.ts';
import {
  DocumentMaker,
  kindOf,
  sheetSource,
  slidesSource,
  textSource,
  type MadeFormat,
} from './test-documents.ts';

const made = new Map<string, Buffer>();
const formats = Object.keys(kindOf) as MadeFormat[];

beforeAll(async () => {
  const maker = await DocumentMaker.open(programFolder);
  const sources = { text: await textSource(3), sheet: sheetSource(60), slides: slidesSource(3) };
  try {
    for (const format of formats) {
      made.set(format, await maker.make(format, sources[kindOf[format]]));
      // LibreOffice has no password for the newer formats of Microsoft by this way.
      if (/^(?:od.|doc|xls)$/u.test(format)) {
        made.set(`locked ${format}`, await maker.make(format, sources[kindOf[format]], 'secret'));
      }
    }
  } finally {
    await maker.close();
  }
}, 90_000);

const document = (name: string) => made.get(name) ?? Buffer.alloc(0);
const pagesOf = { text: 3, sheet: 4, slides: 3 };

describe.each([
  ['native', officeNative(programFolder)],
  ['WebAssembly', officeWasm],
])('LibreOffice, %s', (_, spec) => {
  let engine: EngineUnderTest;
  beforeAll(async () => {
    engine = await EngineUnderTest.open(spec);
  });
  afterAll(() => engine.close());

  test.each(formats)('makes a complete PDF with every page and its text of %s', async (format) => {
    const pdf = await engine.toPdf(document(format), format);
    expect([pdf.isComplete, pdf.pages]).toEqual([true, pagesOf[kindOf[format]]]);
    expect(pdf.glyphs).toBeGreaterThan(30);
  });

  test.each([
    ['doc', 'docx', 'word/document.xml', 'quarterly figures'],
    ['odt', 'docx', 'word/document.xml', 'quarterly figures'],
    ['rtf', 'docx', 'word/document.xml', 'quarterly figures'],
    ['xls', 'xlsx', 'xl/worksheets/sheet1.xml', '<v>649</v>'],
    ['ods', 'xlsx', 'xl/worksheets/sheet1.xml', '<v>649</v>'],
  ] as const)('writes %s as %s with what it says', async (from, to, part, said) => {
    const { bytes } = await engine.convert(document(from), from, to);
    expect((await readZip(bytes)).get(part)).toContain(said);
    const cut = document(from).subarray(0, Math.floor(document(from).length * 0.6));
    const refused = engine.convert(cut, from, to);
    await expect(refused).rejects.toMatchObject({ code: 'document_invalid' });
  });

  test('a document with text and a table becomes a PDF, twenty times in a row', async () => {
    const rows = [
      ['North', '12'],
      ['South', '34'],
    ];
    const docx = await makeDocx(paragraph('Quarterly report') + table(rows));
    const startedBefore = engine.runner.stats().started;
    for (let index = 0; index < 20; index++) {
      const pdf = await engine.toPdf(docx, 'docx');
      expect([pdf.isComplete, pdf.pages]).toEqual([true, 1]);
      expect(pdf.glyphs).toBeGreaterThanOrEqual(rows.flat().join('').length);
    }
    expect(engine.runner.stats().started).toBe(startedBefore);
    await expect.poll(() => engine.leftovers()).toEqual([]);
  });

  test('only the pages that are asked for are made, and none is an invalid request', async () => {
    expect((await engine.toPdf(document('odt'), 'odt', { pages: '2-3' })).pages).toBe(2);
    expect((await engine.toPdf(document('pptx'), 'pptx', { pages: '1, 3' })).pages).toBe(2);
    const none = engine.toPdf(document('docx'), 'docx', { pages: '40' });
    await expect(none).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('a PDF/A says of itself which one it is', async () => {
    expect((await engine.toPdf(document('docx'), 'docx', { pdfa: '2b' })).pdfa).toBe('2B');
    expect((await engine.toPdf(document('xlsx'), 'xlsx', { pdfa: '1b' })).pdfa).toMatch(/^1[AB]$/u);
    expect((await engine.toPdf(document('docx'), 'docx')).pdfa).toBe('');
  });

  test.each(['xlsx', 'ods'] as const)('the pages of %s are as asked for', async (format) => {
    const options = { paper: 'a5', orientation: 'landscape', fit_to_width: true };
    const pdf = await engine.toPdf(document(format), format, options);
    expect(pdf.size).toEqual([595, 420]);
    const plain = await engine.toPdf(document(format), format);
    expect(plain.size[0]).toBeLessThan(plain.size[1] ?? 0);
    const fitted = await engine.toPdf(document(format), format, { fit_to_width: true });
    expect([fitted.pages, fitted.size]).toEqual([1, plain.size]);
    const turned = await engine.toPdf(document(format), format, { orientation: 'landscape' });
    expect(turned.size).toEqual(plain.size.toReversed());
  });

  test.each(['odt', 'ods', 'odp', 'doc', 'xls'] as const)(
    'a %s with a password is document_encrypted',
    async (format) => {
      const locked = engine.toPdf(document(`locked ${format}`), format);
      await expect(locked).rejects.toMatchObject({ code: 'document_encrypted' });
    },
  );

  test('fonts that are not there are named in a warning', async () => {
    const run = '<w:r><w:rPr><w:rFonts w:ascii="Papyrus"/></w:rPr><w:t>old</w:t></w:r>';
    const docx = await makeDocx(`<w:p>${run}</w:p>`);
    const { warnings } = await engine.convert(docx, 'docx', 'pdf', { image_quality: 90 });
    expect(warnings).toEqual([
      { code: 'fonts_replaced', detail: expect.stringContaining('Papyrus') as string },
    ]);
  });

  test.each(formats)(
    '%s cut off or with bytes changed is refused, or still a PDF',
    async (format) => {
      const whole = document(format);
      const { started } = engine.runner.stats();
      const cut = engine.toPdf(whole.subarray(0, Math.floor(whole.length * 0.6)), format);
      await expect(cut).rejects.toMatchObject({ code: 'document_invalid' });
      const bent = Buffer.from(whole);
      for (let at = 600; at < bent.length; at += 997) bent[at] = (bent[at] ?? 0) ^ 0x55;
      const outcome = await engine.toPdf(bent, format).catch((error: unknown) => error);
      expect(outcome).toSatisfy(
        (result: { isComplete?: boolean; code?: string }) =>
          result.isComplete === true || result.code === 'document_invalid',
      );
      await engine.toPdf(document('docx'), 'docx');
      // What is refused costs no start of a process.
      expect(engine.runner.stats().started).toBe(started);
    },
  );
});
