import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as XLSX from '@e965/xlsx';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runOnFile } from '../text/run-both.ts';
import type { Outcome } from '../text/run-both.ts';
import { convert } from '../xlsx/test-workbook.ts';
import { toXlsxEngine } from './engine.ts';
import { SheetRecords } from './sheet-records.ts';
import { WorkbookFile } from './workbook-file.ts';

type Source = 'CSV' | 'JSON' | 'NDJSON';

const run = (input: string | Buffer, options: object = {}, from: Source = 'CSV') =>
  runOnFile(toXlsxEngine, Buffer.from(input as string), options, { type: `${from}_TO_XLSX` });

function bytesOf(outcome: Outcome): Buffer {
  if ('code' in outcome) throw new Error(`${outcome.code}: ${outcome.message}`);
  return outcome.bytes;
}

/** What our own reader makes of it. */
async function readBack(input: string, options: object = {}, from: Source = 'CSV') {
  const bytes = bytesOf(await run(input, options, from));
  return (await convert(bytes, { newline: 'lf' })).text;
}

/** The first sheet as SheetJS sees it: an independent witness. */
function witness(bytes: Buffer): XLSX.WorkSheet {
  const book = XLSX.read(bytes, { cellNF: true, cellStyles: true });
  return book.Sheets[book.SheetNames[0] ?? ''] ?? {};
}

