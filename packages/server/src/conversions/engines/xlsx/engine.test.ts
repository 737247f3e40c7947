import { describe, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { buffer } from 'node:stream/consumers';

import { convert, workbookOf } from './test-workbook.ts';
import type { TestWorkbook } from './test-workbook.ts';

async function csvOf(workbook: TestWorkbook, options: Record<string, unknown> = {}) {
  return (await convert(await workbookOf(workbook), options)).text;
}

/** The CSV of one sheet with these rows, lines joined by `\n` for reading. */
async function rowsToCsv(rows: string, rest: Partial<TestWorkbook> = {}) {
  return csvOf({ sheets: [{ rows }], ...rest }, { newline: 'lf' });
}

describe('cells', () => {
  test('every cell type becomes the text that Excel shows', async () => {
    const rows =
      '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1"><v>1.5</v></c>' +
      '<c r="C1" t="b"><v>1</v></c><c r="D1" t="b"><v>0</v></c><c r="E1" t="e"><v>#N/A</v></c>' +
      '<c r="F1" t="str"><f>A1</f><v>x &amp; y</v></c>' +
      '<c r="G1" t="inlineStr"><is><t>in</t></is></c><c r="H1" t="n"><v>7</v></c></row>';
    const strings = ['<t>zero</t>', '<t>one</t>'];
    expect(await rowsToCsv(rows, { strings })).toBe('one,1.5,TRUE,FALSE,#N/A,x & y,in,7\n');
  });

  test('rich runs are joined and phonetic runs left out, in shared and inline strings', async () => {
    const rich =
      '<r><rPr><b/></rPr><t>東</t></r><r><t xml:space="preserve"> 京&amp;</t></r>' +
      '<rPh sb="0" eb="1"><t>トウ</t></rPh><phoneticPr fontId="1"/>';
    const rows = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is>${rich}</is></c></row>`;
    expect(await rowsToCsv(rows, { strings: [rich] })).toBe('東 京&,東 京&\n');
  });

  test('entities, character references, CDATA, comments and _x000D_ escapes are resolved', async () => {
    const rows =
      '<row r="1"><c r="A1" t="str"><v>&lt;a&gt; &#x41;&#66; &quot;</v></c>' +
      '<c r="B1" t="str"><v><![CDATA[<b> & ]]>c<!-- no -->d</v></c>' +
      '<c r="C1" t="str"><v>x_x0041_y_x005F_z</v></c>' +
      '<c r="D1" t="str"><v>1_x000D_2</v></c></row>';
    expect(await rowsToCsv(rows)).toBe('"<a> AB """,<b> & cd,xAy_z,"1\r2"\n');
  });

  test('rows and cells without references follow each other', async () => {
    const rows = '<row><c><v>1</v></c><c><v>2</v></c></row><row><c r="B2"><v>3</v></c></row>';
    expect(await rowsToCsv(rows)).toBe('1,2\n,3\n');
  });

  test('prefixed and strict workbooks, any attribute order and single quotes are read', async () => {
    const xml =
      '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData>' +
      "<x:row spans='1:2' r='1'><x:c t='s' r='A1'><x:v>0</x:v></x:c>" +
      '<x:c s="0" t = "d" r="B1" ><x:v>2014-02-14T08:27:48.765Z</x:v></x:c></x:row>' +
      '</x:sheetData></x:worksheet>';
    const workbook = { sheets: [{ xml }], strings: ['<t>a</t>'], formats: ['yyyy-mm-dd hh:mm'] };
    expect(await csvOf({ ...workbook, strict: true })).toBe('a,2014-02-14 08:27\r\n');
  });

  test('a merged cell has its value in the first cell only', async () => {
    const xml =
      '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"/></row>' +
      '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells></worksheet>';
    expect(await csvOf({ sheets: [{ xml }] })).toBe('1,\r\n');
  });

  test('long numbers and leading zeros come out as Excel shows them', async () => {
    const rows =
      '<row r="1"><c r="A1"><v>123456789012</v></c><c r="B1" s="1"><v>123456789012</v></c>' +
      '<c r="C1" s="2"><v>42</v></c><c r="D1" t="str"><v>007</v></c><c r="E1"><v>0.1</v></c>' +
      '<c r="F1"><v>0.30000000000000004</v></c></row>';
    const formats = ['General', '0', '00000'];
    const expected = '1.23457E+11,123456789012,00042,007,0.1,0.3\n';
    expect(await rowsToCsv(rows, { formats })).toBe(expected);
  });

  test('a formula without a stored result is an empty field and a warning', async () => {
    const rows = '<row r="1"><c r="A1"><f>1+1</f></c><c r="B1"><f>1+1</f><v>2</v></c></row>';
    const { text, warnings } = await convert(await workbookOf({ sheets: [{ rows }] }));
    expect(text).toBe(',2\r\n');
    expect(warnings.map(({ code }) => code)).toEqual(['formulas_without_value']);
  });

  test('UTF-16 parts are read', async () => {
    const xml =
      '<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData><row r="1">' +
      '<c r="A1" t="inlineStr"><is><t>é東</t></is></c></row></sheetData></worksheet>';
    expect(await csvOf({ sheets: [{ xml: Buffer.from(`\ufeff${xml}`, 'utf16le') }] })).toBe(
      'é東\r\n',
    );
  });
});

describe('dates', () => {
  const dates =
    '<row r="1"><c r="A1" s="0"><v>0</v></c><c r="B1" s="0"><v>60</v></c>' +
    '<c r="C1" s="0"><v>40907</v></c><c r="D1" s="1"><v>1.5</v></c></row>';
  const formats = ['yyyy-mm-dd', '[h]:mm', 'General'];

  test('dates of the 1900 system keep its leap year, durations run past a day', async () => {
    const expected = '1900-01-00,1900-02-29,2011-12-30,36:00\n';
    expect(await rowsToCsv(dates, { formats })).toBe(expected);
  });

  test('the 1904 system counts from 1904-01-01', async () => {
    const expected = '1904-01-01,1904-03-01,2015-12-31,36:00\n';
    expect(await rowsToCsv(dates, { formats, date1904: true })).toBe(expected);
  });

  test('raw values are stored numbers, ISO 8601 dates and durations, true and false', async () => {
    const rows =
      '<row r="1"><c r="A1" s="0"><v>40907.5</v></c><c r="B1" s="0"><v>40907</v></c>' +
      '<c r="C1" s="1"><v>1.5</v></c><c r="D1" s="2"><v>0.10000000000000001</v></c>' +
      '<c r="E1" t="b"><v>1</v></c><c r="F1" s="2"><v>123456789012345678</v></c>' +
      '<c r="G1" s="0"><v>0.25</v></c></row>';
    expect(await csvOf({ sheets: [{ rows }], formats }, { values: 'raw' })).toBe(
      '2011-12-30T12:00:00,2011-12-30,PT36H,0.1,true,123456789012345680,06:00:00\r\n',
    );
  });
});

describe('shape', () => {
  test('the output begins at the used range and every record is as wide', async () => {
    const rows =
      '<row r="3"><c r="C3"><v>1</v></c></row><row r="5"><c r="B5"><v>2</v></c>' +
      '<c r="D5"><v>3</v></c></row>';
    const expected = ',1,\n,,\n2,,3\n';
    expect(await rowsToCsv(rows)).toBe(expected);
    expect(await csvOf({ sheets: [{ rows, dimension: 'B3:D5' }] }, { newline: 'lf' })).toBe(
      expected,
    );
  });

  test('a dimension that is wrong in any way changes nothing', async () => {
    const rows = '<row r="2"><c r="B2"><v>1</v></c></row><row r="3"><c r="C3"><v>2</v></c></row>';
    for (const dimension of ['B2', 'C3', 'B2:B2', 'B2:XFD1048576', 'nonsense', 'C9:B1']) {
      const text = await csvOf({ sheets: [{ rows, dimension }] }, { newline: 'lf' });
      expect([dimension, text]).toEqual([dimension, '1,\n,2\n']);
    }
  });

  test('formatted empty cells count as used, an entirely empty sheet gives an empty file', async () => {
    const blank = '<row r="1"><c r="A1" s="0"/></row><row r="2"><c r="B2" s="0"/></row>';
    const row = '<row r="3"><c r="A3"><v>1</v></c></row>';
    expect(await rowsToCsv(blank + row)).toBe(',\n,\n1,\n');
    expect(await rowsToCsv(blank)).toBe('');
    expect(await rowsToCsv('')).toBe('');
  });

  test('a cell in the last row of a huge sheet costs rows, not columns', async () => {
    const rows =
      '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>' +
      '<row r="1048576"><c r="A1048576"><v>3</v></c></row>';
    const { bytes, warnings } = await convert(await workbookOf({ sheets: [{ rows }] }));
    expect(bytes.length).toBe(2 + 16_383 + 2 + 1_048_574 * 2 + 1 + 2);
    expect(warnings.map(({ code }) => code)).toEqual(['rows_not_padded']);
  });
});

describe('sheets', () => {
  const row = (value: string) => `<row r="1"><c r="A1" t="str"><v>${value}</v></c></row>`;
  const workbook: TestWorkbook = {
    sheets: [
      { name: 'Secret', rows: row('secret'), state: 'hidden' },
      { name: 'Année &amp; co', rows: row('année') },
      { name: 'a/b', rows: row('slash') },
      { name: 'A:B', rows: row('colon') },
      { name: 'Deep', rows: row('deep'), state: 'veryHidden' },
    ],
  };

  test('by default the first visible sheet is converted and the others are reported', async () => {
    const { text, warnings, format } = await convert(await workbookOf(workbook));
    expect([text, format]).toEqual(['année\r\n', 'csv']);
    expect(warnings).toEqual([expect.objectContaining({ code: 'sheets_skipped' })]);
    expect(warnings[0]?.detail).toMatch(/^4 other sheets/);
  });

  test('a sheet is found by index, by name, by name without case, and by index as text', async () => {
    expect(await csvOf(workbook, { sheet: 0 })).toBe('secret\r\n');
    expect(await csvOf(workbook, { sheet: 'Année & co' })).toBe('année\r\n');
    expect(await csvOf(workbook, { sheet: 'deep' })).toBe('deep\r\n');
    expect(await csvOf(workbook, { sheet: '3' })).toBe('colon\r\n');
  });

  test('an unknown sheet is refused with the names there are', async () => {
    for (const sheet of [5, 'Sheet9']) {
      await expect(csvOf(workbook, { sheet })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('0 "Secret", 1 "Année & co", 2 "a/b"') as string,
      });
    }
  });

  test('"all" gives a ZIP of the visible sheets with safe, unique names', async () => {
    const { bytes, format, warnings } = await convert(await workbookOf(workbook), { sheet: 'all' });
    expect([format, warnings]).toEqual(['zip', []]);
    expect(await unzipped(bytes)).toEqual({
      'Année & co.csv': 'année\r\n',
      'a_b.csv': 'slash\r\n',
      'A_B (2).csv': 'colon\r\n',
    });
  });

  test('"all" with hidden sheets has every sheet', async () => {
    const options = { sheet: 'all', hidden_sheets: true };
    const { bytes } = await convert(await workbookOf(workbook), options);
    expect(Object.keys(await unzipped(bytes))).toHaveLength(5);
  });
});

async function unzipped(bytes: Buffer): Promise<Record<string, string>> {
  const zip = await fromBufferPromise(bytes);
  const files: Record<string, string> = {};
  for await (const entry of zip.eachEntry()) {
    const content = await buffer(await zip.openReadStreamPromise(entry));
    files[entry.fileName] = content.toString('utf8');
  }
  return files;
}

describe('options', () => {
  const sheets = [
    { rows: '<row r="1"><c r="A1" t="str"><v>a;b</v></c><c r="B1" t="str"><v>€ 日</v></c></row>' },
  ];

  test('delimiter, newline, quotes and encoding are those asked for', async () => {
    const all = { delimiter: ';', newline: 'lf', quote: 'all', bom: true };
    expect(await csvOf({ sheets }, all)).toBe('\ufeff"a;b";"€ 日"\n');
    const bytes = await workbookOf({ sheets });
    const wide = await convert(bytes, { encoding: 'utf-16le', delimiter: '\t' });
    expect(wide.bytes.toString('utf16le')).toBe('a;b\t€ 日\r\n');
    const narrow = await convert(bytes, { encoding: 'windows-1252' });
    expect(narrow.bytes.toString('latin1')).toBe('a;b,\x80 ?\r\n');
    expect(narrow.warnings.map(({ code }) => code)).toEqual(['characters_replaced']);
  });

  test('an unknown option and a value that makes no sense are refused', async () => {
    const input = await workbookOf({ sheets });
    const bad = [{ sheets: 0 }, { delimiter: '"' }, { delimiter: 'ab' }, { sheet: -1 }];
    for (const options of [...bad, { encoding: 'windows-1252', bom: true }]) {
      await expect(convert(input, options)).rejects.toThrow();
    }
  });

  test('a formula text that could be run by a spreadsheet is passed on unchanged', async () => {
    const rows = '<row r="1"><c r="A1" t="str"><v>=cmd|1</v></c></row>';
    expect(await csvOf({ sheets: [{ rows }] })).toBe('=cmd|1\r\n');
  });
});

test('progress rises to 100 and an aborted conversion ends with the reason', async () => {
  const rows = Array.from(
    { length: 20_000 },
    (_, index) => `<row r="${index + 1}"><c r="A${index + 1}"><v>${index}</v></c></row>`,
  );
  const input = await workbookOf({ sheets: [{ rows: rows.join('') }], strings: ['<t>a</t>'] });
  const { progress } = await convert(input);
  expect(progress.toSorted((a, b) => a - b)).toEqual(progress);
  expect(progress.at(-1)).toBe(100);
  const reason = new Error('stopped');
  await expect(convert(input, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
});
