import * as XLSX from '@e965/xlsx';
import { describe, expect, test } from 'vitest';

import { runOnFile } from '../text/run-both.ts';
import { zipOf } from '../xlsx/test-workbook.ts';
import { odsEngine } from './engine.ts';

const run = (input: Buffer, options: object = {}, to = 'CSV') =>
  runOnFile(odsEngine, input, options, { type: `ODS_TO_${to}` });

const head = '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x">';

/** A document with these tables: names to the XML of their rows. */
function content(tables: Readonly<Record<string, string>>, styles = ''): string {
  const all = Object.entries(tables).map(
    ([name, rows]) =>
      `<table:table table:name="${name}" table:style-name="${name}">${rows}</table:table>`,
  );
  return (
    `${head}<office:automatic-styles>${styles}</office:automatic-styles><office:body>` +
    `<office:spreadsheet>${all.join('')}</office:spreadsheet></office:body>` +
    '</office:document-content>'
  );
}

const document = (xml: string, parts: Record<string, string | Buffer> = {}) =>
  zipOf({
    mimetype: 'application/vnd.oasis.opendocument.spreadsheet',
    'content.xml': xml,
    ...parts,
  });

const csvOf = async (rows: string, options: object = {}) =>
  run(await document(content({ A: rows })), { newline: 'lf', ...options });

const row = (...cells: string[]) => `<table:table-row>${cells.join('')}</table:table-row>`;
const cell = (attributes: string, text?: string) =>
  `<table:table-cell ${attributes}>${text === undefined ? '' : `<text:p>${text}</text:p>`}</table:table-cell>`;
const typed = (type: string, value: string, text: string) =>
  cell(`office:value-type="${type}" office:${value}`, text);

describe('cells', () => {
  const rows =
    row(...['n', 'd', 't', 'b', 's'].map((name) => cell('office:value-type="string"', name))) +
    row(
      typed('float', 'value="1234.50"', '1,234.5'),
      typed('date', 'date-value="2011-12-30T12:00:00"', '30.12.11 12:00'),
      typed('time', 'time-value="PT36H00M00S"', '36:00'),
      typed('boolean', 'boolean-value="true"', 'WAHR'),
      typed('string', 'x="y"', '007'),
    );

  test('formatted values are what the program showed', async () => {
    expect(await csvOf(rows)).toMatchObject({
      text: 'n,d,t,b,s\n"1,234.5",30.12.11 12:00,36:00,WAHR,007\n',
    });
  });

  test('raw values are what it stored', async () => {
    expect(await csvOf(rows, { values: 'raw' })).toMatchObject({
      text: 'n,d,t,b,s\n1234.5,2011-12-30T12:00:00,PT36H00M00S,true,007\n',
    });
    const json = await run(await document(content({ A: rows })), {}, 'JSON');
    expect(json).toMatchObject({
      text: '[{"n":1234.5,"d":"2011-12-30T12:00:00","t":"PT36H00M00S","b":true,"s":"007"}]\n',
    });
  });

  test('a value without a text is shown as it is stored', async () => {
    const bare = row(
      cell('office:value-type="float" office:value="1.5"'),
      cell('office:value-type="boolean" office:boolean-value="true"'),
      cell('office:value-type="string" office:string-value="a"'),
    );
    expect(await csvOf(bare)).toMatchObject({ text: '1.5,TRUE,a\n' });
  });

  test('paragraphs, runs, spaces, tabs and entities are read; comments and drawings left out', async () => {
    const inner =
      '<office:annotation><text:p>no</text:p></office:annotation>' +
      '<text:p>a <text:span>b\n  &amp; c</text:span><text:s text:c="3"/>d<text:tab/>' +
      '<text:a href="x">e</text:a><text:ruby><text:ruby-base>東</text:ruby-base>' +
      '<text:ruby-text>no</text:ruby-text></text:ruby></text:p>' +
      '<text:p> <![CDATA[<f>]]><text:line-break/>_x0041_</text:p>' +
      '<draw:frame><draw:text-box><text:p>no</text:p></draw:text-box></draw:frame>';
    const one = `<table:table-cell office:value-type="string">${inner}</table:table-cell>`;
    expect(await csvOf(row(one))).toMatchObject({ text: '"a b & c   d\te東\n<f>\n_x0041_"\n' });
  });

  test('repeated rows and columns are written as often, empty ones cost nothing', async () => {
    const seven = 'office:value-type="float" office:value="7" table:number-columns-repeated="3"';
    const repeated = (count: number, ...cells: string[]) =>
      row(...cells).replace('>', ` table:number-rows-repeated="${count}">`);
    const rows2 =
      repeated(2, cell(''), cell(seven, '7'), cell('table:number-columns-repeated="16380"')) +
      repeated(3, cell('')) +
      row(cell('office:value-type="string"', 'end')) +
      repeated(1_048_570, cell('table:number-columns-repeated="16384"'));
    expect(await csvOf(rows2)).toMatchObject({
      text: ',7,7,7\n,7,7,7\n,,,\n,,,\n,,,\nend,,,\n',
    });
  });

  test('rows in groups are rows, a table in a cell is none', async () => {
    const nested =
      '<table:table><table:table-row><table:table-cell/></table:table-row></table:table>';
    const rows2 =
      `<table:table-header-rows>${row(cell('', 'a'))}</table:table-header-rows>` +
      `<table:table-row-group>${row(`<table:table-cell>${nested}<text:p>b</text:p></table:table-cell>`)}` +
      '</table:table-row-group>';
    expect(await csvOf(rows2)).toMatchObject({ text: 'a\nb\n' });
  });
});

