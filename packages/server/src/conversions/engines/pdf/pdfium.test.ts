import sharp from 'sharp';
import { fromBufferPromise } from 'yauzl';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, runOnFile, type Outcome } from '../text/run-both.ts';
import { openChildBench, type ChildBench } from '../text/run-in-child.ts';
import { encryptedPdf, hostilePdfs, makePdf, makePdfWith, pageOf } from './make-pdf.ts';
import { pdfiumEngine } from './pdfium-engine.ts';
import { pdfium } from './runner-engines.ts';

const to = async (target: 'PNG' | 'JPEG' | 'TXT', pdf: Buffer, options: object = {}) =>
  runOnFile(pdfiumEngine, pdf, options, { type: `PDF_TO_${target}` });

function bytesOf(outcome: Outcome): Buffer {
  if ('code' in outcome) throw new Error(outcome.message);
  return outcome.bytes;
}

async function namesIn(zip: Buffer): Promise<string[]> {
  const names: string[] = [];
  for await (const { fileName } of (await fromBufferPromise(zip)).eachEntry()) names.push(fileName);
  return names;
}

describe('PDF to images', () => {
  test('one page is an image of the paper at its dpi', async () => {
    const pdf = await makePdf(['Hello']);
    const png = await sharp(bytesOf(await to('PNG', pdf))).metadata();
    expect(png).toMatchObject({ format: 'png', width: 1240, height: 1754, density: 150 });
    const jpeg = await sharp(bytesOf(await to('JPEG', pdf, { dpi: 72 }))).metadata();
    expect(jpeg).toMatchObject({ format: 'jpeg', width: 595, height: 842 });
  });

  test('colours stay where they were drawn', async () => {
    const pdf = pageOf('0 0 100 100', '1 0 0 rg 0 50 50 50 re f 0 0 1 rg 50 0 50 50 re f');
    const png = sharp(bytesOf(await to('PNG', pdf, { dpi: 72 }))).raw();
    const pixels = await png.toBuffer();
    const at = (x: number, y: number) => [...pixels.subarray((y * 100 + x) * 3).subarray(0, 3)];
    expect([at(10, 10), at(90, 90), at(90, 10)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
      [255, 255, 255],
    ]);
    const clear = sharp(bytesOf(await to('PNG', pdf, { dpi: 72, transparent: true }))).raw();
    expect((await clear.toBuffer()).subarray(90 * 4 + 3)[0]).toBe(0);
    const gray = sharp(bytesOf(await to('PNG', pdf, { grayscale: true }))).removeAlpha();
    const [red, green, blue] = await gray.toColourspace('srgb').raw().toBuffer();
    expect([green, blue]).toEqual([red, red]);
  });

  test('several pages are a ZIP of images, one is not', async () => {
    const pdf = await makePdf(Array.from({ length: 11 }, (_, index) => `page ${index + 1}`));
    const zip = bytesOf(await to('PNG', pdf, { dpi: 20, pages: '2-3, 11' }));
    expect(await namesIn(zip)).toEqual(['page-02.png', 'page-03.png', 'page-11.png']);
    const one = bytesOf(await to('JPEG', pdf, { dpi: 20, pages: '11' }));
    expect(await sharp(one).metadata()).toMatchObject({ format: 'jpeg' });
    expect(codeOf(await to('PNG', pdf, { pages: '12' }))).toBe('invalid_request');
    expect(codeOf(await to('PNG', pdf, { pages: '0-2' }))).toBe('invalid_request');
  });

  test('form fields are drawn as they were filled in', async () => {
    const pdf = await makePdfWith(1, (page, _index, _font, document) => {
      const field = document.getForm().createTextField('name');
      field.setText('XXXXXXXXXX');
      field.addToPage(page, { x: 50, y: 700, width: 200, height: 40 });
    });
    const { channels } = await sharp(bytesOf(await to('PNG', pdf))).stats();
    expect(channels[0]?.min).toBeLessThan(60);
  });
});

