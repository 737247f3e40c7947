import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import type { UploadOptions } from './multipart.ts';
import { listen } from '../server-under-test.ts';
import { createReceiver, MemorySink } from './upload-under-test.ts';
import type { Field, Received } from './upload-under-test.ts';

const running: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

function receive(overrides: Partial<UploadOptions<Field>> = {}): Received {
  const received = createReceiver(overrides);
  running.push(received.app);
  return received;
}

function send(app: FastifyInstance, form: FormData) {
  const request = new Request('http://x/', { method: 'POST', body: form });
  return request.arrayBuffer().then((body) =>
    app.inject({
      method: 'POST',
      url: '/upload',
      headers: { 'content-type': request.headers.get('content-type') ?? '' },
      payload: Buffer.from(body),
    }),
  );
}

function formOf(
  file: Buffer | string,
  filename = 'a.csv',
  fields: [string, string][] = [],
): FormData {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(Buffer.from(file))]), filename);
  for (const [name, value] of fields) form.append(name, value);
  return form;
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

describe('a form with one file', () => {
  test('a small file stays in memory, with fields before and after it', async () => {
    const { app, uploads, sinks } = receive();
    const form = new FormData();
    form.set('to', 'json');
    form.set('file', new Blob(['a,b\n1,2\n']), 'table.csv');
    form.set('options', '{"header":true}');
    expect((await send(app, form)).statusCode).toBe(201);
    expect(uploads[0]?.fields).toEqual({ to: 'json', options: '{"header":true}' });
    expect(uploads[0]?.file).toMatchObject({
      filename: 'table.csv',
      sizeBytes: 8,
      sha256: sha256('a,b\n1,2\n'),
    });
    expect(uploads[0]?.file.bytes?.toString()).toBe('a,b\n1,2\n');
    expect(sinks).toHaveLength(0);
  });

  test('a larger file goes to its sink whole, in order, one write at a time', async () => {
    const { app, uploads, sinks } = receive();
    const port = await listen(app);
    const file = Buffer.from(Array.from({ length: 2_000_003 }, (_, index) => (index * 7) % 251));
    const reply = await fetch(`http://127.0.0.1:${port}/upload`, {
      method: 'POST',
      body: formOf(file, 'big.bin', [['to', 'csv']]),
    });
    expect(reply.status).toBe(201);
    expect(Buffer.concat(sinks[0]?.chunks ?? []).equals(file)).toBe(true);
    expect(sinks[0]?.state).toBe('finished');
    const { file: taken } = uploads[0] ?? {};
    expect(taken).toMatchObject({ sizeBytes: file.length, sha256: sha256(file), bytes: null });
    expect(taken?.head.equals(file.subarray(0, 4100))).toBe(true);
  });

  test('an empty file is a file of no bytes', async () => {
    const { app, uploads } = receive();
    expect((await send(app, formOf(''))).statusCode).toBe(201);
    expect(uploads[0]?.file).toMatchObject({ sizeBytes: 0, sha256: sha256('') });
  });

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\report.xlsx', 'report.xlsx'],
    ['a\r\nSet-Cookie: x=1.csv', 'aSet-Cookie: x=1.csv'],
    ['..', 'file'],
    ['übung "1".csv', 'übung "1".csv'],
    ['abc\u202efdp.exe', 'abcfdp.exe'],
    [`${'ä'.repeat(300)}.xlsx`, `${'ä'.repeat(125)}.xlsx`],
  ])('the name %j is shown as %j', async (sent, shown) => {
    const { app, uploads } = receive();
    expect((await send(app, formOf('x', sent))).statusCode).toBe(201);
    expect(uploads[0]?.file.filename).toBe(shown);
  });
});

describe('a form that is not right is a 400 and leaves nothing', () => {
  test.each([
    ['no file', [['to', 'csv']], '/body/file'],
    [
      'a field that is not known',
      [
        ['file', null],
        ['too', 'csv'],
      ],
      '/body/too',
    ],
    [
      'a field twice',
      [
        ['file', null],
        ['to', 'a'],
        ['to', 'b'],
      ],
      '/body/to',
    ],
    [
      'two files',
      [
        ['file', null],
        ['file', null],
      ],
      '/body/file',
    ],
    [
      'a field above 64 KB',
      [
        ['file', null],
        ['options', 'x'.repeat(65_537)],
      ],
      '/body/options',
    ],
  ] as [string, [string, string | null][], string][])('%s', async (_, parts, pointer) => {
    const { app, sinks } = receive({ memoryBytesMax: 4100 });
    const form = new FormData();
    for (const [name, value] of parts) {
      if (value === null) form.append(name, new Blob(['x'.repeat(10_000)]), 'a.csv');
      else form.append(name, value);
    }
    const reply = await send(app, form);
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
    expect(sinks.every((sink) => sink.state === 'aborted')).toBe(true);
  });

  test('a body of another type', async () => {
    const { app } = receive();
    const reply = await app.inject({ method: 'POST', url: '/upload', payload: { a: 1 } });
    expect(reply.json()).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test('a sink that fails is aborted and its error is ours', async () => {
    const sink = new MemorySink();
    sink.write = () => Promise.reject(Object.assign(new Error('disk'), { code: 'EIO' }));
    const { app } = receive({ open: () => Promise.resolve(sink) });
    const reply = await send(app, formOf(Buffer.alloc(600_000)));
    expect(reply.statusCode).toBe(500);
    expect(reply.body).not.toContain('disk');
    expect(sink.state).toBe('aborted');
  });
});

describe('the size limit', () => {
  test.each([4_000, 500_000])(
    'a file of exactly %i bytes passes, one more does not',
    async (max) => {
      const limits = { fileBytesMax: max, plan: 'plan_pro', upgradeUrl: '/plans' };
      const { app, sinks } = receive({ limits });
      expect((await send(app, formOf(Buffer.alloc(max)))).statusCode).toBe(201);
      const reply = await send(app, formOf(Buffer.alloc(max + 1)));
      expect(reply.json()).toMatchObject({
        status: 413,
        code: 'file_too_large',
        limit_bytes: max,
        plan: 'plan_pro',
        upgrade_url: '/plans',
      });
      expect(sinks.filter((sink) => sink.state === 'open')).toEqual([]);
    },
  );
});
