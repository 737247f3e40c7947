import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { Archive } from './archive.ts';
import { convert, workbookOf, zipOf } from './test-workbook.ts';

const row = '<row r="1"><c r="A1"><v>1</v></c></row>';
const simple = { sheets: [{ rows: row }] };

async function codeOf(input: Buffer): Promise<unknown> {
  return convert(input).then(
    () => 'converted',
    (error: { code?: unknown; message: string }) => error.code ?? error.message,
  );
}

describe('what is no workbook', () => {
  test('an encrypted workbook is refused as such, an old one as not XLSX', async () => {
    const compound = Buffer.alloc(3_000_000);
    Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(compound);
    await expect(convert(compound)).rejects.toMatchObject({ code: 'document_invalid' });
    // Across the border of two read windows.
    compound.write('EncryptedPackage', 1024 * 1024 - 7, 'utf16le');
    await expect(convert(compound)).rejects.toMatchObject({
      code: 'document_encrypted',
      message: 'The workbook is password-protected; remove the password and try again.',
    });
  });

  test('an empty file, a text, another zip and a binary workbook are document_invalid', async () => {
    const binary =
      '<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.bin"/>' +
      '</Relationships>';
    const inputs = [
      Buffer.alloc(0),
      Buffer.from('a,b\r\n'),
      await zipOf({ 'word/document.xml': '<a/>' }),
      await zipOf({ '_rels/.rels': binary, 'xl/workbook.bin': 'x' }),
      await workbookOf({ sheets: [] }),
    ];
    for (const input of inputs) expect(await codeOf(input)).toBe('document_invalid');
  });

  test('no cut through a workbook converts or crashes', async () => {
    const whole = await workbookOf({ ...simple, strings: ['<t>a</t>'], formats: ['0.00'] });
    for (let size = 1; size < whole.length; size += 97) {
      expect([size, await codeOf(whole.subarray(0, size))]).toEqual([size, 'document_invalid']);
    }
  });

  test('a flipped bit in any part is found', async () => {
    const whole = await workbookOf(simple);
    const start = whole.indexOf('sheet1.xml') + 'sheet1.xml'.length;
    for (const offset of [3, 40, 70]) {
      const damaged = Buffer.from(whole);
      damaged[start + offset] = (damaged[start + offset] ?? 0) ^ 0x10;
      expect(await codeOf(damaged)).toBe('document_invalid');
    }
  });
});

describe('damaged XML', () => {
  test('anything that is not well-formed or out of order is document_invalid', async () => {
    const cell = '<c r="A1"><v>1</v></c>';
    const sheets = [
      '<!DOCTYPE a [<!ENTITY b "c">]><worksheet><sheetData/></worksheet>',
      `<worksheet><sheetData><row r="1">${cell}`,
      `<worksheet><sheetData><row r="1">${cell}</row></sheetData></worksheet></a>`,
      `<worksheet><sheetData><row r="2">${cell}</row><row r="1">${cell}</row></sheetData></worksheet>`,
      `<worksheet><sheetData><row r="1">${cell}${cell}</row></sheetData></worksheet>`,
      `<worksheet><sheetData><row r="1048577">${cell}</row></sheetData></worksheet>`,
      '<worksheet><sheetData><row r="1"><c r="XFE1"><v>1</v></c></row></sheetData></worksheet>',
      '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>9</v></c></row></sheetData></worksheet>',
      '<worksheet a=b></worksheet>',
      '',
    ];
    for (const xml of sheets) {
      expect([xml, await codeOf(await workbookOf({ sheets: [{ xml }] }))]).toEqual([
        xml,
        'document_invalid',
      ]);
    }
  });
});

describe('bounds', () => {
  const limits = {
    entriesMax: 10,
    inflatedBytesMax: 1_000_000,
    ratioMax: 100,
    ratioGraceBytes: 100_000,
  };

  test('a text of many megabytes is refused before it is held whole', async () => {
    const xml = `<sst><si><t>${'a'.repeat(40_000_000)}</t></si></sst>`;
    const input = await workbookOf({
      ...simple,
      strings: [],
      parts: { 'xl/sharedStrings.xml': xml },
    });
    expect(await codeOf(input)).toBe('document_too_complex');
  });

  test('a text in very many pieces is read in time that grows with its length only', async () => {
    const pieces = 'a<!---->'.repeat(500_000);
    const rows = `<row r="1"><c r="A1" t="str"><v>${pieces}</v></c></row>`;
    const { text } = await convert(await workbookOf({ sheets: [{ rows }] }));
    expect(text).toBe(`${'a'.repeat(500_000)}\r\n`);
  });

  test('one part that inflates too far is refused, whatever the directory claims', async () => {
    await usingArchive(await zipOf({ a: Buffer.alloc(200_000) }), async (archive) => {
      await expect(drain(archive, 'a')).rejects.toMatchObject({ code: 'document_too_complex' });
    });
    const random = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * index) >> 7));
    await usingArchive(await zipOf({ a: random, b: random }), async (archive) => {
      await drain(archive, 'a');
      await expect(drain(archive, 'b')).rejects.toMatchObject({ code: 'document_too_complex' });
    });
  });

  test('a zip with too many entries is refused', async () => {
    const parts = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`p${index}`, '']));
    await expect(usingArchive(await zipOf(parts), async () => undefined)).rejects.toMatchObject({
      code: 'document_too_complex',
    });
  });

  test('a part that is left before its end does not disturb the next one', async () => {
    const large = randomBytes(600_000).toString('latin1');
    const generous = { entriesMax: 20, inflatedBytesMax: 1e9, ratioMax: 100, ratioGraceBytes: 1e9 };
    const read = async (archive: Archive) => {
      for (let round = 0; round < 10; round += 1) {
        for await (const _ of archive.chunks('a')) break;
        expect(await drain(archive, 'b')).toBe(Buffer.byteLength(large));
      }
    };
    await usingArchive(await zipOf({ a: large.repeat(4), b: large }), read, generous);
  });

  test('part names with backslashes, capitals and a leading slash are found, and only keys', async () => {
    const input = Buffer.from(
      (await workbookOf(simple))
        .toString('latin1')
        .replaceAll('xl/worksheets/sheet1.xml', 'XL\\worksheets\\Sheet1.xml'),
      'latin1',
    );
    expect((await convert(input)).text).toBe('1\r\n');
  });

  async function usingArchive(
    input: Buffer,
    use: (archive: Archive) => Promise<void>,
    bounds = limits,
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'xlsx-archive-'));
    const path = join(folder, 'input');
    try {
      writeFileSync(path, input);
      const archive = await Archive.open(path, bounds);
      await use(archive);
      await archive.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async function drain(archive: Archive, name: string): Promise<number> {
    let size = 0;
    for await (const chunk of archive.chunks(name)) size += chunk.length;
    return size;
  }
});
