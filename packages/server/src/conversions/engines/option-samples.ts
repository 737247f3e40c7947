import sharp from 'sharp';
import { utils, write } from '@e965/xlsx';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ZipFile } from 'yazl';
import { buffer } from 'node:stream/consumers';
import { linkedPicture, openDocumentOf, wordOf } from '../hostile/office-packages.ts';
import type { Format } from './engine.ts';
import { draw, type Rgba } from './image/test-pixels.ts';
import { svg } from './image/test-files.ts';
import { makeMedia } from './media/test-media.ts';
import { rgb } from 'pdf-lib';
import { makePdfWith } from './pdf/make-pdf.ts';
import { workbookOf } from './xlsx/test-workbook.ts';

/** Grey noise in steps and hard edges, half transparent on the right: each setting of an encoder shows. */
const busy =
  (shift = 0) =>
  (x: number, y: number): Rgba => {
    const noise = ((x * 7919 + y * 104_729 + shift * 31) * 2_654_435_761) % 251;
    return [(x * 5 + shift) % 256, (y * 7) % 256, Math.abs(noise), x > 24 && y < 8 ? 90 : 255];
  };
const exif = { IFD0: { Artist: 'Somebody' } };
const picture = () => draw(48, 32, busy(), 4).withExif(exif).png();

/** Frames below each other become an animation. */
async function frames(format: 'gif' | 'webp' | 'tiff'): Promise<Buffer> {
  const pages = await Promise.all(
    [0, 90, 180].map((shift) => draw(48, 32, busy(shift), 4).png().toBuffer()),
  );
  const image = sharp(pages, { join: { animated: true } }).withExif(exif);
  if (format === 'gif') return image.gif().toBuffer();
  return format === 'webp' ? image.webp().toBuffer() : image.tiff().toBuffer();
}

const cell = (at: string, value: string, style = 0) => `<c r="${at}" s="${style}">${value}</c>`;
const text = (value: string) => `<is><t>${value}</t></is>`;
const textCell = (at: string, value: string) => `<c r="${at}" t="inlineStr">${text(value)}</c>`;

/** A hidden sheet before two others; formats, an empty cell and a letter beyond ASCII. */
function workbook(): Promise<Buffer> {
  const rows =
    `<row r="1">${textCell('A1', 'näme')}${textCell('B1', 'price')}${textCell('C1', 'c')}</row>` +
    `<row r="2">${textCell('A2', 'a,b')}${cell('B2', '<v>0.5</v>', 1)}</row>`;
  const other = `<row r="1">${textCell('A1', 'other')}</row><row r="2">${textCell('A2', 'x')}</row>`;
  return workbookOf({
    formats: ['General', '0.00%'],
    sheets: [
      { name: 'Hidden', state: 'hidden', rows: other.replaceAll('other', 'secret') },
      { name: 'First', rows },
      { name: 'Second', rows: other },
    ],
  });
}

function oldBook(): Buffer {
  const book = utils.book_new();
  const first = utils.aoa_to_sheet([
    ['näme', 'price', 'c'],
    ['a,b', 0.5, null],
  ]);
  const price = first['B2'] as { z?: string };
  price.z = '0.00%';
  utils.book_append_sheet(book, utils.aoa_to_sheet([['secret'], ['x']]), 'Hidden');
  utils.book_append_sheet(book, first, 'First');
  utils.book_append_sheet(book, utils.aoa_to_sheet([['other'], ['x']]), 'Second');
  book.Workbook = {
    Sheets: [{ name: 'Hidden', Hidden: 1 }, { name: 'First' }, { name: 'Second' }],
  };
  return write(book, { type: 'buffer', bookType: 'biff8' }) as Buffer;
}

function openBook(): Promise<Buffer> {
  const words = (value: string) =>
    `<table:table-cell office:value-type="string"><text:p>${value}</text:p></table:table-cell>`;
  const rowOf = (...cells: string[]) => `<table:table-row>${cells.join('')}</table:table-row>`;
  const half =
    '<table:table-cell office:value-type="percentage" office:value="0.5"><text:p>50.00%</text:p>' +
    '</table:table-cell>';
  const sheet = (name: string, rows: string, style = '') =>
    `<table:table table:name="${name}"${style}>${rows}</table:table>`;
  const scripts =
    '<office:automatic-styles><style:style style:name="h" style:family="table">' +
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>';
  const body = [
    sheet('Hidden', rowOf(words('secret')) + rowOf(words('x')), ' table:style-name="h"'),
    sheet('First', rowOf(words('näme'), words('price'), words('c')) + rowOf(words('a,b'), half)),
    sheet('Second', rowOf(words('other')) + rowOf(words('x'))),
  ];
  return openDocumentOf('spreadsheet', body.join(''), { scripts });
}

/** Two pages with a picture of noise. */
async function document(): Promise<Buffer> {
  const relations = [{ kind: 'image', target: 'media/p.png' }];
  const breakPage = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>';
  const body = '<w:p><w:r><w:t>Text</w:t></w:r></w:p>';
  const embedded = linkedPicture('rId1').replace('r:link', 'r:embed');
  return wordOf(body + embedded + breakPage + body, {
    relations,
    parts: { 'word/media/p.png': await picture().toBuffer() },
  });
}

