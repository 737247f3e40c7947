import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const columns = ['id', 'name', 'city', 'amount', 'active', 'note'] as const;

function rowOf(index: number): readonly [number, string, string, string, boolean, string] {
  const amount = ((index * 7919) % 1_000_000) / 100;
  const note = index % 10 === 0 ? `said "${index}", then left` : `note ${index % 977}`;
  return [
    index,
    `Customer ${index % 5000}`,
    `City ${index % 331}`,
    `${amount}`,
    index % 3 === 0,
    note,
  ];
}

function csvField(value: unknown): string {
  const text = String(value);
  return /[",\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes so many rows; answers their number. */
export async function makeCsv(path: string, rows: number): Promise<number> {
  await write(path, function* lines() {
    yield `${columns.join(',')}\n`;
    for (let index = 0; index < rows; index++) yield `${rowOf(index).map(csvField).join(',')}\n`;
  });
  return rows;
}

export async function makeJson(path: string, rows: number): Promise<number> {
  await write(path, function* elements() {
    for (let index = 0; index < rows; index++) {
      const row = rowOf(index);
      const element = Object.fromEntries(columns.map((name, at) => [name, row[at]]));
      yield `${index === 0 ? '[' : ','}${JSON.stringify(element)}`;
    }
    yield ']';
  });
  return rows;
}

async function write(path: string, pieces: () => Generator<string>): Promise<void> {
  const chunks = function* gathered() {
    let chunk = '';
    for (const piece of pieces()) {
      chunk += piece;
      if (chunk.length > 65_536) {
        yield chunk;
        chunk = '';
      }
    }
    yield chunk;
  };
  await pipeline(Readable.from(chunks()), createWriteStream(path));
}

/** Every row is there, with every value. */
export async function checkJson(path: string, rows: number): Promise<string> {
  const found = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>[];
  if (found.length !== rows) return `${found.length} of ${rows} rows`;
  for (const [index, element] of found.entries()) {
    const expected = rowOf(index);
    const wrong = columns.find((name, at) => String(element[name]) !== String(expected[at]));
    if (wrong !== undefined) return `row ${index}: ${wrong} is ${String(element[wrong])}`;
  }
  return 'yes';
}

export async function checkCsv(path: string, rows: number): Promise<string> {
  let line = -1;
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const expected = line < 0 ? columns.join(',') : rowOf(line).map(csvField).join(',');
    if (text !== expected) return `line ${line + 2} is ${text}`;
    line++;
  }
  return line === rows ? 'yes' : `${line} of ${rows} rows`;
}
