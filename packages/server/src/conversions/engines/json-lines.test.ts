import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvCsvEngine } from './csv-csv.ts';
import { csvJsonEngine } from './csv-json.ts';
import { jsonCsvEngine } from './json-csv.ts';
import { jsonLinesEngine } from './json-lines.ts';
import { runInMemory, runOnFile } from './text/run-both.ts';

/** In memory and from a file, which must not differ. */
async function both(
  engine: Parameters<typeof runOnFile>[0],
  type: string,
  input: string | Buffer,
  options: object = {},
) {
  const fromFile = await runOnFile(engine, Buffer.from(input), options, { type });
  expect(await runInMemory(engine, Buffer.from(input), options, type)).toEqual(fromFile);
  return fromFile;
}

describe('NDJSON', () => {
  test('has a line for each element, its numbers and keys as they were', async () => {
    const json = '[ {"2": 1.50, "1": 12345678901234567890},\n "a\\n", [1, 2], null ]';
    expect(await both(jsonLinesEngine, 'JSON_TO_NDJSON', json)).toMatchObject({
      text: '{"2":1.50,"1":12345678901234567890}\n"a\\n"\n[1,2]\nnull\n',
    });
  });

  test('becomes an array, indented as JSON.stringify does', async () => {
    const json = fc
      .jsonValue({ maxDepth: 3 })
      .filter((value) => !JSON.stringify(value).includes('-0') && !Array.isArray(value));
    const values = fc.array(json, { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom(0, 2), async (elements, indent) => {
        const lines = elements.map((value) => JSON.stringify(value)).join('\n');
        const outcome = await both(jsonLinesEngine, 'NDJSON_TO_JSON', `${lines}\n`, { indent });
        return 'text' in outcome && outcome.text === `${JSON.stringify(elements, null, indent)}\n`;
      }),
      { numRuns: 60 },
    );
    const one = await both(jsonLinesEngine, 'NDJSON_TO_JSON', '{"a":[]}\n', { indent: 1 });
    expect(one).toMatchObject({ text: '[\n {\n  "a": []\n }\n]\n' });
  });

  test('refuses damaged lines and says where', async () => {
    for (const lines of ['', '{"a":1}\n{"a":', '{"a":1}}', '{"a":1} x']) {
      const outcome = await both(jsonLinesEngine, 'NDJSON_TO_JSON', lines);
      expect(outcome).toMatchObject({ code: 'document_invalid' });
    }
  });

  test('comes of CSV and goes to CSV', async () => {
    const lines = await both(csvJsonEngine, 'CSV_TO_NDJSON', 'a,b\n007,"x\ny"\n2,\n');
    expect(lines).toMatchObject({ text: '{"a":"007","b":"x\\ny"}\n{"a":"2","b":""}\n' });
    const csv = await both(jsonCsvEngine, 'NDJSON_TO_CSV', '{"a":1.50}\n{"b":"x"}\n');
    expect(csv).toMatchObject({ text: 'a,b\r\n1.50,\r\n,x\r\n' });
    const none = await both(csvJsonEngine, 'CSV_TO_NDJSON', 'a,b\n');
    expect(none).toMatchObject({ text: '' });
  });
});

describe('CSV to CSV', () => {
  test('changes the dialect and not the fields', async () => {
    const latin = Buffer.from('a;b\r1,5;"x ""y"""\n"";caf\u00e9\n', 'latin1');
    const options = { from_encoding: 'windows-1252', newline: 'lf', delimiter: '\t', bom: true };
    expect(await both(csvCsvEngine, 'CSV_TO_CSV', latin, options)).toMatchObject({
      text: '\ufeffa\tb\n1,5\t"x ""y"""\n""\tcafé\n',
    });
    const quoted = await both(csvCsvEngine, 'CSV_TO_CSV', 'a,b\n1,\n', { quote: 'all' });
    expect(quoted).toMatchObject({ text: '"a","b"\r\n"1",""\r\n' });
  });

  test('tells what the encoding cannot write, and refuses what cannot be read', async () => {
    const lost = await both(csvCsvEngine, 'CSV_TO_CSV', 'a,b\n東,1\n', {
      encoding: 'windows-1252',
    });
    expect(lost).toMatchObject({ warnings: ['unencodable_characters'] });
    const bad = await both(csvCsvEngine, 'CSV_TO_CSV', 'a,b\n"x,1\n');
    expect(bad).toMatchObject({ code: 'document_invalid' });
  });
});
