import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { AppError } from '../../errors.ts';
import { detectFormat, headBytes, resolveSource } from './detect.ts';
import type { Format } from '../engines/engine.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-detect-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** From memory and from disk, which must agree. */
async function detect(bytes: Buffer | string, filename = 'file') {
  const all = Buffer.from(bytes as string);
  const head = all.subarray(0, headBytes);
  const path = join(folder, 'upload');
  await writeFile(path, all);
  const detected = await detectFormat({ head, filename, path });
  expect(await detectFormat({ head, filename, bytes: all })).toEqual(detected);
  return detected;
}

async function zip(entries: Record<string, string | Buffer>): Promise<Buffer> {
  const file = new ZipFile();
  for (const [name, content] of Object.entries(entries)) {
    // A compressor for each of thousands of empty parts would take gigabytes.
    const compress = name !== 'mimetype' && content.length > 0;
    file.addBuffer(Buffer.from(content as string), name, { compress });
  }
  file.end();
  return buffer(file.outputStream);
}

const types = (part: string) => `<Types><Override ContentType="application/vnd.${part}"/></Types>`;
const ooxml = 'openxmlformats-officedocument';

async function office(part: string): Promise<Buffer> {
  return zip({
    '_rels/.rels': '<x/>',
    'xl/big.bin': randomBytes(9000),
    '[Content_Types].xml': types(part),
  });
}

const xlsx = () => office(`${ooxml}.spreadsheetml.sheet.main+xml`);
const docx = () => office(`${ooxml}.wordprocessingml.document.main+xml`);

/** A compound file whose directory lies in sectors 3 and 1, so that only the table links them. */
function compoundFile(names: readonly string[]): Buffer {
  const file = Buffer.alloc(512 * 5);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(3, 48);
  file.fill(0xff, 76, 512);
  file.writeUInt32LE(0, 76);
  const sector = (number: number) => (number + 1) * 512;
  file.fill(0xff, sector(0), sector(1));
  file.writeUInt32LE(1, sector(0) + 3 * 4);
  file.writeUInt32LE(0xfffffffe, sector(0) + 4);
  names.forEach((name, index) => {
    const at = sector(index < 4 ? 3 : 1) + (index % 4) * 128;
    const written = file.write(name, at, 'utf16le');
    file.writeUInt16LE(written + 2, at + 64);
  });
  return file;
}

const encrypted = () =>
  compoundFile(['Root Entry', '\u0006DataSpaces', 'Version', 'DataSpaceMap', 'EncryptedPackage']);

