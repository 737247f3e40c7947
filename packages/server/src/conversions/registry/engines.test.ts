import { expect, test } from 'vitest';
import { enginesWith } from './engines.ts';
import { startConverter } from '../engines/test-convert.ts';
import type { Format } from '../engines/engine.ts';

const cutZip = Buffer.from('504b03040a00000000', 'hex');
const openQuote = Buffer.from('a,b\n1,"2\n');

/** For every reader of our own: what it refuses after it has begun. */
const refused: readonly (readonly [engine: string, from: Format, to: Format, input: Buffer])[] = [
  ['xlsx-stream', 'xlsx', 'csv', cutZip],
  ['ods-stream', 'ods', 'json', cutZip],
  ['xlsx-writer', 'csv', 'xlsx', openQuote],
  ['csv-json', 'csv', 'json', openQuote],
  ['json-csv', 'json', 'csv', Buffer.from('[{"a":1},')],
  ['json-lines', 'json', 'ndjson', Buffer.from('[{"a":1},')],
  ['csv-csv', 'csv', 'csv', openQuote],
  ['xml-json', 'xml', 'json', Buffer.from('<a><b></a>')],
  ['yaml-json', 'yaml', 'json', Buffer.from('a: 1\na: 2\n')],
  ['markdown-it', 'md', 'html', Buffer.from([0x61, 0xff])],
  ['docx-writer', 'md', 'docx', Buffer.from([0x61, 0xff])],
];

test.each(refused)('%s refuses one document after the other in one process', async (...given) => {
  const [name, from, to, input] = given;
  const spec = enginesWith(null).find(({ engine }) => engine.name === name);
  if (spec === undefined) throw new Error(`there is no engine ${name}`);
  const converter = await startConverter(spec);
  try {
    for (let count = 0; count < 3; count += 1) {
      const conversion = converter.convert(input, { from, to });
      await expect(conversion).rejects.toMatchObject({ code: 'document_invalid' });
    }
    expect(converter.runner.stats()).toMatchObject({ started: 1, children: [{ jobs: 3 }] });
    await expect.poll(() => converter.filesLeft()).toEqual([]);
  } finally {
    await converter.close();
  }
});

test('every engine that goes on after a refusal is tried here, or says so itself', () => {
  const own = enginesWith(null).filter(
    (spec) => spec.needsSandbox === false && spec.survivesRefusals,
  );
  expect(own.map(({ engine }) => engine.name).toSorted()).toEqual(
    refused.map(([name]) => name).toSorted(),
  );
});
