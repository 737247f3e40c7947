import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { processorTimeOf } from '../../test/processor-time.ts';
import { csvJsonEngine } from './csv-json.ts';
import { jsonCsvEngine } from './json-csv.ts';
import { JsonElements } from './text/json-elements.ts';
import { runInMemory, runOnFile } from './text/run-both.ts';

const run = (input: string | Buffer, options: object = {}) =>
  runInMemory(jsonCsvEngine, Buffer.from(input as string), { newline: 'lf', ...options });

const cases: readonly (readonly [string, string, string])[] = [
  ['an array of objects', '[{"a":1,"b":"x"},{"b":"y","c":null}]', 'a,b,c\n1,x,\n,y,\n'],
  ['one object', '{"a":1,"b":true}', 'a,b\n1,true\n'],
  ['NDJSON', '{"a":1}\n{"a":2,"b":3}\n', 'a,b\n1,\n2,3\n'],
  ['an array of arrays', '[["a","b"],[1,null],[[2],{"k": 3}]]', 'a,b\n1,\n[2],"{""k"":3}"\n'],
  ['scalars', '[1,"x",null,false]', 'value\n1\nx\n\nfalse\n'],
  ['one scalar', '"x"', 'value\nx\n'],
  ['only nulls', '[null,null]', 'value\n\n\n'],
  ['a null among objects', '[null,{"a":1}]', 'a\n\n1\n'],
  ['nested values', '[{"a":{"b":{"c":1}},"t":[1,{"x":2}]}]', 'a.b.c,t.0,t.1.x\n1,1,2\n'],
  ['empty containers', '[{"a":{},"b":[]}]', 'a,b\n{},[]\n'],
  [
    'long numbers',
    '[{"a":12345678901234567890,"b":1.10,"c":-0.0e+5}]',
    'a,b,c\n12345678901234567890,1.10,-0.0e+5\n',
  ],
  ['the order of keys', '[{"z":1,"10":2,"2":3}]', 'z,10,2\n1,2,3\n'],
  ['__proto__', '[{"__proto__":{"x":1},"constructor":2}]', '__proto__.x,constructor\n1,2\n'],
  ['escapes', '[{"a\\"b":"\\u00e9\\ud834\\udd1e\\n"}]', '"a""b"\n"é𝄞\n"\n'],
  ['white space', ' \r\n[ { "a" : [ ] , "b" : 1 } ]\t', 'a,b\n[],1\n'],
];

describe('JSON to CSV', () => {
  test.each(cases)('writes %s', async (_name, input, expected) => {
    expect(await run(input)).toMatchObject({ text: expected });
  });

  test('listed columns are written in their order, with the rest left out', async () => {
    const input = '[{"a":1,"b":{"c":2,"d":[3, 4]},"e":5}]';
    const columns = ['e', 'b.c', 'missing', 'b.d.1'];
    expect(await run(input, { columns })).toMatchObject({
      text: 'e,b.c,missing,b.d.1\n5,2,,4\n',
      warnings: ['columns_missing'],
    });
    expect(await run(input, { columns: ['b'] })).toMatchObject({
      text: 'b\n"{""c"":2,""d"":[3,4]}"\n',
    });
    expect(await run('[]', { columns: ['a'] })).toMatchObject({ text: 'a\n' });
    expect(await run('[[1]]', { columns: ['a'] })).toMatchObject({ code: 'invalid_request' });
  });

  test('nested values are kept as JSON with their digits, or refused, as asked', async () => {
    const input = '[{"a": {"b": [1.10, "x y"]}}]';
    expect(await run(input, { nested: 'json' })).toMatchObject({
      text: 'a\n"{""b"":[1.10,""x y""]}"\n',
    });
    expect(await run(input, { nested: 'refuse' })).toMatchObject({
      code: 'document_invalid',
      message: expect.stringContaining('Element 1 has a nested value at "a"'),
    });
  });

  test('the dialect is as asked', async () => {
    const options = { delimiter: ';', quote: 'all', bom: true, newline: 'crlf' };
    expect(await run('[{"a":"x;y"}]', options)).toMatchObject({ text: '\ufeff"a"\r\n"x;y"\r\n' });
    const wide = await run('[{"a":"é𝄞"}]', { encoding: 'windows-1252' });
    expect(wide).toMatchObject({ warnings: ['unencodable_characters'] });
    const utf16 = await run('[{"a":"é"}]', { encoding: 'utf-16le' });
    expect('bytes' in utf16 && utf16.bytes.toString('utf16le')).toBe('a\né\n');
  });

  test('what cannot be kept is told', async () => {
    expect(await run('[]')).toMatchObject({ text: '', warnings: ['no_columns'] });
    expect(await run('[{}]')).toMatchObject({ text: '', warnings: ['no_columns'] });
    expect(await run('[{"a":1,"a":2}]')).toMatchObject({
      text: 'a\n2\n',
      warnings: ['repeated_keys'],
    });
    expect(await run('[{"a.b":1,"a":{"b":2}}]')).toMatchObject({ warnings: ['repeated_keys'] });
    expect(await run('[{"a":"\\ud800"}]')).toMatchObject({
      text: 'a\n\ufffd\n',
      warnings: ['lone_surrogates'],
    });
  });

  test('UTF-16 with a byte order mark is read', async () => {
    const input = Buffer.from('\ufeff[{"a":"é"}]', 'utf16le');
    expect(await run(input)).toMatchObject({ text: 'a\né\n' });
  });
});