const binaries: readonly (readonly [Format | null, string, Buffer])[] = [
  [
    'png',
    'image/png',
    Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
  ],
  ['jpeg', 'image/jpeg', Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex')],
  ['gif', 'image/gif', Buffer.from('GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000;', 'latin1')],
  ['parquet', 'application/vnd.apache.parquet', Buffer.from('PAR1\u0015\u0004\u0015\u0000PAR1')],
  ['wav', 'audio/wav', Buffer.from('RIFF\u0024\u0000\u0000\u0000WAVEfmt \u0010\u0000\u0000\u0000')],
  [null, 'application/gzip', Buffer.from('1f8b0800000000000003', 'hex')],
  [null, 'application/octet-stream', Buffer.concat([Buffer.from([0x7f, 0, 1]), randomBytes(1000)])],
  [null, 'application/octet-stream', Buffer.from('a,b\n1,\u0000\n')],
];

describe('detection', () => {
  test('an OpenDocument file whose mimetype is not first is known, a plain archive stays one', async () => {
    const odsType = 'application/vnd.oasis.opendocument.spreadsheet';
    const late = await zip({ 'content.xml': '<x/>', mimetype: odsType });
    expect(await detect(late)).toMatchObject({ format: 'ods' });
    const plain = await zip({ 'a.txt': 'a', mimetype: 'application/x-other' });
    expect(await detect(plain)).toMatchObject({ format: 'zip' });
  });

  test('tells documents from archives by what is in them, whatever their name', async () => {
    expect(await detect(await xlsx(), 'a.csv')).toMatchObject({ format: 'xlsx', text: false });
    expect(await detect(await docx(), 'a.xlsx')).toMatchObject({ format: 'docx' });
    const macros = await office('ms-excel.sheet.macroEnabled.main+xml');
    expect(await detect(macros, 'a.xlsx')).toMatchObject({ format: 'xlsm' });
    const slides = await office(`${ooxml}.presentationml.presentation.main+xml`);
    expect(await detect(slides)).toMatchObject({ format: 'pptx' });
    const plain = { format: 'zip', mediaType: 'application/zip' };
    expect(await detect(await zip({ 'a.txt': 'x' }), 'a.xlsx')).toMatchObject(plain);
    expect(await detect(await zip({}), 'a.xlsx')).toMatchObject(plain);
    const odsType = 'application/vnd.oasis.opendocument.spreadsheet';
    const ods = await zip({ mimetype: odsType, 'content.xml': '<x/>' });
    expect(await detect(ods, 'a.xlsx')).toMatchObject({ format: 'ods', mediaType: odsType });
  });

  test('a damaged or cut-off document stays what it claims to be; its engine will refuse it', async () => {
    const whole = await xlsx();
    const cut = await zip({ '[Content_Types].xml': 'x', 'xl/a': randomBytes(9000) });
    expect(await detect(cut.subarray(0, 5000), 'a.xlsx')).toMatchObject({ format: 'xlsx' });
    expect(await detect(cut.subarray(0, 5000), 'a.txt')).toMatchObject({ format: null });
    expect(await detect(whole.subarray(0, 4), 'a.xlsx')).toMatchObject({ format: null });
  });

  test('finds the content types behind thousands of other parts', async () => {
    const parts = Object.fromEntries(Array.from({ length: 15_000 }, (_, n) => [`x/${n}.xml`, '']));
    const main = `${ooxml}.spreadsheetml.sheet.main+xml`;
    const workbook = await zip({ ...parts, '[Content_Types].xml': types(main) });
    expect(await detect(workbook)).toMatchObject({ format: 'xlsx' });
  });

  test('a bomb in the table of contents is read to a bound only', async () => {
    const bomb = await zip({ '[Content_Types].xml': Buffer.alloc(64 * 1024 * 1024) });
    const before = process.memoryUsage().rss;
    expect(await detect(bomb)).toMatchObject({ format: 'zip', mediaType: 'application/zip' });
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
  });

  test('knows encrypted documents and those of Office 97', async () => {
    const found = { format: 'xlsx', encrypted: true };
    expect(await detect(encrypted(), 'a.xlsx')).toMatchObject(found);
    expect(await detect(encrypted(), 'a.bin')).toMatchObject({ format: null, encrypted: true });
    const office97 = async (...streams: string[]) =>
      (await detect(compoundFile(['Root Entry', ...streams]), 'a.xlsx')).format;
    expect(await office97('Workbook')).toBe('xls');
    expect(await office97('WordDocument')).toBe('doc');
    expect(await office97('PowerPoint Document')).toBe('ppt');
    expect(await office97('__properties_version1.0')).toBeNull();
  });

  test('a compound file that loops or points nowhere ends', async () => {
    const loop = compoundFile(['Root Entry']);
    loop.writeUInt32LE(3, 512 + 3 * 4);
    expect((await detect(loop)).mediaType).toBe('application/x-ole-storage');
    const wild = compoundFile(['Root Entry']);
    wild.writeUInt32LE(0x7fffffff, 48);
    expect((await detect(wild)).mediaType).toBe('application/x-ole-storage');
    expect((await detect(encrypted().subarray(0, 20))).mediaType).toBe('application/x-ole-storage');
  });

  test.each(binaries)('%s is known by its signature: %s', async (format, mediaType, bytes) => {
    expect(await detect(bytes, 'a.csv')).toEqual({ format, mediaType, text: false });
  });

  test('text is what its name suggests, in any encoding', async () => {
    const texts = ['a,b\n1,é\n', '\ufeffa\n', Buffer.from('a,é\n', 'latin1')];
    const wide = Buffer.from('\ufeffa,é\n', 'utf16le');
    for (const text of [...texts, wide, Buffer.from(wide).swap16(), wide.subarray(2)]) {
      expect(await detect(text, 'a.CSV')).toEqual({
        format: 'csv',
        mediaType: 'text/csv',
        text: true,
      });
      expect(await detect(text, 'a.markdown')).toMatchObject({ format: 'md' });
      expect(await detect(text, 'a.xlsx')).toEqual({
        format: null,
        mediaType: 'text/plain',
        text: true,
      });
      expect(await detect(text, 'csv')).toMatchObject({ format: null });
    }
    const cut = Buffer.from(`${'a'.repeat(headBytes - 1)}é`);
    expect(await detect(cut, 'a.csv')).toMatchObject({ format: 'csv' });
  });

  test('JSON is known without a name, but the name of another text format wins', async () => {
    for (const text of ['{"a": 1}', ' [ {"a": 1}', '[1]', '[]', '{}']) {
      expect(await detect(text)).toMatchObject({ format: 'json' });
      expect(await detect(text, 'a.csv')).toMatchObject({ format: 'csv' });
    }
    expect(await detect('[x] todo', 'notes')).toMatchObject({ format: null });
  });

  test('text with a signature is what that says', async () => {
    const found = async (text: string) => (await detect(text, 'a.csv')).mediaType;
    expect(await found('%PDF-1.7\n')).toBe('application/pdf');
    expect(await found('{\\rtf1 x}')).toBe('application/rtf');
    expect(await found('\n<!DOCTYPE html><p>')).toBe('text/html');
    expect(await found('<?xml version="1.0"?>\n<html xmlns="x">')).toBe('text/html');
    expect(await found('<?xml version="1.0"?><svg xmlns="x">')).toBe('image/svg+xml');
    expect(await found('<?xml version="1.0"?><a/>')).toBe('application/xml');
    expect(await found('<a>,b\n')).toBe('text/csv');
    expect(await detect('just words', 'a.txt')).toMatchObject({ format: 'txt', text: true });
  });
});

const source = async (bytes: Buffer | string, filename: string, declaredFrom?: string) =>
  resolveSource({ detected: await detect(bytes, filename), filename, declaredFrom });

const refused = async (bytes: Buffer | string, filename: string, declaredFrom?: string) => {
  const error: unknown = await source(bytes, filename, declaredFrom).catch((thrown) => thrown);
  if (!(error instanceof AppError)) throw new Error(`not refused: ${String(error)}`);
  return { status: error.status, code: error.code, details: error.details };
};

const unsupported = (detected: string) => ({
  status: 415,
  code: 'unsupported_format',
  details: { detected },
});

describe('the source format', () => {
  test('is what the content says, or for text what "from" or else the name says', async () => {
    expect(await source(await xlsx(), 'report')).toBe('xlsx');
    expect(await source(await xlsx(), 'report.xlsx', 'XLSX')).toBe('xlsx');
    expect(await source('a,b', 'a.csv')).toBe('csv');
    expect(await source('a,b', 'a.txt', 'csv')).toBe('csv');
    expect(await source('# x', 'a.csv', 'markdown')).toBe('md');
  });

  test('unknown content, or another than "from" says, is 415', async () => {
    expect(await refused('hello', 'a.xlsx')).toEqual(unsupported('text/plain'));
    expect(await refused('hello', 'a.xlsx', 'xlsx')).toEqual(unsupported('text/plain'));
    expect(await refused(await docx(), 'a.xlsx', 'xlsx')).toMatchObject({ status: 415 });
    expect(await refused(await zip({ a: 'x' }), 'a.csv', 'csv')).toEqual(
      unsupported('application/zip'),
    );
    expect(await refused('<!doctype html>', 'a.csv', 'csv')).toEqual(unsupported('text/html'));
    expect(await refused(Buffer.from([1, 2, 3]), 'a.csv')).toEqual(
      unsupported('application/octet-stream'),
    );
  });

  test('an empty file, an encrypted one and an unknown "from" are 422', async () => {
    expect(await refused('', 'a.csv')).toMatchObject({ status: 422, code: 'document_invalid' });
    expect(await refused(encrypted(), 'a.xlsx')).toMatchObject({ code: 'document_encrypted' });
    expect(await refused('a', 'a.csv', 'nonsense')).toMatchObject({
      status: 422,
      code: 'unsupported_conversion',
      details: { supported_targets: [] },
    });
  });
});
