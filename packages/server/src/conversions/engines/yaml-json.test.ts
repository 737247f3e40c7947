import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { runOnFile, type Outcome } from './text/run-both.ts';
import { yamlJsonEngine } from './yaml-json.ts';

const read = (yaml: string): Promise<Outcome> =>
  runOnFile(yamlJsonEngine, Buffer.from(yaml), {}, { type: 'YAML_TO_JSON' });
const write = (json: string): Promise<Outcome> =>
  runOnFile(yamlJsonEngine, Buffer.from(json), {}, { type: 'JSON_TO_YAML' });

describe('YAML to JSON', () => {
  const cases: [yaml: string, json: string][] = [
    ['a: 1.50\nb: 12345678901234567890\nc: -0.0\n', '{"a":1.50,"b":12345678901234567890,"c":-0.0}'],
    ['a: 0x1F\nb: 0o17\nc: +1\nd: 1.\n', '{"a":31,"b":15,"c":1,"d":1}'],
    ['zip: 00501\nno: no\nday: 2024-01-01\n', '{"zip":"00501","no":"no","day":"2024-01-01"}'],
    ['a: ~\nb:\nc: ""\n', '{"a":null,"b":null,"c":""}'],
    ['10: x\n2: y\ntrue: z\n', '{"10":"x","2":"y","true":"z"}'],
    ['--- 1\n---\n- 2\n', '[1,[2]]'],
    ['a: &x {y: 1, z: 2}\nb: {<<: *x, z: 3}\n', '{"a":{"y":1,"z":2},"b":{"y":1,"z":3}}'],
    ['a: &x 1\nb: *x\nc: &x 2\nd: *x\n', '{"a":1,"b":1,"c":2,"d":2}'],
    ['a: |\n  x\n  y\nb: >-\n  x\n  y\n', '{"a":"x\\ny\\n","b":"x y"}'],
    ['x: .inf\n', '{"x":".inf"}'],
  ];
  for (const [yaml, json] of cases) {
    test(`reads ${JSON.stringify(yaml)}`, async () => {
      expect(await read(yaml)).toMatchObject({ text: `${json}\n` });
    });
  }

  const invalid = {
    'a key twice': 'a: 1\na: 2\n',
    'keys that are one in JSON': '1: a\n"1": b\n',
    'a tag of its own': 'a: !mine x\n',
    'a tag of JavaScript': "a: !!js/function 'function () {}'\n",
    'an alias of nothing': 'a: *x\n',
    'a key that is a list': '? [a]\n: b\n',
    'a list that does not end': 'a: [1\n',
    tabs: 'a:\n\tb: 1\n',
  };
  for (const [name, yaml] of Object.entries(invalid)) {
    test(`refuses ${name}`, async () => {
      expect(await read(yaml)).toMatchObject({ code: 'document_invalid' });
    });
  }

  test('reads a map of very many keys without comparing each with each', async () => {
    const yaml = Array.from({ length: 60_000 }, (_, at) => `key${at}: ${at}\n`).join('');
    expect(await read(yaml)).toMatchObject({
      text: expect.stringMatching(/"key59999":59999\}\n$/),
    });
  });

  test('refuses bombs of aliases and of nesting in bounded time', async () => {
    const names = Array.from('abcdefghijkl');
    const lines = names.map((name, at) => {
      const items = Array(9).fill(at === 0 ? 'x' : `*${names[at - 1]}`);
      return `${name}: &${name} [${items.join(', ')}]`;
    });
    const deep = Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}a:\n`).join('');
    for (const yaml of [
      lines.join('\n'),
      'a: &x\n  b: *x\n',
      '['.repeat(50_000),
      '- '.repeat(5000),
      deep,
    ]) {
      expect(await read(yaml)).toMatchObject({ code: 'document_too_complex' });
    }
  });
});

describe('JSON to YAML', () => {
  test('writes what people write, with the digits of numbers', async () => {
    const json = '{"name":"Ada","on":"yes","list":[{"m":1.50,"t":"a\\nb\\n"},[]],"zip":"007"}';
    expect(await write(json)).toMatchObject({
      text: 'name: Ada\n"on": "yes"\nlist:\n  - m: 1.50\n    t: |\n      a\n      b\n  - []\nzip: "007"\n',
    });
  });

  test('reads back the same, by YAML 1.1 and 1.2', async () => {
    const unit = fc.constantFrom(...Array.from('aB1 -:#\n\t"\'|>[]{}&*!%@`~.,?é\u0000\u0085=<'));
    const text = fc.oneof(fc.string({ unit }), fc.constantFrom('no', 'null', '1e3', '0x1', '<<'));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), tie('list'), tie('map')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      map: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    }));
    await fc.assert(
      fc.asyncProperty(value, async (one) => {
        const yaml = await write(JSON.stringify(one));
        const written = 'text' in yaml ? yaml.text : '';
        for (const version of ['1.1', '1.2'] as const) {
          expect(parse(written, { version, merge: false })).toEqual(one);
        }
        expect(await read(written)).toMatchObject({ text: `${JSON.stringify(one)}\n` });
      }),
      { numRuns: 60 },
    );
  });
});