const invalid = [
  '',
  ' ',
  '[',
  '[1',
  '[1,',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1]]',
  '[1] 2',
  '{',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,}',
  '{a:1}',
  "{'a':1}",
  '{"a" 1}',
  '[01]',
  '[1.]',
  '[.5]',
  '[+1]',
  '[-]',
  '[1e]',
  '[0x1]',
  '[NaN]',
  '[tru]',
  '[nul',
  '[truee]',
  '"',
  '"a',
  '["\\x"]',
  '["\\u12g4"]',
  '["\n"]',
  '["\u0000"]',
  '[1]x',
  '1true',
  '{}{}',
  '// x\n[1]',
  '[1,/**/2]',
  '\u00a0[1]',
  '[{"a":1},[2]]',
  '[{"a":1},2]',
];

describe('a damaged JSON', () => {
  test.each(invalid)('is refused with its place: %j', async (input) => {
    for (const path of [runInMemory, runOnFile]) {
      expect(await path(jsonCsvEngine, Buffer.from(input))).toMatchObject({
        code: 'document_invalid',
      });
    }
  });

  test('names the element and the character', async () => {
    expect(await run('[{"a":1},\n{"a":}]')).toMatchObject({
      message: 'The JSON is not valid at character 16, element 2: a value is expected.',
    });
  });

  test('over a bound is refused: depth, columns, names, an element, the output', async () => {
    const inputs = [
      '['.repeat(100_000),
      `[{"a":${'[{"b":'.repeat(60)}1`,
      `[{"a":[${'1,'.repeat(20_000)}1]}]`,
      `[{"${'k'.repeat(1_100_000)}":1}]`,
      `["${'x'.repeat(17 * 1024 * 1024)}"]`,
      `[{"a":[${'1,'.repeat(10_000)}1]}${',{}'.repeat(3000)}]`,
    ];
    for (const input of inputs) {
      const outcome = await runOnFile(jsonCsvEngine, Buffer.from(input));
      expect('code' in outcome && outcome.code).toBe('document_too_complex');
    }
  });

  test('an element of many megabytes is read in linear time', async () => {
    const tookMs = await processorTimeOf(async () => {
      const outcome = await runOnFile(jsonCsvEngine, Buffer.from(`["${'x'.repeat(15e6)}"]`));
      expect('text' in outcome && outcome.text.length).toBe('value\r\n\r\n'.length + 15e6);
    });
    expect(tookMs).toBeLessThan(5000);
  });
});

const json = fc.jsonValue({ maxDepth: 3 });

describe('the reader', () => {
  test('accepts exactly what JSON.parse accepts, however the text is cut', () => {
    const unit = fc.constantFrom(...Array.from('[]{},:"\\u0015.e+-tn \né'), 'true', 'null', '"a"');
    const soup = fc.string({ unit, maxLength: 12 }).map((text) => `[${text}]`);
    const text = fc.oneof(
      soup,
      json.map((value) => JSON.stringify([value])),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (input, size) => {
        expect(accepts(input, size)).toBe(isJson(input));
      }),
      { numRuns: 2000 },
    );
  });

  test('gives the same in memory and from a file', async () => {
    const nested = fc.constantFrom('flatten', 'json');
    await fc.assert(
      fc.asyncProperty(fc.array(json), nested, async (value, mode) => {
        const input = Buffer.from(JSON.stringify(value));
        const fromFile = await runOnFile(jsonCsvEngine, input, { nested: mode });
        expect(await runInMemory(jsonCsvEngine, input, { nested: mode })).toEqual(fromFile);
      }),
      { numRuns: 100 },
    );
    const large = Array.from({ length: 20_000 }, (_, at) => ({
      at,
      t: `é𝄞\n"${at}"`,
      [`k${at % 5}`]: at,
    }));
    const input = Buffer.from(JSON.stringify(large, null, 1));
    expect(await runInMemory(jsonCsvEngine, input)).toEqual(await runOnFile(jsonCsvEngine, input));
  });

  test('a table goes to JSON and back unchanged', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '0') });
    const row = fc.tuple(
      text.map((value) => `x${value}`),
      text,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        const input = JSON.stringify(rows.map(([one, two]) => ({ one, two })));
        const csv = await run(input);
        const back = await runInMemory(csvJsonEngine, 'bytes' in csv ? csv.bytes : Buffer.alloc(0));
        expect(back).toMatchObject({ text: `${input}\n` });
      }),
      { numRuns: 100 },
    );
  });
});

function accepts(input: string, size: number): boolean {
  const elements = new JsonElements((scanner, code) => scanner.skip(code, 0));
  try {
    for (let at = 0; at < input.length; at += size) elements.write(input.slice(at, at + size));
    elements.end();
    return true;
  } catch {
    return false;
  }
}

function isJson(input: string): boolean {
  try {
    JSON.parse(input);
    return true;
  } catch {
    return false;
  }
}
