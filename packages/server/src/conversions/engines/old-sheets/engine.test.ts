import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as XLSX from '@e965/xlsx';
import { describe, expect, test } from 'vitest';

import { runOnFile } from '../text/run-both.ts';
import { zipOf } from '../xlsx/test-workbook.ts';
import { oldSheetsEngine } from './engine.ts';

type Kind = 'xls' | 'xlsb';

const run = (input: Buffer, options: object = {}, from: Kind = 'xls', to = 'csv') =>
  runOnFile(oldSheetsEngine, input, options, { type: `${from}_to_${to}`.toUpperCase() });

/** SheetJS writes what we read; no other writer of these formats is at hand. */
function workbook(from: Kind, { date1904 = false, bookType = '' } = {}): Buffer {
  const number = (v: number, z: string): XLSX.CellObject => ({ t: 'n', v, z });
  const sheet = XLSX.utils.aoa_to_sheet([
    ['id', 'when', 'span', 'ok', 'odd'],
    ['007', number(40_907.5, 'yyyy-mm-dd hh:mm'), number(1.5, '[h]:mm'), true, 'é日 "x", y'],
    [number(1234.5, '#,##0.00'), number(1, 'yyyy-mm-dd'), null, false, { t: 'e', v: 42 }],
  ]);
  const book = XLSX.utils.book_new(sheet, 'Data');
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet([['secret']]), 'Hidden');
  book.Workbook = { WBProps: { date1904 }, Sheets: [{ Hidden: 0 }, { Hidden: 1 }] };
  const type = bookType === '' ? (from === 'xls' ? 'biff8' : 'xlsb') : bookType;
  return XLSX.write(book, { type: 'buffer', bookType: type as XLSX.BookType }) as Buffer;
}

describe.each(['xls', 'xlsb'] as const)('%s', (from) => {
  test('is written as Excel shows it, with a warning for the sheet left out', async () => {
    expect(await run(workbook(from), { newline: 'lf' }, from)).toMatchObject({
      text:
        'id,when,span,ok,odd\n007,2011-12-30 12:00,36:00,TRUE,"é日 ""x"", y"\n' +
        '"1,234.50",1900-01-01,,FALSE,#N/A\n',
      warnings: ['sheets_skipped'],
    });
  });

  test('gives typed JSON, and NDJSON', async () => {
    const expected = [
      { id: '007', when: '2011-12-30T12:00:00', span: 'PT36H', ok: true, odd: 'é日 "x", y' },
      { id: 1234.5, when: '1900-01-01', span: null, ok: false, odd: '#N/A' },
    ];
    const json = await run(workbook(from), { sheet: 'all', hidden_sheets: true }, from, 'json');
    expect('text' in json && JSON.parse(json.text)).toEqual({ Data: expected, Hidden: [] });
    const lines = expected.map((row) => `${JSON.stringify(row)}\n`).join('');
    expect(await run(workbook(from), {}, from, 'ndjson')).toMatchObject({ text: lines });
  });

  test('a cut through it is refused, unless only padding is lost', async () => {
    const rows = Array.from({ length: 300 }, (_, row) => [row, `text ${row * row}`]);
    const book = XLSX.utils.book_new(XLSX.utils.aoa_to_sheet(rows), 'A');
    const bookType = from === 'xls' ? 'biff8' : 'xlsb';
    for (const whole of [
      workbook(from),
      XLSX.write(book, { type: 'buffer', bookType }) as Buffer,
    ]) {
      const expected = await run(whole, {}, from);
      for (let size = 0; size < whole.length; size += Math.ceil(whole.length / 23)) {
        const outcome = await run(whole.subarray(0, size), {}, from);
        expect('code' in outcome ? outcome.code : outcome).toEqual(
          'code' in outcome ? 'document_invalid' : expected,
        );
      }
    }
  });

  test('another type of file is refused, whatever SheetJS would make of it', async () => {
    const other = workbook(from === 'xls' ? 'xlsb' : 'xls');
    const inputs = [Buffer.from('a,b\r\n1,2\r\n'), Buffer.from('<table><tr><td>1'), other];
    for (const input of [...inputs, await zipOf({ 'xl/workbook.xml': '<workbook/>' })]) {
      expect(await run(input, {}, from)).toMatchObject({ code: 'document_invalid' });
    }
  });

  test('more than 20 MB is refused before it is read', async () => {
    const input = Buffer.alloc(20 * 1024 * 1024 + 1);
    expect(await run(input, {}, from)).toMatchObject({
      code: 'document_too_complex',
      message: expect.stringContaining('20 MB') as string,
    });
  });
});

test('the 1904 system counts from 1904-01-01', async () => {
  expect(await run(workbook('xls', { date1904: true }), { newline: 'lf' })).toMatchObject({
    text: expect.stringContaining('1904-01-02') as string,
  });
});

test('a workbook of Excel 95 is read in its code page', async () => {
  const book = XLSX.utils.book_new(XLSX.utils.aoa_to_sheet([['Straße', 1]]), 'A');
  const input = XLSX.write(book, { type: 'buffer', bookType: 'biff5' }) as Buffer;
  // SheetJS writes ASCII only.
  input[input.indexOf('Stra_e') + 4] = 0xdf;
  expect(await run(input)).toMatchObject({ text: 'Straße,1\r\n' });
});

test('a password is told as such', async () => {
  const files = XLSX.CFB.utils.cfb_new();
  XLSX.CFB.utils.cfb_add(files, 'EncryptedPackage', Buffer.alloc(5000));
  const packaged = XLSX.CFB.write(files, { type: 'buffer' }) as Buffer;
  expect(await run(packaged)).toMatchObject({ code: 'document_encrypted' });
  // BOF, then FILEPASS (MS-XLS 2.4.117) with the RC4 header that Excel 97 writes.
  const stream = Buffer.alloc(5000);
  stream.set(Buffer.from('0908100000060500bb0dcc0700000000060000002f003600010001000100', 'hex'));
  const old = XLSX.CFB.utils.cfb_new();
  XLSX.CFB.utils.cfb_add(old, 'Workbook', stream);
  const outcome = await run(XLSX.CFB.write(old, { type: 'buffer' }) as Buffer);
  expect(outcome).toMatchObject({ code: 'document_encrypted' });
});

test('no date depends on the time zone of the process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'old-sheets-'));
  try {
    const path = join(folder, 'input.xls');
    writeFileSync(path, workbook('xls'));
    const program = `
      import { oldSheetsEngine } from ${JSON.stringify(join(import.meta.dirname, 'engine.ts'))};
      const paths = { inputPath: ${JSON.stringify(path)}, outputPath: ${JSON.stringify(join(folder, 'output'))}, workDir: '' };
      await oldSheetsEngine.run({ from: 'xls', to: 'csv', options: {}, ...paths,
        signal: new AbortController().signal, progress: () => {} });`;
    const outputs = ['UTC', 'America/Sao_Paulo', 'Pacific/Apia', 'Asia/Kolkata'].map((zone) => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', program],
        {
          env: { ...process.env, TZ: zone },
          encoding: 'utf8',
        },
      );
      return stdout + stderr + readFileSync(join(folder, 'output'), 'utf8');
    });
    expect(outputs[0]).toContain('2011-12-30 12:00');
    expect(new Set(outputs).size).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
