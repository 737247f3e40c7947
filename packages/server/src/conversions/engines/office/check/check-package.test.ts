import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zipOf } from '../../../hostile/hostile-input.ts';
import { makeDocx, paragraph } from '../make-docx.ts';
import { checkDocument } from './check-document.ts';
import { XmlBalance } from './xml-balance.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-docx-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(bytes: Buffer) {
  const path = join(folder, 'document.docx');
  await writeFile(path, bytes);
  return checkDocument(path, 'docx');
}

/** A compound file's first sector, then a directory entry's name. */
function compoundFile(entryName: string): Buffer {
  const bytes = Buffer.alloc(128 * 1024 + 600);
  bytes.write('d0cf11e0a1b11ae1', 0, 'hex');
  // Across the border of two chunks of a read stream.
  bytes.write(entryName, 64 * 1024 - 10, 'utf16le');
  return bytes;
}

test('a sound document passes and gives the parts that name fonts', async () => {
  const parts = await check(await makeDocx(paragraph('text')));
  expect([...parts.keys()]).toEqual(['word/document.xml']);
});

test('parts that LibreOffice leaves empty do no harm, the content must not be empty', async () => {
  const odt = async (content: string) => {
    const path = join(folder, 'document.odt');
    const parts = { 'content.xml': content, 'Configurations2/accelerator/current.xml': '' };
    await writeFile(path, await zipOf(parts));
    return checkDocument(path, 'odt');
  };
  await expect(odt('<office:document-content/>')).resolves.toBeDefined();
  await expect(odt('')).rejects.toMatchObject({ code: 'document_invalid' });
});

test('a password-protected document is document_encrypted', async () => {
  const encrypted = check(compoundFile('EncryptedPackage'));
  await expect(encrypted).rejects.toMatchObject({ code: 'document_encrypted' });
});

const sound = await makeDocx(paragraph('text '.repeat(2000)));
const flipped = Buffer.from(sound);
const middle = flipped.indexOf('word/document.xml') + 60;
flipped[middle] = (flipped[middle] ?? 0) ^ 0xff;

test.each([
  ['random bytes', Buffer.from('0123456789abcdef'.repeat(999), 'hex')],
  ['nothing', Buffer.alloc(0)],
  ['a document of Word 97', compoundFile('WordDocument')],
  ['a document that was cut off', sound.subarray(0, 700)],
  ['a document with a flipped bit', flipped],
  ['text instead of XML', await makeDocx('', { 'word/document.xml': 'not <xml' })],
  ['XML that ends too early', await makeDocx('', { 'word/document.xml': '<a><b>text</b>' })],
  ['a ZIP of something else', await makeDocx('', { '[Content_Types].xml': '' })],
  [
    'a billion laughs',
    await makeDocx('', { 'word/document.xml': '<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>' }),
  ],
])('%s is document_invalid', async (_, bytes) => {
  await expect(check(bytes)).rejects.toMatchObject({ code: 'document_invalid' });
});

test('a part that inflates beyond measure is document_too_complex', async () => {
  const bomb = await makeDocx(paragraph(' '.repeat(64 * 1024 * 1024)));
  expect(bomb.length).toBeLessThan(200_000);
  await expect(check(bomb)).rejects.toMatchObject({ code: 'document_too_complex' });
});

describe('XmlBalance', () => {
  const fits = `\u{feff}<?xml version="1.0"?><!-- <a> --><w:a b="x>y" c='"'>t<d/><![CDATA[</a>]]><é>ü</é>
</w:a><!-- end -->`;

  test.each([1, 2, 3, 7, 64, 1000])('accepts what fits, in chunks of %i bytes', (size) => {
    const bytes = Buffer.from(fits);
    const balance = new XmlBalance();
    expect(() => {
      for (let at = 0; at < bytes.length; at += size) balance.push(bytes.subarray(at, at + size));
      balance.end();
    }).not.toThrow();
  });

  test.each(['<a><b></a></b>', '<a>', '</a>', '<a/><b/>', '', ' ', '<a', '<a></a>x', '<!x><a/>'])(
    'refuses %s',
    (text) => {
      const balance = new XmlBalance();
      expect(() => {
        for (const byte of Buffer.from(text)) balance.push(Buffer.from([byte]));
        balance.end();
      }).toThrow(/./u);
    },
  );
});
