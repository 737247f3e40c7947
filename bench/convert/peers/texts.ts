import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Convert } from '../cases.ts';

/** Papa Parse: the whole text in memory, then `JSON.stringify`. */
export async function openPapaParse(): Promise<Convert> {
  const { default: papa } = await import('papaparse');
  return async (input, output) => {
    const { data } = papa.parse(await readFile(input, 'utf8'), {
      header: true,
      skipEmptyLines: true,
    });
    await writeFile(output, JSON.stringify(data));
  };
}

export async function openPapaUnparse(): Promise<Convert> {
  const { default: papa } = await import('papaparse');
  return async (input, output) => {
    const rows = JSON.parse(await readFile(input, 'utf8')) as object[];
    await writeFile(output, papa.unparse(rows));
  };
}

/** csv-parse as a stream, a line of JSON for each row inside an array. */
export async function openCsvParse(): Promise<Convert> {
  const { parse } = await import('csv-parse');
  return (input, output) =>
    pipeline(
      createReadStream(input),
      parse({ columns: true }),
      async function* toJson(rows: AsyncIterable<unknown>) {
        let before = '[';
        for await (const row of rows) {
          yield before + JSON.stringify(row);
          before = ',';
        }
        yield before === '[' ? '[]' : ']';
      },
      createWriteStream(output),
    );
}

export async function openMarked(): Promise<Convert> {
  const { marked } = await import('marked');
  return async (input, output) => {
    await writeFile(output, await marked.parse(await readFile(input, 'utf8')));
  };
}

/** mammoth alone, as a library. */
export async function openMammoth(): Promise<Convert> {
  const { default: mammoth } = await import('mammoth');
  return async (input, output) => {
    const { value } = await mammoth.convertToHtml({ path: input });
    await writeFile(output, value);
  };
}
