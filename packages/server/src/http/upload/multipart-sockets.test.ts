import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import type { UploadOptions } from './multipart.ts';
import { listen } from '../server-under-test.ts';
import { connect, createReceiver, head, MemorySink, readAll } from './upload-under-test.ts';
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

describe('a body that is too large', () => {
  test('Content-Length alone refuses what is more than 1 MB above, before any byte', async () => {
    const { app, errors, sinks } = receive();
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
    const { app } = receive();
    const socket = await connect(await listen(app));
    socket.on('error', () => undefined);
    socket.write(head({ 'Content-Length': String(6_000_000) }));
    const chunk = Buffer.alloc(100_000);
    for (let sent = 0; sent < 6_000_000; sent += chunk.length) socket.write(chunk);
    const reply = await readAll(socket);
    expect(reply).toContain('file_too_large');
  });

  test('one that sends without end is cut off', async () => {
    const { app } = receive();
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
  });
});

describe('a client that does not send it all', () => {
  const begin = head({ 'Transfer-Encoding': 'chunked' });
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const chunked = (text: string): string =>
    `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

  test('gone in mid-upload: the sink is aborted', async () => {
    const { app, sinks, errors } = receive();
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
    const { app, errors } = receive({
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
    const { app, errors } = receive({ idleMsMax: 100 });
    const socket = await connect(await listen(app));
    socket.write(begin + chunked(part));
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect(errors).toHaveLength(1);
  });

  test('slow but steady: taken', async () => {
    const { app, uploads } = receive({ idleMsMax: 400 });
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
    const { app, uploads } = receive();
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
