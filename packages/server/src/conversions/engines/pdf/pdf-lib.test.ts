import { PDFDocument, PDFName, PDFString } from 'pdf-lib';
import sharp, { type Sharp } from 'sharp';
import { fromBufferPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import { describe, expect, test } from 'vitest';
import { codeOf, runOnFile, type Outcome } from '../text/run-both.ts';
import { encryptedPdf, hostilePdfs, makePdf, makePdfWith } from './make-pdf.ts';
import { pdfLibEngine } from './pdf-lib-engine.ts';
import { pdfiumEngine } from './pdfium-engine.ts';

const run = (type: string, input: Buffer, options: object = {}) =>
  runOnFile(pdfLibEngine, input, options, { type });

function bytesOf(outcome: Outcome): Buffer {
  if ('code' in outcome) throw new Error(outcome.message);
  return outcome.bytes;
}

async function textOf(pdf: Buffer): Promise<string> {
  const outcome = await runOnFile(pdfiumEngine, pdf, {}, { type: 'PDF_TO_TXT' });
  return 'code' in outcome ? outcome.code : outcome.text.replaceAll('\n', '');
}

async function zipOf(entries: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(entries))
    zip.addBuffer(content, name, { compressionLevel: 1 });
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await fromBufferPromise(bytes);
  const files = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    const pieces: Buffer[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
    files.set(entry.fileName, Buffer.concat(pieces));
  }
  return files;
}

const five = () => makePdf(['one', 'two', 'three', 'four', 'five']);

test('of a moving image a page shows the first frame, and the warning says how many are lost', async () => {
  const frames = ['red', 'lime', 'blue'].map((background) =>
    sharp({ create: { width: 8, height: 6, channels: 3, background } })
      .png()
      .toBuffer(),
  );
  const moving = sharp(await Promise.all(frames), { join: { animated: true } });
  const gif = await moving.gif().toBuffer();
  expect(await run('GIF_TO_PDF', gif)).toMatchObject({ warnings: ['frames_skipped'] });
  const archive = await run('ZIP_TO_PDF', await zipOf({ 'a.gif': gif, 'b.gif': gif }));
  expect(archive).toMatchObject({ warnings: ['frames_skipped', 'frames_skipped'] });
  const still = await sharp(await frames[0])
    .gif()
    .toBuffer();
  expect(await run('GIF_TO_PDF', still)).toMatchObject({ warnings: [] });
});

