import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Convert } from '../cases.ts';

/** SheetJS: the whole workbook in memory. */
export async function openSheetJs(): Promise<Convert> {
  const xlsx = await import('@e965/xlsx');
  return async (input, output) => {
    const book = xlsx.read(await readFile(input), { dense: true });
    const sheet = book.Sheets[book.SheetNames[0] ?? ''];
    if (sheet === undefined) throw new Error('there is no sheet');
    await writeFile(output, xlsx.utils.sheet_to_csv(sheet));
  };
}

/** ExcelJS, its streaming reader. */
export async function openExcelJs(): Promise<Convert> {
  const { default: excel } = await import('exceljs');
  return async (input, output) => {
    const options = { sharedStrings: 'cache', styles: 'cache', worksheets: 'emit' } as const;
    const reader = new excel.stream.xlsx.WorkbookReader(createReadStream(input), {
      ...options,
      entries: 'ignore',
      hyperlinks: 'ignore',
    });
    const out = createWriteStream(output);
    for await (const sheet of reader) {
      for await (const row of sheet) {
        const values = row.values as unknown[];
        const line = values.slice(1).map((value) => {
          const text = value instanceof Date ? value.toISOString() : showValue(value);
          return /[",\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
        });
        if (!out.write(`${line.join(',')}\r\n`)) {
          await once(out, 'drain');
        }
      }
    }
    await new Promise<void>((resolve) => out.end(resolve));
  };
}

function showValue(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** ExcelJS, its streaming writer, from a CSV that is read whole. */
export async function openExcelJsWriter(): Promise<Convert> {
  const { default: excel } = await import('exceljs');
  return async (input, output) => {
    const writer = new excel.stream.xlsx.WorkbookWriter({ filename: output });
    const sheet = writer.addWorksheet('Sheet1');
    for (const line of (await readFile(input, 'utf8')).trimEnd().split('\n')) {
      const cells = line.split(',');
      sheet
        .addRow(cells.map((cell) => (cell !== '' && Number.isFinite(+cell) ? +cell : cell)))
        .commit();
    }
    await writer.commit();
  };
}

/** SheetJS as a writer. */
export async function openSheetJsWriter(): Promise<Convert> {
  const xlsx = await import('@e965/xlsx');
  return async (input, output) => {
    const book = xlsx.read(await readFile(input, 'utf8'), { type: 'string', dense: true });
    await writeFile(output, xlsx.write(book, { type: 'buffer', compression: true }) as Buffer);
  };
}
