import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkDocument } from './check-document.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-check-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(bytes: Buffer | string, format: 'rtf' | 'doc' | 'xls' | 'ppt') {
  const path = join(folder, 'document');
  await writeFile(path, bytes);
  return checkDocument(path, format);
}

test.each([
  ['text', '{\\rtf1\\ansi text}'],
  ['groups, line ends and a zero behind them', '{\\rtf1 {\\b bold}\r\n}\r\n\0'],
  ['brackets that are text', '{\\rtf1 \\{ and \\} and \\\\}'],
  ['binary data with a bracket in it', '{\\rtf1 {\\pict\\bin3 }{}} text}'],
])('an RTF of %s passes', async (_, rtf) => {
  await expect(check(rtf, 'rtf')).resolves.toBeInstanceOf(Map);
});

test.each([
  ['another format', '%PDF-1.7', 'document_invalid'],
  ['a group that is never closed', '{\\rtf1 {\\b bold}', 'document_invalid'],
  ['a bracket too many', '{\\rtf1 text}}', 'document_invalid'],
  ['text behind its end', '{\\rtf1 text} more', 'document_invalid'],
  ['a second document behind it', '{\\rtf1 text}{\\rtf1 more}', 'document_invalid'],
  ['binary data longer than the file', '{\\rtf1 \\bin999 }', 'document_invalid'],
  ['a control word without end', `{\\rtf1 \\${'a'.repeat(1000)}}`, 'document_invalid'],
])('an RTF with %s is refused', async (_, rtf, code) => {
  await expect(check(rtf, 'rtf')).rejects.toMatchObject({ code });
});

const freeSector = 0xffff_ffff;
const endOfChain = 0xffff_fffe;

interface Made {
  readonly name: string;
  readonly content: Buffer;
  /** The allocation of the stream's second sector, which ends it. */
  readonly next?: number;
}

/** A compound file of one stream of 4,096 bytes or more: table, directory, then the stream. */
function compoundFile({ name, content, next = 0 }: Made): Buffer {
  const sectors = Math.ceil(content.length / 512);
  const bytes = Buffer.alloc(512 * (3 + sectors));
  bytes.write('d0cf11e0a1b11ae1', 0, 'hex');
  bytes.writeUInt16LE(9, 30);
  bytes.writeUInt32LE(1, 48);
  bytes.writeUInt32LE(4096, 56);
  for (const at of [60, 68]) bytes.writeUInt32LE(endOfChain, at);
  for (let at = 76; at < 512; at += 4) bytes.writeUInt32LE(at === 76 ? 0 : freeSector, at);
  const table = bytes.subarray(512, 1024);
  for (let at = 0; at < 512; at += 4) table.writeUInt32LE(freeSector, at);
  for (const at of [0, 1]) table.writeUInt32LE(endOfChain, at * 4);
  for (let at = 0; at < sectors; at++) {
    table.writeUInt32LE(at === sectors - 1 ? endOfChain : 3 + at, (2 + at) * 4);
  }
  if (next !== 0) table.writeUInt32LE(next, 3 * 4);
  const entry = bytes.subarray(1024 + 128);
  entry.write(name, 0, 'utf16le');
  entry.writeUInt16LE(name.length * 2 + 2, 64);
  entry[66] = 2;
  entry.writeUInt32LE(2, 116);
  entry.writeUInt32LE(content.length, 120);
  content.copy(bytes, 1536);
  return bytes;
}

function wordDocument(flags = 0): Buffer {
  const content = Buffer.alloc(4096);
  content.writeUInt16LE(0xa5ec, 0);
  content.writeUInt16LE(flags, 10);
  return content;
}

function workbook(second: number): Buffer {
  const content = Buffer.alloc(4096);
  content.writeUInt16LE(0x0809, 0);
  content.writeUInt16LE(16, 2);
  content.writeUInt16LE(second, 20);
  return content;
}

test('documents of Office 97 pass by their first record', async () => {
  const doc = compoundFile({ name: 'WordDocument', content: wordDocument() });
  await expect(check(doc, 'doc')).resolves.toBeInstanceOf(Map);
  const xls = compoundFile({ name: 'Workbook', content: workbook(0x42) });
  await expect(check(xls, 'xls')).resolves.toBeInstanceOf(Map);
});

test('one with a password is document_encrypted', async () => {
  const doc = compoundFile({ name: 'WordDocument', content: wordDocument(0x0100) });
  await expect(check(doc, 'doc')).rejects.toMatchObject({ code: 'document_encrypted' });
  const xls = compoundFile({ name: 'Workbook', content: workbook(0x2f) });
  await expect(check(xls, 'xls')).rejects.toMatchObject({ code: 'document_encrypted' });
});

test.each([
  ['of another kind', compoundFile({ name: 'Workbook', content: workbook(0x42) })],
  ['with another first record', compoundFile({ name: 'WordDocument', content: workbook(0) })],
  ['cut off', compoundFile({ name: 'WordDocument', content: wordDocument() }).subarray(0, 3000)],
  [
    'whose sectors lead out of the file',
    compoundFile({ name: 'WordDocument', content: wordDocument(), next: 5000 }),
  ],
  [
    'whose stream ends too early',
    compoundFile({ name: 'WordDocument', content: wordDocument(), next: endOfChain }),
  ],
  ['that is empty', Buffer.alloc(0)],
])('a document of Word 97 %s is document_invalid', async (_, bytes) => {
  await expect(check(bytes, 'doc')).rejects.toMatchObject({ code: 'document_invalid' });
});

test('a chain of sectors that loops ends', async () => {
  const doc = compoundFile({ name: 'WordDocument', content: wordDocument(), next: 2 });
  await expect(check(doc, 'doc')).resolves.toBeInstanceOf(Map);
});

test('streams that share their sectors are refused before all of them are read', async () => {
  const entry = Buffer.alloc(128);
  entry[66] = 2;
  entry.writeUInt32LE(2, 116);
  entry.writeUInt32LE(4096, 120);
  const content = Buffer.concat(Array.from({ length: 32 }, () => entry));
  const doc = compoundFile({ name: 'WordDocument', content });
  // The directory goes on in the stream.
  doc.writeUInt32LE(2, 512 + 4);
  await expect(check(doc, 'doc')).rejects.toMatchObject({
    code: 'document_invalid',
    message: 'The document is damaged: its streams overlap.',
  });
});