describe('PDF to PDF', () => {
  test('keeps the pages asked for, in that order', async () => {
    const pdf = bytesOf(await run('PDF_TO_PDF', await five(), { pages: '4-, 1, 3-2, 1' }));
    expect(await textOf(pdf)).toBe('four\ffive\fone\fthree\ftwo\fone');
  });

  test('nothing of a page left out is in the file, though links and fields point at it', async () => {
    const input = await makePdfWith(2, (page, index, font, document) => {
      page.drawText(index === 0 ? 'public' : 'SECRET', { x: 50, y: 700, font });
      if (index === 0) return;
      const [first] = document.getPages();
      const target = {
        Type: 'Annot',
        Subtype: 'Link',
        Rect: [0, 0, 9, 9],
        Dest: [page.ref, 'Fit'],
      };
      first?.node.set(PDFName.of('Annots'), document.context.obj([target]));
      document.getForm().createTextField('f').addToPage(page, { x: 1, y: 1 });
      document.catalog.set(PDFName.of('Outlines'), document.context.obj({ T: page.ref }));
    });
    const outcome = await run('PDF_TO_PDF', input, { pages: '1' });
    expect(outcome).toMatchObject({ warnings: ['parts_dropped'] });
    const kept = await PDFDocument.load(bytesOf(outcome));
    const pages = kept.context
      .enumerateIndirectObjects()
      .filter(([, object]) => String(object).includes('/Type /Page\n'));
    expect(pages).toHaveLength(1);
    expect(await textOf(bytesOf(outcome))).toBe('public');
  });

  test('links between kept pages still lead there', async () => {
    const input = await makePdfWith(3, (page, index, _font, document) => {
      if (index !== 2) return;
      const link = { Type: 'Annot', Subtype: 'Link', Rect: [0, 0, 9, 9], Dest: [page.ref, 'Fit'] };
      document.getPage(0).node.set(PDFName.of('Annots'), document.context.obj([link]));
    });
    const pdf = await PDFDocument.load(bytesOf(await run('PDF_TO_PDF', input, { pages: '1,3' })));
    const annotations = pdf.getPage(0).node.Annots();
    expect(String(annotations?.lookup(0))).toContain(`[ ${pdf.getPage(1).ref.toString()}`);
  });

  test('scripts do not come along', async () => {
    const input = await makePdfWith(2, (page, _index, _font, document) => {
      const js = { S: 'JavaScript', JS: PDFString.of('app.alert(1)') };
      page.node.set(PDFName.of('AA'), document.context.obj({ O: js }));
      const note = { Type: 'Annot', Subtype: 'Link', Rect: [0, 0, 9, 9], A: js };
      page.node.set(PDFName.of('Annots'), document.context.obj([note]));
    });
    const pdf = await PDFDocument.load(bytesOf(await run('PDF_TO_PDF', input, { pages: '1' })));
    const objects = pdf.context.enumerateIndirectObjects().map(([, object]) => String(object));
    expect(objects.join('\n')).not.toContain('JavaScript');
  });

  test('turns pages clockwise on top of how they lie, and keeps the rest of the document', async () => {
    const turned = bytesOf(await run('PDF_TO_PDF', await five(), { rotate: 90 }));
    const again = bytesOf(await run('PDF_TO_PDF', turned, { rotate: 270 }));
    const angle = async (bytes: Buffer) =>
      (await PDFDocument.load(bytes)).getPages().map((page) => page.getRotation().angle);
    expect([await angle(turned), await angle(again)]).toEqual([
      [90, 90, 90, 90, 90],
      [0, 0, 0, 0, 0],
    ]);
  });

  test('splits into files of so many pages', async () => {
    const zip = await unzip(bytesOf(await run('PDF_TO_PDF', await five(), { split: 2 })));
    const texts = await Promise.all([...zip].map(async ([name, pdf]) => [name, await textOf(pdf)]));
    expect(texts).toEqual([
      ['part-1.pdf', 'one\ftwo'],
      ['part-2.pdf', 'three\ffour'],
      ['part-3.pdf', 'five'],
    ]);
  });
});

/** Four colours, so that every turn and every mirror shows. */
function corners(): Sharp {
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0];
  const raw = { width: 2, height: 2, channels: 3 } as const;
  return sharp(Buffer.from(colours), { raw }).resize(80, 40, { kernel: 'nearest', fit: 'fill' });
}

/** The colours in the corners of a PDF's only page: r, g, b or y. */
async function cornersOf(pdf: Buffer): Promise<string> {
  const outcome = await runOnFile(pdfiumEngine, pdf, { dpi: 96 }, { type: 'PDF_TO_PNG' });
  const image = sharp(bytesOf(outcome)).removeAlpha().raw();
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => {
    const [red = 0, green = 0] = data.subarray((y * info.width + x) * 3);
    return red > 128 ? (green > 128 ? 'y' : 'r') : green > 128 ? 'g' : 'b';
  };
  const [right, bottom] = [info.width - 6, info.height - 6];
  return at(5, 5) + at(right, 5) + at(5, bottom) + at(right, bottom);
}

describe('an image to PDF', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('a JPEG lies as its orientation %i says', async (at) => {
    const jpeg = await corners()
      .jpeg({ quality: 100 })
      .withMetadata({ orientation: at })
      .toBuffer();
    const upright = await sharp(jpeg).autoOrient().png().toBuffer();
    const expected = await cornersOf(bytesOf(await run('PNG_TO_PDF', upright)));
    expect(await cornersOf(bytesOf(await run('JPEG_TO_PDF', jpeg)))).toBe(expected);
  });

  test('the page is as large as the image at its dpi, or fits a paper', async () => {
    const size = async (options: object, density?: number) => {
      const png = density ? corners().withMetadata({ density }) : corners();
      const pdf = await run('PNG_TO_PDF', await png.png().toBuffer(), options);
      const page = (await PDFDocument.load(bytesOf(pdf))).getPage(0);
      return [page.getWidth(), page.getHeight()].map(Math.round);
    };
    expect(await size({})).toEqual([60, 30]);
    expect(await size({}, 144)).toEqual([40, 20]);
    expect(await size({ dpi: 36 }, 144)).toEqual([160, 80]);
    expect(await size({ margin: '1in' })).toEqual([204, 174]);
    expect(await size({ paper: 'a4', margin: '10mm' })).toEqual([842, 595]);
  });

  test.each(['webp', 'gif', 'tiff', 'avif'] as const)('%s is read too', async (format) => {
    const image = await corners().toFormat(format).toBuffer();
    expect(await cornersOf(bytesOf(await run(`${format.toUpperCase()}_TO_PDF`, image)))).toBe(
      'rgby',
    );
  });

  test('what is transparent stays so', async () => {
    const clear = { r: 255, g: 0, b: 0, alpha: 0.5 };
    const create = { width: 40, height: 40, channels: 4, background: clear } as const;
    const png = await sharp({ create }).png().toBuffer();
    const pdf = bytesOf(await run('PNG_TO_PDF', png));
    const outcome = await runOnFile(pdfiumEngine, pdf, { dpi: 96 }, { type: 'PDF_TO_PNG' });
    const [red, green] = await sharp(bytesOf(outcome)).raw().toBuffer();
    expect(red).toBe(255);
    expect(green).toBeGreaterThan(100);
  });
});

