import { expect, test } from 'vitest';

import { traitsOf } from './byte-traits.ts';
import { CsvWriter } from './csv-writer.ts';
import type { CsvOptions } from './csv-writer.ts';
import { WideBytes } from './wide-bytes.ts';

const excel: CsvOptions = {
  delimiter: ',',
  newline: 'crlf',
  bom: false,
  encoding: 'utf-8',
  quote: 'minimal',
};

function written(options: Partial<CsvOptions>, rows: readonly (readonly string[])[]) {
  const pieces: Buffer[] = [];
  const writer = new CsvWriter(
    { write: (bytes) => void pieces.push(Buffer.from(bytes)) },
    { ...excel, ...options },
  );
  for (const row of rows) {
    for (const text of row) writer.field(text);
    writer.endRow();
  }
  writer.flush();
  return { bytes: Buffer.concat(pieces), writer, pieces };
}

test('minimal quoting quotes delimiter, quote and line breaks, and nothing else', () => {
  const { bytes } = written({}, [['a,b', 'say "hi"', 'x\ny', 'x\ry', " it's ", '=1+1', '', 'é€']]);
  expect(bytes.toString()).toBe('"a,b","say ""hi""","x\ny","x\ry", it\'s ,=1+1,,é€\r\n');
});

test('bytes and text give the same field', () => {
  for (const text of ['plain', 'a;b', '"', '""', 'zwölf €', '', 'a\nb', '日本, "x"']) {
    for (const quote of ['minimal', 'all'] as const) {
      const pieces: Buffer[] = [];
      const sink = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
      const writer = new CsvWriter(sink, { ...excel, quote });
      const utf8 = Buffer.from(`<${text}>`);
      writer.fieldBytes(utf8, 1, utf8.length - 1);
      writer.endRow();
      writer.flush();
      expect(Buffer.concat(pieces)).toEqual(written({ quote }, [[text]]).bytes);
    }
  }
});

test('a text whose traits are known becomes the same field as one that is looked through', () => {
  const texts = [
    'plain',
    'a,b',
    'a;b',
    'a\tb',
    'a|b',
    'a"b',
    'a\rb',
    'x\ny',
    'b\\',
    '',
    'é,'.repeat(99),
  ];
  for (const delimiter of [',', ';', '\t', '|', 'a', '\\']) {
    for (const quote of ['minimal', 'all'] as const) {
      const pieces: Buffer[] = [];
      const sink = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
      const writer = new CsvWriter(sink, { ...excel, delimiter, quote });
      for (const text of texts) {
        const utf8 = new WideBytes(Buffer.byteLength(text) + 1);
        const end = 1 + utf8.bytes.write(text, 1);
        writer.traitedBytes(utf8, 1, end, traitsOf(utf8.bytes, 1, end));
      }
      writer.endRow();
      writer.flush();
      expect(Buffer.concat(pieces)).toEqual(written({ delimiter, quote }, [texts]).bytes);
    }
  }
});

test('quote all quotes every field, the empty ones too', () => {
  expect(written({ quote: 'all', newline: 'lf' }, [['a', '']]).bytes.toString()).toBe('"a",""\n');
});

test('only the chosen delimiter is quoted', () => {
  expect(written({ delimiter: '\t' }, [['a,b', 'c\td']]).bytes.toString()).toBe('a,b\t"c\td"\r\n');
});

test('the byte order mark comes first in the output encoding', () => {
  expect(written({ bom: true }, [['a']]).bytes.toString('hex')).toBe('efbbbf610d0a');
  const wide = written({ bom: true, encoding: 'utf-16le', newline: 'lf' }, [['€']]);
  expect(wide.bytes.toString('hex')).toBe('fffeac200a00');
});

test('windows-1252 writes its upper half and counts what it cannot write', () => {
  const { bytes, writer } = written({ encoding: 'windows-1252' }, [['€Žé', '日本 😀']]);
  expect(bytes.toString('hex')).toBe('808ee92c3f3f203f0d0a');
  expect(writer.unencodable).toBe(3);
});

test('a long field and a long file pass through unchanged, in bounded pieces', () => {
  const long = 'é"'.repeat(300_000);
  const rows = Array.from({ length: 30_000 }, (_, index) => [`row ${index}`, 'x'.repeat(20)]);
  const { bytes, pieces, writer } = written({ newline: 'lf' }, [[long], ...rows]);
  const expected = `"${long.replaceAll('"', '""')}"\n${rows.map((row) => row.join()).join('\n')}\n`;
  expect(bytes.toString()).toBe(expected);
  expect(writer.bytesWritten).toBe(bytes.length);
  expect(pieces.length).toBeGreaterThan(3);
});

test('a delimiter that would make the file unreadable is refused', () => {
  for (const delimiter of ['"', '\n', '\r', '', ',,', '€']) {
    expect(() => written({ delimiter }, [])).toThrow(RangeError);
  }
});

test('empty fields are as many as asked for, in any number', () => {
  for (const count of [0, 1, 2, 16_384, 1_000_000]) {
    const pieces: Buffer[] = [];
    const sink = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
    const writer = new CsvWriter(sink, excel);
    writer.field('a');
    writer.emptyFields(count);
    writer.endRow();
    writer.emptyFields(count);
    writer.field('b');
    writer.endRow();
    writer.flush();
    const commas = ','.repeat(count);
    expect(Buffer.concat(pieces).toString() === `a${commas}\r\n${commas}b\r\n`).toBe(true);
  }
});