describe('PDF to text', () => {
  test('keeps the order of lines, and tells pages apart by a form feed', async () => {
    const pdf = await makePdf(['First line\nSecond line\nThird: Größe', 'Next page']);
    expect(await to('TXT', pdf)).toMatchObject({
      text: 'First line\nSecond line\nThird: Größe\n\fNext page\n',
      warnings: [],
    });
    expect(await to('TXT', pdf, { pages: '2' })).toMatchObject({ text: 'Next page\n' });
  });

  test('has what was filled into a form, beside its words', async () => {
    const pdf = await makePdfWith(1, (page, _index, font, document) => {
      const form = document.getForm();
      const at = (y: number) => ({ x: 150, y: y - 5, width: 200, height: 20 });
      const word = (text: string, y: number) => page.drawText(text, { x: 50, y, size: 12, font });
      word('Title', 780);
      word('Name:', 740);
      form.createTextField('name').addToPage(page, at(740));
      form.getTextField('name').setText('Ada Größe');
      word('Country:', 700);
      const country = form.createDropdown('country');
      country.addOptions(['Austria', 'Peru']);
      country.select('Peru');
      country.addToPage(page, at(700));
      word('Yes/No:', 660);
      for (const [name, x] of [
        ['yes', 150],
        ['no', 200],
      ] as const) {
        form.createCheckBox(name).addToPage(page, { x, y: 655, width: 15, height: 15 });
      }
      form.getCheckBox('yes').check();
      word('Text:', 600);
      const remarks = form.createTextField('remarks');
      remarks.enableMultiline();
      remarks.setText('one\ntwo');
      remarks.addToPage(page, { x: 150, y: 550, width: 200, height: 60 });
      const secret = form.createTextField('secret');
      secret.enablePassword();
      secret.setText('hidden');
      secret.addToPage(page, at(500));
      word('Foot', 100);
    });
    expect(await to('TXT', pdf)).toMatchObject({
      text: 'Title\nName: Ada Größe\nCountry: Peru\nYes/No: ☑ ☐\nText:\none\ntwo\nFoot\n',
      warnings: [],
    });
  });

  test('loses nothing after letters without a name', async () => {
    const nameless =
      '/Resources<</Font<</F<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts' +
      '[<</Type/Font/Subtype/CIDFontType2/BaseFont/X/DW 500/CIDSystemInfo<</Registry(Adobe)' +
      '/Ordering(Identity)/Supplement 0>>>>]>>/G<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>';
    const text = 'BT /F 12 Tf 10 50 Td <000000000005> Tj /G 12 Tf 40 0 Td (the end) Tj ET';
    const outcome = await to('TXT', pageOf('0 0 200 100', text, nameless));
    expect('text' in outcome && outcome.text).toMatch(/^\ufffd{3} ?the end\n$/u);
  });

  test('says where there is no text, as in a scan', async () => {
    const pdf = pageOf('0 0 100 100', '1 0 0 rg 0 50 50 50 re f');
    expect(await to('TXT', pdf)).toMatchObject({ text: '', warnings: ['no_text'] });
  });
});

describe('a bad PDF', () => {
  test.each(Object.keys(hostilePdfs))('is document_invalid: %s', async (name) => {
    const pdf = hostilePdfs[name]?.() ?? Buffer.alloc(0);
    for (const target of ['PNG', 'TXT'] as const) {
      expect(codeOf(await to(target, pdf))).toBe('document_invalid');
    }
  });

  test('is refused: encrypted, cut off, another format, a page beyond all bounds', async () => {
    const whole = await makePdf(['x']);
    expect(codeOf(await to('PNG', encryptedPdf()))).toBe('document_encrypted');
    expect(codeOf(await to('PNG', whole.subarray(0, 60)))).toBe('document_invalid');
    expect(codeOf(await to('PNG', Buffer.from('PK\u0003\u0004')))).toBe('document_invalid');
    expect(codeOf(await to('PNG', Buffer.alloc(0)))).toBe('document_invalid');
    const huge = pageOf('0 0 14400 14400', '');
    expect(codeOf(await to('PNG', huge))).toBe('document_too_complex');
    expect(codeOf(await to('PNG', pageOf('5 5 5 5', '')))).toBe('converted');
  });

  test('a form that draws itself ends, and its scripts are never run', async () => {
    const loop = '/Resources<</XObject<</A 5 0 R>>>>';
    const pdf = Buffer.from(
      pageOf('0 0 50 50', '/A Do', loop)
        .toString('latin1')
        .replace(
          'xref\n',
          `5 0 obj\n<</Type/XObject/Subtype/Form/BBox[0 0 9 9]${loop}/Length 5>>\nstream\n/A Do\n` +
            'endstream\nendobj\nxref\n',
        ),
      'latin1',
    );
    expect(codeOf(await to('PNG', pdf))).toBe('converted');
  });
});

describe('in its child process', () => {
  let bench: ChildBench;
  beforeAll(async () => {
    bench = await openChildBench(pdfium);
  });
  afterAll(() => bench.close());

  test('endless drawing is conversion_timeout, and the next PDF is converted', async () => {
    const pattern = '0 0 1 rg 0 0 900 900 re f 0.5 w 0 0 m 900 900 l S '.repeat(200_000);
    const request = { from: 'pdf', to: 'png', options: { dpi: 500 } } as const;
    const slow = { ...request, input: pageOf('0 0 900 900', pattern), timeoutMs: 1500 };
    expect(await bench.codeOf(slow)).toBe('conversion_timeout');
    expect(await bench.leftovers()).toEqual([]);
    const next = await bench.convert({ ...request, input: await makePdf(['next']) });
    expect([next.format, next.warnings]).toEqual(['png', []]);
  });
});
