import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Mutate, MutateError, type UploadProgress } from './client.ts';
import { conversions, Peer } from './test/peer.ts';

let peer: Peer;
let folder: string;
let mutate: Mutate;

beforeEach(async () => {
  peer = await Peer.start();
  folder = await mkdtemp(join(tmpdir(), 'mutate-sdk-'));
  mutate = new Mutate({ apiKey: 'mk_live_peer', baseUrl: peer.url });
});

afterEach(async () => {
  await peer.close();
  await rm(folder, { recursive: true });
});

async function outputOf(id: string): Promise<string> {
  return new Response(await mutate.conversions.output(id)).text();
}

test('a path, a Blob, a File, bytes, a Node stream and a web stream all arrive whole', async () => {
  const path = join(folder, 'from-disk.txt');
  await writeFile(path, 'one');
  const inputs = [
    path,
    new Blob(['one']),
    new File(['one'], 'named.txt'),
    Buffer.from('one'),
    Readable.from([Buffer.from('o'), Buffer.from('ne')]),
    new Blob(['one']).stream() as ReadableStream<Uint8Array>,
  ];
  const names: string[] = [];
  for (const file of inputs) {
    const job = await mutate.conversions.create({ file, to: 'csv' });
    names.push(job.input.filename);
    expect(await outputOf(job.id)).toBe('ONE');
  }
  expect(names).toEqual(['from-disk.txt', 'file', 'named.txt', 'file', 'file', 'file']);
});

test('fields come before the file, and the length is told where it is known', async () => {
  await mutate.conversions.create({
    file: Buffer.from('x'),
    to: 'csv',
    from: 'xlsx',
    filename: 'ü "a"\r\nb.xlsx',
    options: { sheet: 'all' },
    metadata: { order: 7 },
    wait: 2.5,
    respondAsync: true,
    idempotencyKey: 'mine',
  });
  const [request] = peer.requestsTo(`POST ${conversions}`);
  const body = request?.body.toString() ?? '';
  const names = [...body.matchAll(/form-data; name="(\w+)"/g)].map(([, name]) => name);
  expect(names).toEqual(['to', 'from', 'options', 'metadata', 'file']);
  expect(body).toContain('filename="ü %22a%22%0D%0Ab.xlsx"');
  expect(request?.headers).toMatchObject({
    prefer: 'respond-async, wait=3',
    'idempotency-key': 'mine',
    'content-length': String(request?.body.length),
  });
});

test('progress grows to the whole length', async () => {
  const path = join(folder, 'large.bin');
  await writeFile(path, Buffer.alloc(1_000_000));
  const seen: UploadProgress[] = [];
  await mutate.conversions.create({ file: path, to: 'csv', onUpload: (now) => seen.push(now) });
  expect(seen.length).toBeGreaterThan(5);
  expect(seen.at(-1)?.sentBytes).toBe(seen.at(-1)?.totalBytes);
});

test('a folder, a missing file and a stream that breaks are told as what they are', async () => {
  const create = (file: string | Readable) => mutate.conversions.create({ file, to: 'csv' });
  await expect(create(folder)).rejects.toThrow('is a folder');
  await expect(create(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  const broken = new Readable({
    read(): void {
      this.destroy(new Error('the disk is gone'));
    },
  });
  await expect(create(broken)).rejects.toThrow('the disk is gone');
  expect(peer.requestsTo(`POST ${conversions}`)).toHaveLength(0);
});

test('a refusal in the middle of a large upload is heard, and not sent again', async () => {
  const path = join(folder, 'large.bin');
  await writeFile(path, Buffer.alloc(30_000_000));
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const problem = { code: 'file_too_large', detail: 'Too large.', limit_bytes: 10 };
    response.writeHead(413, { connection: 'close' });
    response.end(JSON.stringify(problem), () => setTimeout(() => request.destroy(), 50));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const other = new Mutate({ apiKey: 'mk_live_peer', baseUrl, workspaceId: 'org_peer' });
  const error: unknown = await other.conversions
    .create({ file: path, to: 'csv' })
    .catch((reason: unknown) => reason);
  server.closeAllConnections();
  server.close();
  expect(error).toBeInstanceOf(MutateError);
  expect(error).toMatchObject({ code: 'file_too_large', extras: { limit_bytes: 10 } });
  expect(requests).toBe(1);
});

test('an upload of 400 MB needs far less memory than that', async () => {
  const path = join(folder, 'huge.bin');
  await writeFile(path, '');
  await truncate(path, 400_000_000);
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"id":"job_1","status":"succeeded"}'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // In a process of its own, since the test runner's fetch does not show what a plain one keeps.
  const script = `
    const [client, baseUrl, file] = process.argv.slice(1);
    const { Mutate } = await import(client);
    const mutate = new Mutate({ apiKey: 'mk_live_peer', baseUrl, workspaceId: 'org_peer' });
    await mutate.conversions.create({ file, to: 'csv' });
    console.log(process.resourceUsage().maxRSS);`;
  const client = new URL('client.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', script, client, baseUrl, path];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  server.closeAllConnections();
  server.close();
  expect(Number(stdout)).toBeGreaterThan(10_000);
  expect(Number(stdout) / 1000).toBeLessThan(250);
});
