import { createHash } from 'node:crypto';
import net from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readUpload } from './multipart.ts';
import type { Upload, UploadOptions } from './multipart.ts';
import { defineRoute } from './route.ts';
import { createServerUnderTest, listen } from './server-under-test.ts';
import type { UploadSink } from './upload-file.ts';

type Field = 'to' | 'from' | 'options' | 'metadata';

/** Keeps what it is given, and tells how it ended. */
class MemorySink implements UploadSink {
  readonly chunks: Buffer[] = [];
  state: 'open' | 'finished' | 'aborted' = 'open';
  writesAtOnce = 0;

  async write(chunk: Buffer): Promise<void> {
    this.writesAtOnce += 1;
    expect(this.writesAtOnce).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    this.writesAtOnce -= 1;
    expect(this.state).toBe('open');
    this.chunks.push(chunk);
  }

  finish(): Promise<void> {
    expect(this.state).toBe('open');
    this.state = 'finished';
    return Promise.resolve();
  }

  abort(): Promise<void> {
    expect(this.state).toBe('open');
    expect(this.writesAtOnce).toBe(0);
    this.state = 'aborted';
    return Promise.resolve();
  }
}

interface Received {
  app: FastifyInstance;
  uploads: Upload<Field>[];
  sinks: MemorySink[];
  errors: unknown[];
}

const running: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

function createReceiver(overrides: Partial<UploadOptions<Field>> = {}): Received {
  const uploads: Upload<Field>[] = [];
  const sinks: MemorySink[] = [];
  const errors: unknown[] = [];
  const route = defineRoute({
    method: 'POST',
    url: '/upload',
    operationId: 'upload',
    summary: 'Upload',
    tag: 'Test',
    access: { kind: 'public' },
    rawBody: { contentType: 'multipart/form-data' },
    responses: { 201: z.object({ ok: z.boolean() }) },
    errors: [],
    handler: async ({ request, reply }) => {
      try {
        const upload = await readUpload(request, reply, {
          fields: ['to', 'from', 'options', 'metadata'],
          limits: { fileBytesMax: 3_000_000, plan: 'plan_pro', upgradeUrl: '/plans' },
          open: async () => {
            const sink = new MemorySink();
            sinks.push(sink);
            return sink;
          },
          ...overrides,
        });
        uploads.push(upload);
        return { ok: true };
      } catch (error) {
        errors.push(error);
        throw error;
      }
    },
  });
  const app = createServerUnderTest([route]);
  running.push(app);
  return { app, uploads, sinks, errors };
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
    const { app, uploads, sinks } = createReceiver();
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
    const { app, uploads, sinks } = createReceiver();
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
    const { app, uploads } = createReceiver();
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
    const { app, uploads } = createReceiver();
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
    const { app, sinks } = createReceiver({ memoryBytesMax: 4100 });
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
    const { app } = createReceiver();
    const reply = await app.inject({ method: 'POST', url: '/upload', payload: { a: 1 } });
    expect(reply.json()).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test('a sink that fails is aborted and its error is ours', async () => {
    const sink = new MemorySink();
    sink.write = () => Promise.reject(Object.assign(new Error('disk'), { code: 'EIO' }));
    const { app } = createReceiver({ open: () => Promise.resolve(sink) });
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
      const { app, sinks } = createReceiver({ limits });
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

  test('Content-Length alone refuses what is more than 1 MB above, before any byte', async () => {
    const { app, errors, sinks } = createReceiver();
    const socket = await connect(await listen(app));
    socket.write(head({ 'Content-Length': '4048577', Expect: '100-continue' }));
    const reply = await readAll(socket);
    expect(reply).toMatch(/^HTTP\/1.1 413 /);
    expect(reply).not.toContain('100 Continue');
    expect(reply).toMatch(/connection: close/i);
    expect(errors).toHaveLength(1);
    expect(sinks).toHaveLength(0);
  });

  test('a client that goes on sending still reads the refusal', async () => {
    const { app } = createReceiver();
    const socket = await connect(await listen(app));
    socket.on('error', () => undefined);
    socket.write(head({ 'Content-Length': String(6_000_000) }));
    const chunk = Buffer.alloc(100_000);
    for (let sent = 0; sent < 6_000_000; sent += chunk.length) socket.write(chunk);
    const reply = await readAll(socket);
    expect(reply).toContain('file_too_large');
  });

  test('one that sends without end is cut off', async () => {
    const { app } = createReceiver();
    const socket = await connect(await listen(app));
    const closed = new Promise<void>((resolve) => {
      socket.on('error', () => undefined).on('close', () => resolve());
    });
    socket.write(head({ 'Content-Length': '99999999999' }));
    const chunk = Buffer.alloc(100_000);
    const timer = setInterval(() => {
      if (socket.writableLength < 1_000_000) socket.write(chunk);
    }, 1);
    await closed;
    clearInterval(timer);
    expect(socket.bytesWritten).toBeLessThan(30_000_000);
  }, 15_000);
});

describe('a client that does not send it all', () => {
  const begin = `${head({ 'Transfer-Encoding': 'chunked' })}`;
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const chunked = (text: string): string =>
    `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

  test('gone in mid-upload: the sink is aborted', async () => {
    const { app, sinks, errors } = createReceiver();
    const socket = await connect(await listen(app));
    socket.write(begin + chunked(part) + chunked('y'.repeat(400_000)));
    await expect.poll(() => sinks[0]?.chunks.length ?? 0).toBeGreaterThan(0);
    socket.destroy();
    await expect.poll(() => errors.length).toBe(1);
    expect(sinks[0]?.state).toBe('aborted');
  });

  test('gone while the sink is being opened: aborted as soon as it is open', async () => {
    const opening = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const sink = new MemorySink();
    const { app, errors } = createReceiver({
      open: async () => {
        opening.resolve();
        await opened.promise;
        return sink;
      },
    });
    const socket = await connect(await listen(app));
    socket.write(begin + chunked(part) + chunked('y'.repeat(400_000)));
    await opening.promise;
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    opened.resolve();
    await expect.poll(() => errors.length).toBe(1);
    expect(sink.state).toBe('aborted');
  });

  test('silent for too long: refused', async () => {
    const { app, errors } = createReceiver({ idleMsMax: 100 });
    const socket = await connect(await listen(app));
    socket.write(begin + chunked(part));
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect(errors).toHaveLength(1);
  });

  test('slow but steady: taken', async () => {
    const { app, uploads } = createReceiver({ idleMsMax: 400 });
    const socket = await connect(await listen(app));
    socket.write(begin + chunked(part));
    for (let index = 0; index < 6; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.write(chunked('z'));
    }
    socket.write(`${chunked('\r\n--x--\r\n')}0\r\n\r\n`);
    await expect.poll(() => uploads[0]?.file.bytes?.toString()).toBe('zzzzzz');
    socket.destroy();
  });

  test('one that waits for 100 Continue gets it', async () => {
    const { app, uploads } = createReceiver();
    const socket = await connect(await listen(app));
    const body = `${part}hello\r\n--x--\r\n`;
    socket.write(head({ 'Content-Length': String(body.length), Expect: '100-continue' }));
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    const second = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(second.toString()).toMatch(/^HTTP\/1.1 201 /);
    expect(uploads[0]?.file.sizeBytes).toBe(5);
    socket.destroy();
  });
});

function head(headers: Record<string, string>): string {
  const lines = Object.entries({
    Host: 'x',
    'Content-Type': 'multipart/form-data; boundary=x',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /upload HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** All that comes until the server closes. */
function readAll(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('close', () => resolve(text));
  });
}