describe('CSV to XLSX', () => {
  test('fields that Excel shows just as they are written become numbers, dates and booleans', async () => {
    const fields =
      '7 -2 19.90 0.5 123456789012 0.00001 -0.10 999999999999999 2024-02-29 ' +
      '2024-01-31T00:00:01 TRUE FALSE';
    const spaced = [...fields.split(' '), '2024-01-31 23:59:59'];
    const input = `${spaced.join(';')}\n`;
    const bytes = bytesOf(await run(input, { header: false, delimiter: ';' }));
    const sheet = witness(bytes);
    const types = spaced.map((_, column) => sheet[XLSX.utils.encode_cell({ r: 0, c: column })]?.t);
    expect(types.join('')).toBe('nnnnnnnnnnbbn');
    expect(XLSX.utils.sheet_to_csv(sheet, { FS: ';' })).toBe(input.trimEnd());
    expect((await convert(bytes, { newline: 'lf', delimiter: ';' })).text).toBe(input);
  });

  test('what Excel would change stays a text', async () => {
    const fields = [
      '007 -0 .5 5. +5 1E5 1,5 12345678901234567890 1234567890123456 00 -01 0x1F true 2023-02-29',
      "1900-02-28 24:00 2024-1-5 1/2/2024 =1+1 @SUM(A1) -1+2 'x Infinity NaN 5% 10000-01-01",
    ].flatMap((line) => line.split(' '));
    const bytes = bytesOf(await run(fields.join('\n'), { header: false, delimiter: ';' }));
    const sheet = witness(bytes);
    for (const [row, field] of fields.entries()) {
      const { t, v, f } = sheet[`A${row + 1}`] as XLSX.CellObject;
      expect([field, t, v, f]).toEqual([field, 's', field, undefined]);
    }
  });

  test('a double as a program writes it keeps all its digits', async () => {
    const input = '0.30000000000000004\n2.1060533511106927\n100000027833.25912\n';
    const bytes = bytesOf(await run(input, { header: false }));
    expect((await convert(bytes, { newline: 'lf', values: 'raw' })).text).toBe(input);
    const { text } = await convert(bytes, { newline: 'lf' });
    expect(text).toBe('0.3\n2.106053351\n100000027833.259\n');
  });

  test('with types "string" every field is a text', async () => {
    const sheet = witness(bytesOf(await run('a\n1\n2024-01-01\nTRUE\n', { types: 'string' })));
    expect(['A2', 'A3', 'A4'].map((cell) => sheet[cell]?.t)).toEqual(['s', 's', 's']);
  });

  test('whatever the fields, our reader gives the same records back', async () => {
    const letters = '01279.-+eE=@,;"\n \t_xX&<>éT:'.split('').concat('𝄞', '\u0001', '\ufffe', '日');
    const field = fc.oneof(
      fc.string({ unit: fc.constantFrom(...letters), maxLength: 12 }),
      fc.integer().map(String),
      fc.double({ noNaN: true, min: -1e10, max: 1e10 }).map((value) => value.toFixed(4)),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
    );
    const records = fc.array(fc.tuple(field, field, fc.constant('end')), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(records, async (rows) => {
        const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`));
        const csv = `${['"first","second","third"', ...quoted.map(String)].join('\n')}\n`;
        const back = await convert(bytesOf(await run(csv, { delimiter: ',' })), {
          newline: 'lf',
          quote: 'all',
        });
        expect(back.text.replaceAll('\r', '')).toBe(csv.replaceAll('\r', ''));
      }),
      { numRuns: 25 },
    );
  });

  test('delimiter and encoding are found, the header is bold and frozen, the sheet named', async () => {
    const bytes = bytesOf(
      await run(Buffer.from('Stra\xdfe;n\n\xe4;1\n', 'latin1'), {
        encoding: 'windows-1252',
        sheet_name: 'Köln & "Bonn"',
      }),
    );
    expect(XLSX.read(bytes).SheetNames).toEqual(['Köln & "Bonn"']);
    expect((await convert(bytes, { newline: 'lf' })).text).toBe('Straße,n\nä,1\n');
    const sheet = await partOf(bytes, 'xl/worksheets/sheet1.xml');
    expect(sheet).toContain('state="frozen"');
    expect(sheet).toContain('<c r="A1" s="1" t="inlineStr">');
    const plain = await partOf(
      bytesOf(await run('a\n1\n', { header: false })),
      'xl/worksheets/sheet1.xml',
    );
    expect(plain).not.toContain('frozen');
  });

  test('equal inputs give equal bytes', async () => {
    const [first, second] = await Promise.all([run('a,b\n1,2\n'), run('a,b\n1,2\n')]);
    expect(bytesOf(first).equals(bytesOf(second))).toBe(true);
  });

  test('ragged records and empty fields leave their cells empty', async () => {
    expect(await readBack('a,b,c\n1\n,,3,4\n""\n')).toBe('a,b,c,\n1,,,\n,,3,4\n');
  });
});

async function partOf(bytes: Buffer, name: string): Promise<string> {
  const files = XLSX.CFB.read(bytes, { type: 'buffer' });
  const entry = XLSX.CFB.find(files, `/${name}`);
  return Buffer.from((entry?.content ?? []) as Uint8Array).toString('utf8');
}

describe('JSON to XLSX', () => {
  test('numbers and booleans keep their type, texts are never turned into something else', async () => {
    const input =
      '[{"n":1.50,"t":"007","b":true,"e":1e3},{"n":"2","t":null,"b":"TRUE","e":-0.30000000000000004},' +
      '{"n":12345678901234567890,"x":{"y":[1,"=a"]}}]';
    const outcome = await run(input, {}, 'JSON');
    expect(outcome).toMatchObject({ warnings: ['numbers_as_text'] });
    const { text } = await convert(bytesOf(outcome), {}, undefined, 'ndjson');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { n: 1.5, t: '007', b: true, e: 1000, 'x.y.0': null, 'x.y.1': null },
      { n: '2', t: null, b: 'TRUE', e: -0.30000000000000004, 'x.y.0': null, 'x.y.1': null },
      { n: '12345678901234567890', t: null, b: null, e: null, 'x.y.0': 1, 'x.y.1': '=a' },
    ]);
  });

  test('whole numbers of 16 digits and more are texts, as Excel would make zeros of the last', async () => {
    const input =
      '[{"a":1234567890123456,"b":9007199254740991,"c":4111111111111111,"d":-123456789012345},' +
      '{"a":123456789012345,"b":1234567890123450,"c":1234567890123456.0,"d":1e15}]';
    const outcome = await run(input, {}, 'JSON');
    expect(outcome).toMatchObject({ warnings: ['numbers_as_text'] });
    const { text } = await convert(bytesOf(outcome), {}, undefined, 'json');
    expect(JSON.parse(text)).toEqual([
      { a: '1234567890123456', b: '9007199254740991', c: '4111111111111111', d: -123456789012345 },
      { a: 123456789012345, b: 1234567890123450, c: '1234567890123456.0', d: 1e15 },
    ]);
  });

  test('NDJSON, listed columns, no header, arrays of arrays, an empty array', async () => {
    const lines = '{"a":1,"b":2}\n{"b":3}\n';
    expect(await readBack(lines, {}, 'NDJSON')).toBe('a,b\n1,2\n,3\n');
    expect(await readBack(lines, { columns: ['b'], header: false }, 'NDJSON')).toBe('2\n3\n');
    expect(await readBack('[["x",1],["y"]]', {}, 'JSON')).toBe('x,1\ny,\n');
    expect(await readBack('[]', {}, 'JSON')).toBe('');
  });

  test('with types "string" numbers are texts', async () => {
    const sheet = witness(bytesOf(await run('[{"n":1,"b":true}]', { types: 'string' }, 'JSON')));
    expect([sheet['A2']?.t, sheet['B2']?.v]).toEqual(['s', 'true']);
  });
});

describe('bounds', () => {
  test('a text longer than a cell is refused with the record, or cut with a warning', async () => {
    const input = `a\nx\n${'y'.repeat(32_768)}\n`;
    expect(await run(input)).toMatchObject({
      code: 'document_too_complex',
      message: expect.stringContaining('Record 2 ') as string,
    });
    const cut = await run(input, { long_texts: 'cut' });
    expect(cut).toMatchObject({ warnings: ['texts_cut'] });
    expect(witness(bytesOf(cut))['A3']?.v).toHaveLength(32_767);
  });

  test('a full sheet is followed by another one with the same header', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'to-xlsx-'));
    const path = join(folder, 'out.xlsx');
    try {
      const file = new WorkbookFile(path, new AbortController().signal);
      const layout = { sheet_name: 'A name of exactly 31 characters', header: true };
      const rest = { inferTexts: true, typedLiterals: true, long_texts: 'refuse' as const };
      const records = new SheetRecords(file, { ...layout, ...rest }, 3);
      records.header(['n']);
      for (let row = 1; row <= 5; row += 1) records.record([String(row)]);
      expect(records.end().map(({ code }) => code)).toEqual(['rows_on_further_sheets']);
      await file.end();
      const { Sheets } = XLSX.read(readFileSync(path));
      expect(
        Object.entries(Sheets).map(([name, sheet]) => [name, XLSX.utils.sheet_to_csv(sheet)]),
      ).toEqual([
        ['A name of exactly 31 characters', 'n\n1\n2'],
        ['A name of exactly 31 charac (2)', 'n\n3\n4'],
        ['A name of exactly 31 charac (3)', 'n\n5'],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('16,384 columns are written, one more is refused', async () => {
    const row = (count: number) => `${Array.from({ length: count }, () => '1').join(',')}\n`;
    const sheet = witness(bytesOf(await run(row(16_384), { header: false })));
    expect(sheet['XFD1']?.v).toBe(1);
    expect(await run(row(16_385))).toMatchObject({ code: 'document_too_complex' });
  });
});

describe('bad input', () => {
  const bad: readonly (readonly [string, Source, string | Buffer, string])[] = [
    ['an empty CSV', 'CSV', '', 'document_invalid'],
    ['a CSV cut off in quotes', 'CSV', 'a\n"b', 'document_invalid'],
    ['a CSV that is no text', 'CSV', Buffer.from([0x61, 0xff, 0x0a]), 'document_invalid'],
    ['an empty JSON', 'JSON', ' ', 'document_invalid'],
    ['a truncated JSON', 'JSON', '[{"a":1},{"a"', 'document_invalid'],
    ['JSON of mixed kinds', 'JSON', '[{"a":1},[2]]', 'document_invalid'],
    ['a truncated NDJSON', 'NDJSON', '{"a":1}\n{"a":', 'document_invalid'],
    ['JSON nested too deep', 'JSON', '['.repeat(200) + ']'.repeat(200), 'document_too_complex'],
  ];

  test.each(bad)('%s is refused', async (_name, from, input, code) => {
    expect(await run(input, {}, from)).toMatchObject({ code });
  });

  test('a sheet name that Excel refuses is refused', async () => {
    for (const name of ['', 'a/b', "'a", 'x'.repeat(32), 'History', 'a\nb', '[a]']) {
      await expect(run('a\n', { sheet_name: name })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    }
  });

  test('an aborted conversion ends with the reason and leaves no open file', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const reason = new Error('stopped');
    const input = Buffer.from('a,b\n'.repeat(100_000));
    const signal = AbortSignal.abort(reason);
    const type = 'CSV_TO_XLSX';
    await expect(runOnFile(toXlsxEngine, input, {}, { signal, type })).rejects.toThrow('stopped');
    await expect.poll(open).toBeLessThanOrEqual(before);
  });
});