/** Two pages side by side. */
function wideSheet(): Promise<Buffer> {
  const one = (at: number) =>
    `<table:table-cell office:value-type="string"><text:p>cell ${at}</text:p></table:table-cell>`;
  const row = Array.from({ length: 14 }, (_, at) => one(at)).join('');
  const rows = `<table:table-row>${row}</table:table-row>`;
  return openDocumentOf('spreadsheet', `<table:table table:name="A">${rows}</table:table>`);
}

/** A column with fields of its own, which no conversion to Parquet makes. */
async function parquet(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-parquet-'));
  const path = join(folder, 'sample.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT {'x': 1, 'y': 2} AS a, 'ä,1' AS b) TO '${path}'`);
  connection.closeSync();
  instance.closeSync();
  const bytes = await readFile(path);
  await rm(folder, { recursive: true });
  return bytes;
}

/** A page, one lying and one more, with colour and words. */
function pdf(): Promise<Buffer> {
  return makePdfWith(3, (page, index, font) => {
    page.setSize(index === 1 ? 200 : 150, 150);
    page.drawText(`Page ${index + 1}`, { x: 20, y: 100, size: 20, font });
    for (let at = 0; at < 12; at += 1)
      page.drawCircle({ x: at * 12, y: 50, size: 9 - at / 2, color: rgb(0.9, at / 12, 0) });
  });
}

async function archive(): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(await draw(30, 20, busy()).png().toBuffer(), 'a.png');
  zip.end();
  return buffer(zip.outputStream);
}

const title = ['-metadata', 'title=A song', '-t', '0.5'];

const markdown = `# Title

One line
and another, "quoted" -- (c) https://example.org

| a | b |
|---|---|
| 1 | 2 |
`;
const tall = '<p style="margin-top:1400px">below</p>';
const script = '<script>document.body.append("scripted")</script>';
const html = `<!DOCTYPE html><title>T</title><body style="background:linear-gradient(90deg,red,blue)">
<h1>Title</h1><ul><li>One</li></ul><pre><code>code</code></pre><p><a href="https://example.org/">link</a>
<img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==" alt="picture"></p>
<p id="p"></p>${tall}${script}`;

const csv = 'näme;b,x|c\r\n12;2,5|TRUE\r\n';
const json = '[{"a":{"x":1,"y":[1]},"b":"ä,1"},{"a":{"x":2,"y":[]},"b":"2"}]';
const xml = '<r k="1">text<a>1</a><a>2</a><b>007</b></r>';

const makers: Partial<Record<Format, () => Buffer | string | Promise<Buffer>>> = {
  xlsx: workbook,
  xls: oldBook,
  ods: openBook,
  csv: () => csv,
  json: () => json,
  ndjson: () => '{"a":{"x":1},"b":"ä,1"}\n{"a":{"x":2},"b":"2"}\n',
  xml: () => xml,
  yaml: () => 'a: {b: [1, 2]}\n',
  md: () => markdown,
  html: () => html,
  png: () => picture().toBuffer(),
  jpeg: () => picture().jpeg().toBuffer(),
  avif: () => picture().avif().toBuffer(),
  gif: () => frames('gif'),
  webp: () => frames('webp'),
  tiff: () => frames('tiff'),
  svg: () =>
    svg(
      '<defs><linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/>' +
        '</linearGradient></defs><path d="M0 0h40l-9 30z" fill="url(#g)"/>',
      'width="48" height="32"',
    ),
  heic: () => readFile(new URL('image/fixtures/quarters.heic', import.meta.url)),
  mp4: () => makeMedia('mp4', ...title),
  mp3: () => makeMedia('mp3', ...title),
  docx: document,
  parquet,
  pdf,
  zip: archive,
};

/** Further ones, for what the sample of a format cannot show. */
export const specialSamples = {
  wideSheet,
  longCsv: () => Buffer.from(`a\n${'x'.repeat(40_000)}\n`),
  longJson: () => Buffer.from(JSON.stringify([{ a: 'x'.repeat(40_000) }])),
  manyRows: () => Buffer.from(`a\n${'1\n'.repeat(9000)}`),
  manyValues: () => Buffer.from(JSON.stringify(Array.from({ length: 9000 }, (_, a) => ({ a })))),
  plainPage: () => Buffer.from('<h1>Title</h1>'),
  bigEndian: () => Buffer.from('ä\n1\n', 'utf16le').swap16(),
  marked: () => Buffer.from('{"r":{"@k":"1","_z":"2","#text":"t","value":"v"}}'),
} as const;

const made = new Map<string, Promise<Buffer>>();

/** A document in which the options of its format can be seen. @throws Error where there is none yet */
export function optionSample(format: Format): Promise<Buffer> {
  const maker = makers[format];
  if (maker === undefined) throw new Error(`there is no sample of ${format} for its options`);
  const sample = made.get(format) ?? Promise.resolve(maker()).then((one) => Buffer.from(one));
  made.set(format, sample);
  return sample;
}
