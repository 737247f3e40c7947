import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const cities = ['Zürich', 'Paris', 'Boston', '東京'];
const pad = (value: number, digits: number) => String(value).padStart(digits, '0');

/** One record: a number, quoted text, decimals, a boolean, times, a code with zeros, a gap. */
function makeRecord(id: number): string {
  const noise = (id * 2_654_435_761) % 4_294_967_296;
  const day = `2024-${pad((noise % 12) + 1, 2)}-${pad((noise % 28) + 1, 2)}`;
  const time = `${pad(noise % 24, 2)}:${pad(noise % 60, 2)}:${pad(id % 60, 2)}`;
  const note = noise % 7 === 0 ? '"said ""hi"", left"' : '';
  return (
    `${id},"Customer ${noise}, Inc",${cities[id % 4] ?? ''},${(noise % 100_000) / 100},` +
    `${(noise % 997) / 1000},${noise % 3 === 0},${day} ${time},${day},${pad(noise % 1000, 5)},${note}\n`
  );
}

/** More than a row group of Parquet has, so that no row group is made of repeats. */
const blockRows = 250_000;

/** Writes a CSV of ten columns and at least this size: one block over and over. */
export async function makeCsv(path: string, bytesMin: number) {
  const records = Array.from({ length: blockRows }, (_, index) => makeRecord(index + 1));
  const block = Buffer.from(records.join(''));
  const file = createWriteStream(path);
  file.write('id,name,city,amount,rate,active,created_at,day,code,note\n');
  const blocks = Math.ceil(bytesMin / block.length);
  for (let index = 0; index < blocks; index += 1) {
    if (!file.write(block)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return { bytes: file.bytesWritten, rows: blocks * blockRows };
}
