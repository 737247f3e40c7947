import { readFile } from 'node:fs/promises';
import { utils, write } from '@e965/xlsx';
import { billionLaughs, damage, externalEntities, noise } from '../hostile/hostile-input.ts';
import { openDocumentOf } from '../hostile/office-packages.ts';
import type { Format } from './engine.ts';
import { png } from './image/test-files.ts';
import { makeMedia } from './media/test-media.ts';
import { makeDocx, paragraph } from './office/make-docx.ts';
import { encryptedPdf, makePdf } from './pdf/make-pdf.ts';
import { workbookOf } from './xlsx/test-workbook.ts';

/** For tests: of one format a good document, and bad ones of each kind. */
export interface BadDocuments {
  readonly good: Buffer;
  /** What has a password; of a format that knows none, what an encrypted file looks like. */
  readonly encrypted: Buffer;
  readonly tooLarge: Buffer;
  readonly hostile: Buffer;
}

const bait = { origin: 'http://127.0.0.1:9', port: 9, secretPath: '/etc/passwd' };
/** Begins as no format that is read here does, and is no UTF-8. */
const cipher = Buffer.concat([Buffer.from([0xff, 0xfa, 0x80]), noise(5000)]);
const megabytes = (count: number, text = ' ') => text.repeat(count * 2 ** 20);

/** What Office writes for a document with a password (ECMA-376, part 2, annex C). */
function lockedOffice(): Buffer {
  const bytes = Buffer.alloc(130 * 1024);
  bytes.write('d0cf11e0a1b11ae1', 0, 'hex');
  bytes.write('EncryptedPackage', 64 * 1024, 'utf16le');
  return bytes;
}

function written(good: string, tooLarge: string, hostile: string): BadDocuments {
  return {
    good: Buffer.from(good),
    encrypted: cipher,
    tooLarge: Buffer.from(tooLarge),
    hostile: Buffer.from(hostile, 'latin1'),
  };
}

const cell = '<c r="A1" t="str"><v>text</v></c>';
const row = (cells: string) => ({ sheets: [{ rows: `<row r="1">${cells}</row>` }] });

async function xlsx(): Promise<BadDocuments> {
  const xml = `${externalEntities('worksheet', bait)}<worksheet><sheetData/></worksheet>`;
  return {
    good: await workbookOf(row(cell)),
    encrypted: lockedOffice(),
    tooLarge: await workbookOf(row(megabytes(70))),
    hostile: await workbookOf({ sheets: [{ xml }] }),
  };
}

async function docx(): Promise<BadDocuments> {
  const document = `${billionLaughs('x')}<x>&l8;</x>`;
  return {
    good: await makeDocx(paragraph('text')),
    encrypted: lockedOffice(),
    tooLarge: await makeDocx(paragraph(megabytes(64))),
    hostile: await makeDocx('', { 'word/document.xml': document }),
  };
}

async function ods(): Promise<BadDocuments> {
  const tableOf = (inner: string) =>
    `<table:table table:name="T"><table:table-row><table:table-cell><text:p>${inner}</text:p>` +
    '</table:table-cell></table:table-row></table:table>';
  const manifest = '<manifest:manifest><manifest:encryption-data/></manifest:manifest>';
  const locked = { parts: { 'META-INF/manifest.xml': manifest, 'content.xml': cipher } };
  const head = billionLaughs('office:document-content');
  return {
    good: await openDocumentOf('spreadsheet', tableOf('text')),
    encrypted: await openDocumentOf('spreadsheet', '', locked),
    tooLarge: await openDocumentOf('spreadsheet', tableOf(megabytes(70))),
    hostile: await openDocumentOf('spreadsheet', tableOf('&l8;'), { head }),
  };
}

function xls(): BadDocuments {
  const book = utils.book_new(utils.aoa_to_sheet([['name'], ['Ada']]), 'People');
  const good = write(book, { type: 'buffer', bookType: 'biff8' }) as Buffer;
  return {
    good,
    encrypted: lockedOffice(),
    tooLarge: Buffer.concat([good, Buffer.alloc(21 * 2 ** 20)]),
    hostile: damage(good, 512, 61),
  };
}

async function pdf(): Promise<BadDocuments> {
  const good = await makePdf(['text']);
  const wide = good.toString('latin1').replace(/\/Kids \[[^\]]*\]/u, '/Kids [1 0 R 2 0 R 3 0 R]');
  const pages = `%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 90000000/Kids[${'3 0 R '.repeat(30_000)}]>>endobj 3 0 obj<</Type/Page/MediaBox[0 0 9 9]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R/Size 4>>\n%%EOF`;
  return {
    good,
    encrypted: encryptedPdf(),
    tooLarge: Buffer.from(pages, 'latin1'),
    hostile: Buffer.from(wide, 'latin1'),
  };
}

async function heic(): Promise<BadDocuments> {
  const good = await readFile(new URL('image/fixtures/quarters.heic', import.meta.url));
  const tooLarge = Buffer.from(good);
  // The size that the container claims (ISO/IEC 23008-12, 6.5.3).
  const at = tooLarge.indexOf('ispe', 0, 'latin1') + 8;
  tooLarge.writeUInt32BE(60_000, at);
  tooLarge.writeUInt32BE(60_000, at + 4);
  return { good, encrypted: cipher, tooLarge, hostile: damage(good, 60, 7) };
}

const laughs = `${billionLaughs('a')}<a>&l8;</a>`;
const deep = (open: string, close: string, count = 200_000) =>
  open.repeat(count) + close.repeat(count);
const yamlBomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
  .split('')
  .map((name, at) => `${name}: &${name} [${`*${'abcdefghi'.charAt(at)},`.repeat(9)}x]\n`)
  .join('')}`;
const tags =
  '<script src="http://127.0.0.1:9/"></script><iframe src="file:///etc/passwd"></iframe>';

const makers: Partial<Record<Format, () => BadDocuments | Promise<BadDocuments>>> = {
  xlsx,
  ods,
  xls,
  docx,
  pdf,
  heic,
  csv: () =>
    written('a,b\n1,2\n', `a\n"${megabytes(17, 'x')}"\n`, `a,b\n${','.repeat(40_000)}\xff\n`),
  json: () => written('[{"a":1}]', `[{"a":"${megabytes(33, 'x')}"}]`, deep('[', ']')),
  xml: () => written('<a><b>1</b></a>', deep('<a>', '</a>'), laughs),
  yaml: () => written('a: 1\n', deep('[', ']'), yamlBomb),
  md: () => written('# A\n', megabytes(11, 'x'), `${deep('>', '', 50_000)}\n${tags}\xff`),
  html: () => written('<h1>A</h1>', megabytes(21, 'x'), deep('<div>', '')),
  png: () => {
    const good = png(30, 20);
    return { good, encrypted: cipher, tooLarge: png(10_000, 10_000), hostile: damage(good, 33, 3) };
  },
  wav: () => {
    const good = makeMedia('wav');
    const tooLarge = Buffer.from(good);
    tooLarge.writeUInt32LE(0xffff_fff0, 4);
    return { good, encrypted: cipher, tooLarge, hostile: damage(good, 12, 5) };
  },
};

const made = new Map<Format, BadDocuments>();

/** The documents of a format, made once. @throws Error where there are none yet */
export async function badDocumentsOf(format: Format): Promise<BadDocuments> {
  const documents = made.get(format) ?? (await makers[format]?.());
  if (documents === undefined) throw new Error(`there are no bad documents of ${format}`);
  made.set(format, documents);
  return documents;
}
