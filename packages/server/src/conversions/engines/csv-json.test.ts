import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { processorTimeOf } from '../../test/processor-time.ts';
import { csvJsonEngine } from './csv-json.ts';
import { CsvReader } from './text/csv-reader.ts';
import { runInMemory, runOnFile } from './text/run-both.ts';

const run = (input: string | Buffer, options: object = {}) =>
  runInMemory(csvJsonEngine, Buffer.from(input as string), options);

async function rowsOf(input: string | Buffer, options: object = {}): Promise<unknown> {
  const outcome = await run(input, options);
  if ('code' in outcome) throw new Error(outcome.message);
  return JSON.parse(outcome.text);
}

function read(pieces: readonly string[], delimiter = ','): string[][] {
  const rows: string[][] = [];
  const reader = new CsvReader(delimiter, (fields) => rows.push(fields));
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return rows;
}

const cases: readonly (readonly [string, string, unknown])[] = [
  ['a comma in quotes', 'a,b\n1,"x, y"\n', [{ a: '1', b: 'x, y' }]],
  ['doubled quotes', 'a,b\n1,"say ""hi"""\n', [{ a: '1', b: 'say "hi"' }]],
  ['line breaks in quotes', 'a,b\r\n1,"x\r\ny"\r\n', [{ a: '1', b: 'x\r\ny' }]],
  ['empty fields, quoted or not', 'a,b,c\n1,"",\n', [{ a: '1', b: '', c: '' }]],
  ['JSON in a field', 'a,b\n1,"{""k"": [1]}"\n', [{ a: '1', b: '{"k": [1]}' }]],
  [
    'CR alone between records',
    'a,b\r1,2\r3,4\r',
    [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ],
  ],
  ['mixed line breaks', 'a\n1\r\n2\r3', [{ a: '1' }, { a: '2' }, { a: '3' }]],
  ['no line break at the end', 'a,b\n1,', [{ a: '1', b: '' }]],
  ['a quote inside a plain field', 'size\n5" disk\n', [{ size: '5" disk' }]],
  ['other scripts', 'a\nʤ 𝄞 日本\n', [{ a: 'ʤ 𝄞 日本' }]],
  ['a NUL and control characters', 'a\nx\u0000\u0001\\\n', [{ a: 'x\u0000\u0001\\' }]],
  ['a header only', 'a,b\n', []],
];

describe('CSV to JSON', () => {
  test.each(cases)('keeps %s', async (_name, input, expected) => {
    expect(await rowsOf(input)).toEqual(expected);
  });

  test('writes what JSON.stringify would, at every indentation', async () => {
    const input = 'a,b\n1,x\n2\n3,y,z\n';
    const rows = [{ a: '1', b: 'x' }, { a: '2' }, { a: '3', b: 'y', _extra: ['z'] }];
    for (const indent of [0, 1, 2, 8]) {
      const outcome = await run(input, { indent });
      expect(outcome).toMatchObject({ text: `${JSON.stringify(rows, null, indent)}\n` });
      const arrays = await run('1,2\n3,4', { header: false, indent });
      const expected = JSON.stringify(
        [
          ['1', '2'],
          ['3', '4'],
        ],
        null,
        indent,
      );
      expect(arrays).toMatchObject({ text: `${expected}\n` });
      expect(await run('a\n', { indent })).toMatchObject({ text: '[]\n' });
    }
  });

  test('finds the delimiter, also behind quotes and decimal commas', async () => {
    expect(await rowsOf('a;b\n1,5;2\n')).toEqual([{ a: '1,5', b: '2' }]);
    expect(await rowsOf('"a, first";b\n1;2\n')).toEqual([{ 'a, first': '1', b: '2' }]);
    expect(await rowsOf('"a\nb";c\n1;2\n')).toEqual([{ 'a\nb': '1', c: '2' }]);
    expect(await rowsOf('a\tb\n1\t2\n')).toEqual([{ a: '1', b: '2' }]);
    expect(await rowsOf('a|b\n1|2\n')).toEqual([{ a: '1', b: '2' }]);
    expect(await rowsOf('a;b\n1;2\n', { delimiter: ',' })).toEqual([{ 'a;b': '1;2' }]);
  });

  test('repeated and missing names become unique, with a warning', async () => {
    const outcome = await run('a,a,,a_2,a\n1,2,3,4,5\n');
    expect(outcome).toMatchObject({ warnings: ['duplicate_columns', 'unnamed_columns'] });
    expect(outcome).toMatchObject({
      text: '[{"a":"1","a_3":"2","column_3":"3","a_2":"4","a_4":"5"}]\n',
    });
  });

  test('ragged records lose nothing and are told with their first line', async () => {
    const outcome = await run('a,_extra\n1\n2,3,4,5\n');
    expect(outcome).toMatchObject({
      text: '[{"a":"1"},{"a":"2","_extra":"3","_extra_2":["4","5"]}]\n',
      warnings: ['ragged_rows'],
    });
  });

  test('skipped empty lines are told where they could be rows', async () => {
    expect(await run('a\n1\n\n2\n')).toMatchObject({ warnings: ['empty_lines_skipped'] });
    expect(await run('a,b\n1,2\n\n3,4\n')).toMatchObject({ warnings: [] });
  });

  test('names like __proto__ and numbers are ordinary, in their order', async () => {
    const outcome = await run('__proto__,2,1,constructor\nx,y,z,w\n');
    expect(outcome).toMatchObject({
      text: '[{"__proto__":"x","2":"y","1":"z","constructor":"w"}]\n',
    });
  });

  test('types are inferred only where the value can be written back exactly', async () => {
    const fields = '0,-1,1.5,1e+21,007,1.50,+1,-0,1e5,NaN,12345678901234567890,true,TRUE,,null';
    const text = '[[0,-1,1.5,1e+21,"007","1.50","+1","-0","1e5","NaN","12345678901234567890",true,';
    expect(await run(fields, { header: false, types: 'infer' })).toMatchObject({
      text: `${text}"TRUE",null,"null"]]\n`,
    });
    expect(await rowsOf('a\n1\n')).toEqual([{ a: '1' }]);
  });

  test('a byte order mark decides the encoding; a named encoding is used without one', async () => {
    const expected = [{ é: 'ü' }];
    expect(await rowsOf('\ufeffé\nü\n')).toEqual(expected);
    expect(await rowsOf(Buffer.from('\ufeffé\nü\n', 'utf16le'))).toEqual(expected);
    expect(await rowsOf(Buffer.from('\ufeffé\nü\n', 'utf16le').swap16())).toEqual(expected);
    expect(await rowsOf(Buffer.from('é\nü\n', 'utf16le'), { encoding: 'utf-16le' })).toEqual(
      expected,
    );
    expect(await rowsOf(Buffer.from('é\nü\n', 'latin1'), { encoding: 'windows-1252' })).toEqual(
      expected,
    );
  });
});

