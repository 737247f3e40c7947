import { buffer } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';

import { convert, workbookOf } from './test-workbook.ts';
import type { TestWorkbook } from './test-workbook.ts';

async function jsonOf(workbook: TestWorkbook, options = {}, to: 'json' | 'ndjson' = 'json') {
  return convert(await workbookOf(workbook), options, undefined, to);
}

async function textOf(rows: string, options = {}, rest: Partial<TestWorkbook> = {}) {
  return (await jsonOf({ sheets: [{ rows }], ...rest }, options)).text;
}

const text = (reference: string, value: string) =>
  `<c r="${reference}" t="str"><v>${value}</v></c>`;
const header = `<row r="1">${text('A1', 'id')}${text('B1', 'when')}${text('C1', 'ok')}</row>`;

describe('values', () => {
  const rows =
    `${header}<row r="2"><c r="A2"><v>12345678.901234</v></c><c r="B2" s="1"><v>40907.5</v></c>` +
    '<c r="C2" t="b"><v>1</v></c></row><row r="3"><c r="A3"><v>1E+21</v></c>' +
    '<c r="B3" s="2"><v>1.5</v></c><c r="C3" t="e"><v>#N/A</v></c></row>';
  const formats = ['General', 'yyyy-mm-dd hh:mm', '[h]:mm'];

  test('raw values have the types of JSON, all their digits and ISO 8601 dates', async () => {
    expect(await textOf(rows, {}, { formats })).toBe(
      '[{"id":12345678.901234,"when":"2011-12-30T12:00:00","ok":true},' +
        '{"id":1e+21,"when":"PT36H","ok":"#N/A"}]\n',
    );
  });

  test('formatted values are the texts that Excel shows', async () => {
    expect(await textOf(rows, { values: 'formatted' }, { formats })).toBe(
      '[{"id":"12345678.9","when":"2011-12-30 12:00","ok":"TRUE"},' +
        '{"id":"1E+21","when":"36:00","ok":"#N/A"}]\n',
    );
  });

  test('any text is valid JSON: quotes, line breaks, control characters, halves, bad bytes', async () => {
    const odd = 'a"b\\c&#10;d_x0001_e_xD800_f日';
    const xml = Buffer.concat([
      Buffer.from(`<worksheet><sheetData><row r="1">${text('A1', 'k')}</row><row r="2">`),
      Buffer.from('<c r="A2" t="str"><v>x'),
      Buffer.from([0xff]),
      Buffer.from(`</v></c></row><row r="3">${text('A3', odd)}</row></sheetData></worksheet>`),
    ]);
    const { text: json } = await jsonOf({ sheets: [{ xml }] });
    expect(JSON.parse(json)).toEqual([{ k: 'x\ufffd' }, { k: 'a"b\\c\nd\u0001e\ufffdf日' }]);
  });

  test('shared texts are valid JSON too, and CSV quotes just those that need it', async () => {
    const texts = ['plain é', 'a"b', 'c\\d', 'e&#10;f', 'g_x0001_h', 'i,j;k\tl'];
    const cell = (index: number) =>
      `<row r="${index + 1}"><c r="A${index + 1}" t="s"><v>${index}</v>`;
    const stringRows = texts.map((_, index) => `${cell(index)}</c></row>`).join('');
    const workbook = {
      sheets: [{ rows: stringRows }],
      strings: texts.map((one) => `<t>${one}</t>`),
    };
    const values = ['plain é', 'a"b', 'c\\d', 'e\nf', 'g\u0001h', 'i,j;k\tl'];
    const { text: json } = await jsonOf(workbook, { header: false });
    expect(JSON.parse(json)).toEqual(values.map((one) => [one]));
    const { text: csv } = await convert(await workbookOf(workbook));
    expect(csv).toBe('plain é\r\n"a""b"\r\nc\\d\r\n"e\nf"\r\ng\u0001h\r\n"i,j;k\tl"\r\n');
  });

  test('a text that is no number in a number cell stays a text', async () => {
    const odd = `${header}<row r="2"><c r="A2"><v>1.#QNAN</v></c></row>`;
    expect(await textOf(odd, { empty: 'omit' })).toBe('[{"id":"1.#QNAN"}]\n');
  });
});