describe('an archive to PDF', () => {
  test('joins PDFs and images by their content, 2 before 10, and names what it leaves out', async () => {
    const png = await corners().png().toBuffer();
    const zip = await zipOf({
      'part10.pdf': await makePdf(['ten']),
      'part2.pdf': await makePdf(['two', 'more']),
      'a.dat': png,
      'notes.txt': Buffer.from('x'),
      '__MACOSX/._part2.pdf': Buffer.from('x'),
    });
    const outcome = await run('ZIP_TO_PDF', zip);
    expect(outcome).toMatchObject({ warnings: ['entries_skipped'] });
    expect(await textOf(bytesOf(outcome))).toBe('\ftwo\fmore\ften');
  });

  test('is refused: nothing in it, one part damaged or encrypted, cut off, a bomb', async () => {
    const code = async (entries: Readonly<Record<string, Buffer>>) => {
      const outcome = await run('ZIP_TO_PDF', await zipOf(entries));
      return 'code' in outcome ? [outcome.code, outcome.message] : ['converted'];
    };
    expect(await code({ 'a.txt': Buffer.from('x') })).toContain('document_invalid');
    const damaged = { 'a.pdf': Buffer.from('%PDF-1.7\nx') };
    expect(await code(damaged)).toEqual(['document_invalid', expect.stringContaining('a.pdf')]);
    expect(await code({ 'a.pdf': encryptedPdf() })).toContain('document_encrypted');
    const bomb = { 'a.png': Buffer.alloc(301 * 2 ** 20) };
    expect(await code(bomb)).toContain('document_too_complex');
    const whole = await zipOf({ 'a.pdf': await five() });
    expect(codeOf(await run('ZIP_TO_PDF', whole.subarray(0, 300)))).toBe('document_invalid');
  });
});

describe('a bad input', () => {
  test.each(Object.keys(hostilePdfs))('a PDF with %s is document_invalid', async (name) => {
    const pdf = hostilePdfs[name]?.() ?? Buffer.alloc(0);
    for (const options of [{}, { rotate: 90 }, { split: 1 }, { pages: '1' }]) {
      expect(codeOf(await run('PDF_TO_PDF', pdf, options))).toBe('document_invalid');
    }
  });

  test('is refused: encrypted, pages not there, an image cut off, empty or too large', async () => {
    const code = 'document_invalid';
    expect(codeOf(await run('PDF_TO_PDF', encryptedPdf()))).toBe('document_encrypted');
    const missing = await run('PDF_TO_PDF', await five(), { pages: '6' });
    expect(codeOf(missing)).toBe('invalid_request');
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const create = { width: 300, height: 300, channels: 3, background: '#000', noise } as const;
    for (const format of ['png', 'jpeg'] as const) {
      const image = await sharp({ create }).toFormat(format).toBuffer();
      const half = image.subarray(0, image.length / 2);
      expect(codeOf(await run(`${format.toUpperCase()}_TO_PDF`, half))).toBe(code);
    }
    expect(codeOf(await run('PNG_TO_PDF', Buffer.alloc(0)))).toBe(code);
    const large = { width: 8000, height: 8000, channels: 3, background: '#000' } as const;
    const png = await sharp({ create: large }).png({ compressionLevel: 1 }).toBuffer();
    expect(codeOf(await run('PNG_TO_PDF', png))).toBe('document_too_complex');
  });
});