const damaged: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['an empty file', '', /no records/u],
  ['only line breaks', '\n\r\n\n', /no records/u],
  ['only a byte order mark', '\ufeff', /no records/u],
  ['text behind a closing quote', 'a,b\n1,2\n3,"x"y\n', /Line 3/u],
  ['a quote that is never closed', 'a\n1\n"2\n3\n4\n', /Line 3: a quote is opened/u],
  ['bytes that are not UTF-8', Buffer.from('a\nabcé\n', 'latin1'), /UTF-8 after byte 5/u],
  ['a character that is cut off', Buffer.from('a\n1é').subarray(0, -1), /not valid UTF-8/u],
  ['half a surrogate pair', Buffer.from('\ufeffa\n\ud800\n', 'utf16le'), /not valid UTF-16LE/u],
];

describe('a damaged CSV', () => {
  test.each(damaged)('is refused: %s', async (_name, input, message) => {
    for (const path of [runInMemory, runOnFile]) {
      const outcome = await path(csvJsonEngine, Buffer.from(input as string));
      expect(outcome).toMatchObject({ code: 'document_invalid' });
      expect(outcome).toMatchObject({ message: expect.stringMatching(message) });
    }
  });

  test('over a bound is refused: columns, names, a record, an output out of proportion', async () => {
    const inputs = [
      `${'a,'.repeat(1_000_000)}\n`,
      `${'n'.repeat(1_100_000)}\nx\n`,
      `a\n${'x'.repeat(17 * 1024 * 1024)}\n`,
      `${'n'.repeat(100_000)}\n${'x\n'.repeat(5000)}`,
    ];
    for (const input of inputs) {
      const outcome = await runOnFile(csvJsonEngine, Buffer.from(input));
      expect('code' in outcome && outcome.code).toBe('document_too_complex');
    }
    const open = await runOnFile(csvJsonEngine, Buffer.from(`a\n"${'x\n'.repeat(9e6)}`));
    expect('code' in open && open.code).toBe('document_invalid');
  });

  test('thousands of equal names are numbered in linear time', async () => {
    const tookMs = await processorTimeOf(() => run(`${'a,'.repeat(16_000)}\n1\n`));
    expect(tookMs).toBeLessThan(2000);
  });

  test('an aborted conversion stops', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(runOnFile(csvJsonEngine, Buffer.from('a\n1'), {}, { signal })).rejects.toThrow(
      'stop',
    );
  });
});

const field = fc.string({
  unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', 'é', '𝄞', '1'),
});
const table = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1 });
const newline = fc.constantFrom('\n', '\r\n', '\r');

function write(rows: readonly string[][], lineBreak: string): string {
  const quoted = (text: string) =>
    /[",;\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => row.map(quoted).join(',') + lineBreak).join('');
}

function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (let index = 0; at < text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

describe('the reader', () => {
  test('reads what csv-parse reads, however the text is cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, newline, sizes, (rows, lineBreak, pieces) => {
        const text = write(rows, lineBreak);
        const options = { record_delimiter: lineBreak, relax_column_count: true };
        expect(read(cut(text, pieces))).toEqual(parseCsv(text, options));
        expect(read([text])).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  test('any text gives the same in memory and from a file', async () => {
    const soup = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', '1', '\t') });
    await fc.assert(
      fc.asyncProperty(soup, fc.constantFrom('string', 'infer'), async (text, types) => {
        const input = Buffer.from(text);
        const fromFile = await runOnFile(csvJsonEngine, input, { types });
        expect(await runInMemory(csvJsonEngine, input, { types })).toEqual(fromFile);
      }),
      { numRuns: 100 },
    );
  });

  test('a text of many pieces gives the same in memory and from a file', async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, at) => `${at};"é ""${at}""\r\n";𝄞,x${at % 7}\r\n`,
    );
    const input = Buffer.from(`id;text;last\r\n${lines.join('')}`);
    const fromFile = await runOnFile(csvJsonEngine, input);
    expect(fromFile).toMatchObject({ warnings: [] });
    expect(await runInMemory(csvJsonEngine, input)).toEqual(fromFile);
  });
});