describe('rows', () => {
  const sparse =
    `${header}<row r="2"><c r="B2"><v>1</v></c></row><row r="3"><c r="A3" s="0"/></row>` +
    `<row r="9"><c r="A9"><v>2</v></c>${text('C9', '')}<c r="E9"><v>3</v></c></row>`;

  test('named columns are null where empty, others stand where they have a value', async () => {
    const { text: json, warnings } = await jsonOf({ sheets: [{ rows: sparse }] });
    expect(json).toBe(
      '[{"id":null,"when":1,"ok":null},{"id":2,"when":null,"ok":"","column_5":3}]\n',
    );
    expect(warnings.map(({ code }) => code)).toEqual(['unnamed_columns']);
  });

  test('empty values can be left out', async () => {
    expect(await textOf(sparse, { empty: 'omit' })).toBe(
      '[{"when":1},{"id":2,"ok":"","column_5":3}]\n',
    );
  });

  test('without a header every row is an array that begins at column A', async () => {
    const rows = '<row r="1"><c r="B1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>';
    expect(await textOf(rows, { header: false })).toBe('[[null,1],[2]]\n');
  });

  test('repeated and hostile names stay apart and are only keys', async () => {
    const names = ['a', 'a', '__proto__', 'column_5'];
    const cells = names.map((name, index) => text(`${'ABCD'[index]}1`, name)).join('');
    const values = ['A', 'B', 'C', 'D', 'E']
      .map((letter) => `<c r="${letter}2"><v>1</v></c>`)
      .join('');
    const rows = `<row r="1">${cells}</row><row r="2">${values}</row>`;
    const { text: json, warnings } = await jsonOf({ sheets: [{ rows }] });
    expect(json).toBe('[{"a":1,"a_2":1,"__proto__":1,"column_5":1,"column_5_2":1}]\n');
    expect(warnings.map(({ code }) => code)).toEqual(['unnamed_columns', 'duplicate_columns']);
  });

  test('an empty sheet and one with only a header give no rows', async () => {
    expect(await textOf('')).toBe('[]\n');
    expect(await textOf(header)).toBe('[]\n');
    expect((await jsonOf({ sheets: [{ rows: header }] }, {}, 'ndjson')).text).toBe('');
  });

  test('column names of megabytes are refused, for they would stand in every row', async () => {
    const rows = `<row r="1">${text('A1', 'x'.repeat(1_100_000))}</row>`;
    await expect(textOf(rows)).rejects.toMatchObject({ code: 'document_too_complex' });
  });
});

describe('sheets', () => {
  const one = (value: number) =>
    `<row r="1">${text('A1', 'n')}</row><row r="2"><c r="A2"><v>${value}</v></c></row>`;
  const workbook: TestWorkbook = {
    sheets: [
      { name: 'One', rows: one(1) },
      { name: 'Two', rows: one(2), state: 'hidden' },
      { name: 'One', rows: '' },
    ],
  };

  test('"all" gives an object by sheet name, laid out like JSON.stringify', async () => {
    const options = { sheet: 'all', hidden_sheets: true, indent: 2 };
    const { text: json, format } = await jsonOf(workbook, options);
    const expected = { One: [{ n: 1 }], Two: [{ n: 2 }], One_2: [] };
    expect([format, json]).toEqual(['json', `${JSON.stringify(expected, null, 2)}\n`]);
    const flat = (await jsonOf(workbook, { sheet: 'all' })).text;
    expect(flat).toBe('{"One":[{"n":1}],"One_2":[]}\n');
  });

  test('one sheet with an indent is laid out like JSON.stringify', async () => {
    const { text: json } = await jsonOf(workbook, { sheet: 'Two', indent: 3 });
    expect(json).toBe(`${JSON.stringify([{ n: 2 }], null, 3)}\n`);
  });

  test('NDJSON has a row a line, and "all" a file for each sheet', async () => {
    expect((await jsonOf({ sheets: [{ rows: one(7) }] }, {}, 'ndjson')).text).toBe('{"n":7}\n');
    const { bytes, format } = await jsonOf(workbook, { sheet: 'all' }, 'ndjson');
    const zip = await fromBufferPromise(bytes);
    const files: [string, string][] = [];
    for await (const entry of zip.eachEntry()) {
      const content = await buffer(await zip.openReadStreamPromise(entry));
      files.push([entry.fileName, content.toString('utf8')]);
    }
    expect([format, files]).toEqual([
      'zip',
      [
        ['One.ndjson', '{"n":1}\n'],
        ['One (2).ndjson', ''],
      ],
    ]);
  });

  test('options of a CSV are not options of JSON', async () => {
    await expect(jsonOf(workbook, { delimiter: ';' })).rejects.toThrow('delimiter');
    await expect(jsonOf(workbook, { indent: 2 }, 'ndjson')).rejects.toThrow('indent');
  });
});
