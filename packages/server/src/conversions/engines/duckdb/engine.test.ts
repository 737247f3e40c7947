import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { runOnFile, type Outcome } from '../text/run-both.ts';
import { jsonCsvEngine } from '../json-csv.ts';
import { duckdbEngine } from './engine.ts';

type Input = string | Buffer;

const run = (type: string, input: Input, options: object = {}): Promise<Outcome> =>
  runOnFile(duckdbEngine, Buffer.from(input), options, { type });

/** To Parquet and back to JSON lines: what is really in the file. */
async function rows(type: string, input: Input, options: object = {}, back: object = {}) {
  const parquet = await run(type, input, options);
  if (!('bytes' in parquet)) return parquet;
  const lines = await run('PARQUET_TO_NDJSON', parquet.bytes, back);
  return 'text' in lines ? lines.text : lines;
}

describe('CSV to Parquet', () => {
  const kept: [name: string, csv: string, lines: string][] = [
    ['whole numbers past 2^53', 'a,b\n9007199254740993,1\n', '{"a":9007199254740993,"b":1}\n'],
    [
      'numbers of thirty digits',
      'a,b\n123456789012345678901234567890,1\n',
      '{"a":123456789012345678901234567890,"b":1}\n',
    ],
    ['decimals', 'a,b\n0.10,1\n1234.5,2\n', '{"a":0.10,"b":1}\n{"a":1234.50,"b":2}\n'],
    ['a float of 17 digits', 'a,b\n0.30000000000000004,1\n', '{"a":0.30000000000000004,"b":1}\n'],
    ['leading zeros, as text', 'a,b\n007,1\n', '{"a":"007","b":1}\n'],
    ['text that looks endless', 'a,b\n1e999,nan\n', '{"a":"1e999","b":"nan"}\n'],
    [
      'dates and times without a shift',
      'd,t,i\n2024-02-29,2024-01-01 00:30:00,2024-01-01T00:30:00.250Z\n',
      '{"d":"2024-02-29","t":"2024-01-01T00:30:00","i":"2024-01-01T00:30:00.25Z"}\n',
    ],
    ['days that there are not, as text', 'd,e\n2024-02-30,1\n', '{"d":"2024-02-30","e":1}\n'],
    [
      'empty texts apart from missing values',
      'a,b\n"",\nx,y\n',
      '{"a":"","b":null}\n{"a":"x","b":"y"}\n',
    ],
    ['line breaks and quotes', 'a,b\n"x\r\n""y""",2\n', '{"a":"x\\r\\n\\"y\\"","b":2}\n'],
    ['a NUL', 'a,b\nx\0y,2\n', '{"a":"x\\u0000y","b":2}\n'],
    ['mixed line ends', 'a,b\r\n1,2\n3,4\r', '{"a":1,"b":2}\n{"a":3,"b":4}\n'],
    ['names that occur twice', 'a,a,\n1,2,3\n', '{"a":1,"a_2":2,"column_3":3}\n'],
    ['hostile names', `"a"";--",'b\n1,2\n`, `{"a\\";--":1,"'b":2}\n`],
    [
      'records that are too short or too long',
      'a,b\n1\n2,3,4\n',
      '{"a":1,"b":null,"_extra":null}\n{"a":2,"b":3,"_extra":"[\\"4\\"]"}\n',
    ],
  ];
  for (const [name, csv, lines] of kept) {
    test(`keeps ${name}`, async () => expect(await rows('CSV_TO_PARQUET', csv)).toBe(lines));
  }

  test('gives a column a wider type where a late value does not fit the early ones', async () => {
    const csv = `a,b,c\n${'1,2,3\n'.repeat(12_000)}x,2.5,30000000000000000000\n`;
    const lines = await rows('CSV_TO_PARQUET', csv);
    expect(lines).toMatch(/^\{"a":"1","b":2\.0,"c":3\}\n/u);
    expect(lines).toMatch(/\{"a":"x","b":2\.5,"c":30000000000000000000\}\n$/u);
  });

  test('takes TRUE and False for booleans where the whole column is of such, and for text if asked', async () => {
    const csv = 'a,b,c\nTRUE,true,TRUE\nfalse,False,1\n';
    expect(await rows('CSV_TO_PARQUET', csv)).toBe(
      '{"a":true,"b":true,"c":"TRUE"}\n{"a":false,"b":false,"c":"1"}\n',
    );
    expect(await rows('CSV_TO_PARQUET', csv, { types: 'string' })).toBe(
      '{"a":"TRUE","b":"true","c":"TRUE"}\n{"a":"false","b":"False","c":"1"}\n',
    );
  });

  test('leaves every column text where it is asked to', async () => {
    const lines = await rows('CSV_TO_PARQUET', 'a,b\n1,true\n', { types: 'string' });
    expect(lines).toBe('{"a":"1","b":"true"}\n');
  });

  test('refuses a column whose name would end the statement', async () => {
    const csv = 'a\0") FROM x,b\n1,2\n';
    expect(await run('CSV_TO_PARQUET', csv)).toMatchObject({ code: 'document_invalid' });
  });

  test('reads other encodings and delimiters', async () => {
    const csv = Buffer.from('a;b\n\u20ac;1,5\n', 'utf16le');
    const lines = await rows('CSV_TO_PARQUET', csv, { encoding: 'utf-16le' });
    expect(lines).toBe('{"a":"€","b":"1,5"}\n');
  });

  const refused: [name: string, csv: Input, message: RegExp][] = [
    ['nothing', '', /no records/u],
    ['a quote that is never closed', 'a,b\n1,2\n"x,3\n', /Line 3: a quote is opened/u],
    ['text after a closing quote', 'a,b\n"x"y,2\n', /Line 2: text follows/u],
    ['bytes that are no UTF-8', Buffer.from('a,b\n\u00ff,1\n', 'latin1'), /UTF-8 after byte 4/u],
  ];
  for (const [name, csv, message] of refused) {
    test(`refuses ${name}, and says where`, async () => {
      const outcome = await run('CSV_TO_PARQUET', csv);
      expect(outcome).toMatchObject({ code: 'document_invalid' });
      expect(outcome).toHaveProperty('message', expect.stringMatching(message));
    });
  }

  test('agrees with our own reader on any table', async () => {
    const unit = fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '0', '1', '.', '-', ' x');
    const row = fc.tuple(fc.string({ unit }), fc.string({ unit, minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (table) => {
        const json = JSON.stringify(table.map(([one, two]) => ({ one, two })));
        const csv = await runOnFile(jsonCsvEngine, Buffer.from(json), { quote: 'all' });
        const lines = await rows('CSV_TO_PARQUET', 'bytes' in csv ? csv.bytes : '', {
          types: 'string',
        });
        expect(`[${(typeof lines === 'string' ? lines : '').trim().replaceAll('\n', ',')}]`).toBe(
          json,
        );
      }),
      { numRuns: 12 },
    );
  });
});

