import { PDFDocument, StandardFonts, type PDFFont, type PDFPage } from 'pdf-lib';

/** For tests: a PDF with a page for each text, its lines below each other. */
export async function makePdf(texts: readonly string[]): Promise<Buffer> {
  return makePdfWith(texts.length, (page, index, font) => {
    for (const [line, text] of (texts[index] ?? '').split('\n').entries()) {
      page.drawText(text, { x: 50, y: 780 - line * 20, size: 12, font });
    }
  });
}

/** For tests: a PDF whose pages a function draws. */
export async function makePdfWith(
  pages: number,
  draw: (page: PDFPage, index: number, font: PDFFont, pdf: PDFDocument) => void,
): Promise<Buffer> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (let index = 0; index < pages; index += 1) {
    draw(pdf.addPage([595.28, 841.89]), index, font, pdf);
  }
  return Buffer.from(await pdf.save());
}

/** For tests: a PDF from its objects as they are written, the first being the catalogue. */
function writePdf(objects: readonly string[], trailer = ''): Buffer {
  let text = '%PDF-1.7\n';
  const offsets: number[] = [];
  for (const [index, object] of objects.entries()) {
    offsets.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table.join('')}`;
  text += `trailer\n<</Size ${objects.length + 1}/Root 1 0 R${trailer}>>\n`;
  return Buffer.from(`${text}startxref\n${start}\n%%EOF\n`, 'latin1');
}

/** For tests: a PDF that says it is encrypted, by a standard handler with an unknown password. */
export function encryptedPdf(): Buffer {
  const key = '00'.repeat(32);
  const dictionary = `<</Filter/Standard/V 2/R 3/Length 128/P -44/O<${key}>/U<${key}>>>`;
  return writePdf(
    ['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[3 0 R]/Count 1>>', onePage, dictionary],
    '/Encrypt 4 0 R/ID[<00><00>]',
  );
}

const onePage = '<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>';

/** For tests: what is wrong with PDFs, by name. */
export const hostilePdfs: Readonly<Record<string, () => Buffer>> = {
  'pages that contain themselves': () =>
    writePdf(['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>']),
  'no pages': () => writePdf(['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[]/Count 0>>']),
  'a catalogue that is missing': () => writePdf(['<</Type/Pages>>'], '/Root 9 0 R'),
  'random bytes': () => Buffer.from(`%PDF-1.7\n${'\u0001\u0002 obj <<'.repeat(500)}`),
};

/** For tests: a page of a size, with a stream of drawing operators. */
export function pageOf(mediaBox: string, operators: string, more = ''): Buffer {
  return writePdf([
    '<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    `<</Type/Page/Parent 2 0 R/MediaBox[${mediaBox}]/Contents 4 0 R${more}>>`,
    `<</Length ${operators.length}>>\nstream\n${operators}\nendstream`,
  ]);
}
