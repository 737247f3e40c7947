import net from 'node:net';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readUpload } from './multipart.ts';
import type { UploadOptions } from './multipart.ts';
import { defineRoute } from '../route.ts';
import { createServerUnderTest } from '../server-under-test.ts';
import type { UploadedFile, UploadSink } from './upload-file.ts';

export type Field = 'to' | 'from' | 'options' | 'metadata';

function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`broken promise: ${what}`);
}

/** Keeps what it is given, and tells how it ended. */
export class MemorySink implements UploadSink {
  readonly chunks: Buffer[] = [];
  state: 'open' | 'finished' | 'aborted' = 'open';
  writesAtOnce = 0;

  async write(chunk: Buffer): Promise<void> {
    this.writesAtOnce += 1;
    must(this.writesAtOnce === 1, 'one write at a time');
    await new Promise((resolve) => setImmediate(resolve));
    this.writesAtOnce -= 1;
    must(this.state === 'open', 'the sink is open');
    this.chunks.push(chunk);
  }

  finish(): Promise<void> {
    must(this.state === 'open', 'the sink is open');
    this.state = 'finished';
    return Promise.resolve();
  }

  abort(): Promise<void> {
    must(this.state === 'open', 'the sink is open');
    must(this.writesAtOnce === 0, 'no write is under way');
    this.state = 'aborted';
    return Promise.resolve();
  }
}

interface ReceivedFile {
  fields: Partial<Record<Field, string>>;
  file: UploadedFile;
}

export interface Received {
  app: FastifyInstance;
  uploads: ReceivedFile[];
  sinks: MemorySink[];
  errors: unknown[];
}

export function createReceiver(overrides: Partial<UploadOptions<Field>> = {}): Received {
  const uploads: ReceivedFile[] = [];
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
        const { file, fields } = await readUpload(request, reply, {
          fields: ['to', 'from', 'options', 'metadata'],
          limits: { fileBytesMax: 3_000_000, plan: 'plan_pro', upgradeUrl: '/plans' },
          open: async () => {
            const sink = new MemorySink();
            sinks.push(sink);
            return sink;
          },
          ...overrides,
        });
        must(file !== null, 'a form without a file is refused');
        uploads.push({ fields, file });
        return { ok: true };
      } catch (error) {
        errors.push(error);
        throw error;
      }
    },
  });
  const app = createServerUnderTest([route]);
  return { app, uploads, sinks, errors };
}

export function head(headers: Record<string, string>): string {
  const lines = Object.entries({
    Host: 'x',
    'Content-Type': 'multipart/form-data; boundary=x',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /upload HTTP/1.1\r\n${lines.join('')}\r\n`;
}

export function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** All that comes until the server closes. */
export function readAll(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('close', () => resolve(text));
  });
}
