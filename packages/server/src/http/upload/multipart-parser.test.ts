import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryOf, MultipartParser } from './multipart-parser.ts';

interface Part {
  name: string;
  filename: string | null;
  content: string;
}

/** Parses a body that arrives in pieces cut at the given places. */
function parse(boundary: string, body: Buffer, cuts: readonly number[] = []): Part[] {
  const parts: (Part & { chunks: Buffer[]; ended: boolean })[] = [];
  const parser = new MultipartParser(boundary, {
    onPart: (head) => parts.push({ ...head, content: '', chunks: [], ended: false }),
    onData: (data) => parts.at(-1)?.chunks.push(data),
    onPartEnd: () => {
      const part = parts.at(-1);
      if (part !== undefined) part.ended = true;
    },
  });
  let start = 0;
  for (const cut of [...cuts.map((at) => at % (body.length + 1)), body.length].toSorted(
    (a, b) => a - b,
  )) {
    parser.push(body.subarray(start, cut));
    start = cut;
  }
  parser.end();
  expect(parts.every((part) => part.ended)).toBe(true);
  return parts.map(({ name, filename, chunks }) => ({
    name,
    filename,
    content: Buffer.concat(chunks).toString('latin1'),
  }));
}

/** The parser of the Fastify project, as the oracle. */
interface Oracle extends NodeJS.WritableStream {
  on(event: 'field', listener: (name: string, value: string) => void): this;
  on(
    event: 'file',
    listener: (name: string, file: NodeJS.ReadableStream, filename: string) => void,
  ): this;
  on(event: 'finish' | 'error', listener: (error?: Error) => void): this;
}
const require = createRequire(import.meta.url);
const busboy = require('@fastify/busboy') as new (options: object) => Oracle;

function parseByOracle(boundary: string, body: Buffer): Promise<Part[]> {
  return new Promise((resolve, reject) => {
    const parts: Part[] = [];
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    new busboy({ headers, defParamCharset: 'utf8' })
      .on('field', (name, value) => {
        parts.push({ name, filename: null, content: Buffer.from(value).toString('latin1') });
      })
      .on('file', (name, file, filename) => {
        const part = { name, filename, content: '' };
        parts.push(part);
        file.on('data', (chunk: Buffer) => {
          part.content += chunk.toString('latin1');
        });
      })
      .on('finish', () => resolve(parts))
      .on('error', reject)
      .end(body);
  });
}

function formOf(boundary: string, parts: readonly Part[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ name, filename, content }) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"`),
      Buffer.from(filename === null ? '' : `; filename="${filename}"`),
      Buffer.from(filename === null ? '\r\n\r\n' : '\r\nContent-Type: text/csv\r\n\r\n'),
      Buffer.from(content, 'latin1'),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

describe('a form reads the same however it is cut', () => {
  const boundary = 'ab-ab-ab';
  // Content made of the pieces of a boundary is what trips parsers.
  const content = fc
    .array(fc.constantFrom('\r', '\n', '\r\n', '-', '--', 'ab', 'ab-', '\r\n--ab-ab', 'x', ' '))
    .map((pieces) => pieces.join(''))
    .filter((text) => !`\r\n${text}\r\n`.includes(`\r\n--${boundary}`));
  const part = fc.record({
    name: fc.constantFrom('to', 'file', 'options'),
    filename: fc.constantFrom('a.csv', 'b c.xlsx', 'ü.docx'),
    content,
  });

  test('as the Fastify project’s parser reads it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (parts, cuts) => {
          const body = formOf(boundary, parts);
          const ours = parse(boundary, body, cuts);
          expect(ours).toEqual(parts);
          expect(ours).toEqual(await parseByOracle(boundary, body));
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });

  test('byte by byte', () => {
    const parts = [
      { name: 'to', filename: null, content: 'csv' },
      { name: 'file', filename: 'a.csv', content: 'a\r\n--ab-ab\r\n--ab-ab-a\r\n' },
    ];
    const body = formOf(boundary, parts);
    const everywhere = Array.from({ length: body.length }, (_, index) => index);
    expect(parse(boundary, body, everywhere)).toEqual(parts);
  });
});