describe('sheets', () => {
  const styles =
    '<style:style style:name="Two"><style:table-properties table:display="false"/></style:style>';
  const book = content(
    { One: row(cell('', '1')), Two: row(cell('', '2')), Three: row(cell('', '3')) },
    styles,
  );

  test('are chosen by index and name, hidden ones only when asked for', async () => {
    const input = await document(book);
    expect(await run(input)).toMatchObject({ text: '1\r\n', warnings: ['sheets_skipped'] });
    expect(await run(input, { sheet: 'Two' })).toMatchObject({ text: '2\r\n' });
    expect(await run(input, { sheet: 2 })).toMatchObject({ text: '3\r\n' });
    const all = { sheet: 'all', header: false };
    expect(await run(input, all, 'JSON')).toMatchObject({
      text: '{"One":[["1"]],"Three":[["3"]]}\n',
    });
    expect(await run(input, { sheet: 'Four' })).toMatchObject({ code: 'invalid_request' });
  });

  test('what SheetJS writes is read as SheetJS reads it', async () => {
    const sheet = XLSX.utils.aoa_to_sheet([
      ['a', 1, true, 'x  y\nz'],
      [null, 40_907.5],
    ]);
    const input = XLSX.write(XLSX.utils.book_new(sheet, 'S'), { type: 'buffer', bookType: 'ods' });
    const expected = '[["a",1,true,"x  y\\nz"],[null,40907.5]]\n';
    const outcome = await run(input as Buffer, { header: false }, 'JSON');
    expect(outcome).toMatchObject({ text: expected });
  });
});

describe('bad input', () => {
  test('is refused with its code', async () => {
    const good = content({ A: row(cell('', 'a')) });
    const encrypted = '<manifest:manifest><manifest:encryption-data/></manifest:manifest>';
    const bomb = `<table:table-row table:number-rows-repeated="1000000">${cell('table:number-columns-repeated="10000"', 'x')}</table:table-row>`;
    const many = row(cell('table:number-columns-repeated="16385"', 'x'));
    const low = `<table:table-row table:number-rows-repeated="1048576"/>${row(cell('', 'x'))}`;
    // Half a gigabyte of CSV.
    const long = row(cell('table:number-columns-repeated="16000"', 'x'.repeat(32_000)));
    const inputs: readonly (readonly [Buffer, string])[] = [
      [await document(content({ A: long })), 'document_too_complex'],
      [Buffer.alloc(0), 'document_invalid'],
      [Buffer.from('a,b\n'), 'document_invalid'],
      [await zipOf({ 'xl/workbook.xml': '<a/>' }), 'document_invalid'],
      [await document('<office:text/>'), 'document_invalid'],
      [await document(good.slice(0, -10)), 'document_invalid'],
      [
        await document(`<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${good}`),
        'document_invalid',
      ],
      [await document(good, { 'META-INF/manifest.xml': encrypted }), 'document_encrypted'],
      [await document(content({ A: bomb })), 'document_too_complex'],
      [await document(content({ A: many })), 'document_too_complex'],
      [await document(content({ A: low })), 'document_too_complex'],
      [
        await document(content({ A: row(cell('', 'x'.repeat(20_000_000))) })),
        'document_too_complex',
      ],
    ];
    for (const [index, [input, code]] of inputs.entries()) {
      const outcome = await run(input);
      expect([index, 'code' in outcome && outcome.code]).toEqual([index, code]);
    }
  });

  test('no cut through a document converts', async () => {
    const whole = await document(content({ A: row(cell('', 'a')) }));
    for (let size = 1; size < whole.length; size += 53) {
      expect(await run(whole.subarray(0, size))).toMatchObject({ code: 'document_invalid' });
    }
  });
});
