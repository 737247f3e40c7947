import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';

const run = promisify(execFile);

export async function makeWorkbook(path: string, rows: number): Promise<number> {
  const program = fileURLToPath(new URL('../make-workbook.ts', import.meta.url));
  await run(process.execPath, [program, path, String(rows)]);
  return rows;
}

const address = String.raw`"Customer \d+, Street \d+ & Sons"`;

/** What Excel writes for each column of the workbook: name and pattern. */
const shown: readonly (readonly [string, string])[] = [
  ['the number', String.raw`\d+`],
  ['a text', address],
  ['a text', address],
  ['the date', String.raw`\d{1,2}/\d{1,2}/\d{2}(?:\d\d)?`],
  ['the time', String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`],
  ['the amount', String.raw`(?:"\d{1,3}(?:,\d{3})+\.\d\d"|\d{1,3}\.\d\d)`],
  ['a whole number', String.raw`\d+`],
  ['the share', String.raw`\d+\.\d\d%`],
  ['a number', String.raw`\d+(?:\.\d+)?(?:E-\d+)?`],
  ['a text', address],
];

/** Every cell is as Excel shows it, by its form. */
export async function checkShown(path: string, rows: number): Promise<string> {
  const whole = new RegExp(`^${shown.map(([, pattern]) => pattern).join(',')}$`, 'u');
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    count++;
    if (whole.test(line)) continue;
    let pattern = '^';
    for (const [name, form] of shown) {
      pattern += form;
      if (!new RegExp(`${pattern}(?:,|$)`, 'u').test(line)) {
        return `line ${count}: ${name} is not as Excel shows it`;
      }
      pattern += ',';
    }
    return `line ${count} has more columns`;
  }
  return count === rows ? 'yes' : `${count} of ${rows} rows`;
}

/** The sheet has a row for each row, and the header's. */
export async function checkWorkbook(path: string, rows: number): Promise<string> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== 'xl/worksheets/sheet1.xml') continue;
      let found = 0;
      let rest = '';
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        const text = rest + String(chunk);
        found += text.split('<row').length - 1;
        rest = text.endsWith('<row') ? '' : text.slice(-3);
      }
      return found === rows + 1 ? 'yes' : `${found} of ${rows + 1} rows`;
    }
    return 'it has no sheet';
  } finally {
    zip.close();
  }
}