describe('the names in a head', () => {
  test.each([
    ['form-data; name=to', 'to', null],
    ['form-data; filename="a.csv"; name="file"', 'file', 'a.csv'],
    ['form-data;name="file";filename=a.csv', 'file', 'a.csv'],
    ['Form-Data; NAME="file"; FileName="a;b=c.csv"', 'file', 'a;b=c.csv'],
    [String.raw`form-data; name="file"; filename="a \"1\".csv"`, 'file', 'a "1".csv'],
    [String.raw`form-data; name="file"; filename="C:\dir\a.csv"`, 'file', String.raw`C:\dir\a.csv`],
    ['form-data; name="file"; filename="a%22b%25.csv"', 'file', 'a"b%25.csv'],
    [`form-data; name="file"; filename="x"; filename*=utf-8''%C3%BC.csv`, 'file', 'ü.csv'],
    [`form-data; name="file"; filename="x"; filename*=utf-8''%ZZ`, 'file', 'x'],
  ])('%s', (disposition, name, filename) => {
    for (const before of ['', 'Content-Type: text/csv\r\n']) {
      const body = `--x\r\n${before}Content-Disposition: ${disposition}\r\n\r\n1\r\n--x--`;
      expect(parse('x', Buffer.from(body))).toEqual([{ name, filename, content: '1' }]);
    }
  });
});

describe('what stands around the parts', () => {
  test('a preamble and an epilogue are passed over', () => {
    const form = formOf('x', [{ name: 'to', filename: null, content: 'csv' }]).toString();
    const body = Buffer.from(`preamble --x\r\n${form}epilogue\r\n--x\r\n`);
    expect(parse('x', body)).toEqual([{ name: 'to', filename: null, content: 'csv' }]);
  });

  test('spaces after a boundary are padding; a longer line is content', () => {
    const body = Buffer.from(
      '--x \t\r\nContent-Disposition: form-data; name=to\r\n\r\ncsv\r\n--xy\r\n--x--',
    );
    expect(parse('x', body)[0]?.content).toBe('csv\r\n--xy');
  });
});

describe('a malformed body is refused', () => {
  const head = 'Content-Disposition: form-data; name="to"\r\n\r\n';
  test.each([
    ['nothing at all', ''],
    ['no boundary', 'hello'],
    ['cut in the head', '--x\r\nContent-Dispo'],
    ['cut in the content', `--x\r\n${head}cs`],
    ['cut in the boundary', `--x\r\n${head}csv\r\n--x`],
    ['cut between the dashes', `--x\r\n${head}csv\r\n--x-`],
    ['a part without a name', '--x\r\nContent-Disposition: form-data\r\n\r\ncsv\r\n--x--'],
    ['a part without a disposition', '--x\r\nX: y\r\n\r\ncsv\r\n--x--'],
    ['another disposition', '--x\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--x--'],
    ['endless headers', `--x\r\nX: ${'y'.repeat(9000)}`],
    ['too many parts', `${`--x\r\n${head}1\r\n`.repeat(21)}--x--`],
  ])('%s', (_, body) => {
    expect(() => parse('x', Buffer.from(body))).toThrow('The multipart body is malformed');
  });
});

describe('the boundary', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data;boundary="a b:c"', 'a b:c'],
    ['Multipart/Form-Data; charset=utf-8; Boundary=abc', 'abc'],
  ])('of %s is %s', (header, boundary) => {
    expect(boundaryOf(header)).toBe(boundary);
  });

  test.each([
    undefined,
    'application/json',
    'multipart/form-data',
    'multipart/mixed; boundary=a',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
  ])('of %s is refused', (header) => {
    expect(() => boundaryOf(header)).toThrow('must be multipart/form-data');
  });
});