describe('JSON to Parquet', () => {
  test('keeps strings text, whatever they look like, and numbers with their digits', async () => {
    const json = '[{"a":"12","b":1.50,"c":null},{"a":"x","b":12345678901234567890,"c":false}]';
    expect(await rows('JSON_TO_PARQUET', json)).toBe(
      '{"a":"12","b":1.50,"c":null}\n{"a":"x","b":12345678901234567890.00,"c":false}\n',
    );
  });

  test('tells an empty text from null and from a missing key', async () => {
    const lines = await rows('NDJSON_TO_PARQUET', '{"a":"","b":1}\n{"a":null}\n');
    expect(lines).toBe('{"a":"","b":1}\n{"a":null,"b":null}\n');
  });

  test('flattens what is nested, or keeps it as JSON text', async () => {
    const json = '{"a":{"b":[1,2]}}';
    expect(await rows('JSON_TO_PARQUET', json)).toBe('{"a.b.0":1,"a.b.1":2}\n');
    const kept = await rows('JSON_TO_PARQUET', json, { nested: 'json' });
    expect(kept).toBe('{"a":"{\\"b\\":[1,2]}"}\n');
  });

  test('reads arrays of any length as rows', async () => {
    const lines = await rows('JSON_TO_PARQUET', '[[1],[2,"b"]]');
    expect(lines).toBe('{"column_1":1,"column_2":null}\n{"column_1":2,"column_2":"b"}\n');
  });

  for (const [name, json] of Object.entries({ nothing: '', cut: '[{"a":1', empty: '[]' })) {
    test(`refuses what is damaged or has no columns: ${name}`, async () => {
      const outcome = await run('JSON_TO_PARQUET', json);
      expect(outcome).toMatchObject({ code: 'document_invalid' });
    });
  }
});

describe('Parquet to text', () => {
  const csv = 'a,b,c\n1,"x;y",2024-01-01 10:00:00\n,é,\n';
  const parquet = async () => {
    const made = await run('CSV_TO_PARQUET', csv);
    return 'bytes' in made ? made.bytes : Buffer.alloc(0);
  };

  test('writes CSV as it is asked to', async () => {
    const plain = await run('PARQUET_TO_CSV', await parquet());
    expect(plain).toMatchObject({ text: 'a,b,c\r\n1,x;y,2024-01-01 10:00:00\r\n,é,\r\n' });
    const options = { columns: ['b', 'a'], delimiter: ';', newline: 'lf', bom: true };
    const other = await run('PARQUET_TO_CSV', await parquet(), options);
    expect(other).toMatchObject({ text: '\ufeffb;a\n"x;y";1\né;\n' });
    const latin = await run('PARQUET_TO_CSV', await parquet(), { encoding: 'windows-1252' });
    expect('bytes' in latin && latin.bytes.includes(0xe9)).toBe(true);
  });

  test('writes JSON that reads back, indented or not', async () => {
    const values = [
      { a: 1, b: 'x;y', c: '2024-01-01T10:00:00' },
      { a: null, b: 'é', c: null },
    ];
    const flat = await run('PARQUET_TO_JSON', await parquet());
    expect(flat).toMatchObject({ text: `${JSON.stringify(values)}\n` });
    const wide = await run('PARQUET_TO_JSON', await parquet(), { indent: 2 });
    expect(wide).toMatchObject({ text: `${JSON.stringify(values, null, 2)}\n` });
  });

  test('refuses a column that is not there', async () => {
    const outcome = await run('PARQUET_TO_CSV', await parquet(), { columns: ['z'] });
    expect(outcome).toMatchObject({ code: 'invalid_request' });
  });

  test('refuses damaged, cut and encrypted files', async () => {
    const whole = await parquet();
    const broken = Buffer.from(whole);
    broken.fill(0xff, 20, whole.length - 20);
    for (const bytes of [whole.subarray(0, -9), broken, Buffer.from('PAR1'), Buffer.from('x')]) {
      const outcome = await run('PARQUET_TO_JSON', bytes);
      expect(outcome).toMatchObject({ code: 'document_invalid' });
    }
    const encrypted = Buffer.concat([Buffer.from('PARE0000'), Buffer.from('PARE')]);
    const outcome = await run('PARQUET_TO_CSV', encrypted);
    expect(outcome).toMatchObject({ code: 'document_encrypted' });
  });
});
