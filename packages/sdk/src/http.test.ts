import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { ConnectionError, Mutate, MutateError } from './client.ts';
import { conversions, Peer, sendJson, workspace } from './test/peer.ts';

let peer: Peer;
let folder: string;

beforeEach(async () => {
  peer = await Peer.start();
  folder = await mkdtemp(join(tmpdir(), 'mutate-sdk-'));
});

afterEach(async () => {
  await peer.close();
  await rm(folder, { recursive: true });
});

function client(options: { retries?: number; timeoutMs?: number; workspaceId?: string } = {}) {
  return new Mutate({ apiKey: 'mk_live_peer', baseUrl: `${peer.url}/`, ...options });
}

async function errorOf(promise: Promise<unknown>): Promise<MutateError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MutateError);
  return error as MutateError;
}

test('the workspace is looked up once and only where none is given', async () => {
  const found = client();
  await Promise.all([found.usage.get(), found.usage.get()]);
  await found.usage.get();
  expect(peer.requestsTo('GET /v1/workspaces')).toHaveLength(1);
  await client({ workspaceId: 'org_peer' }).usage.get();
  expect(peer.requestsTo('GET /v1/workspaces')).toHaveLength(1);
});

test('a lookup that failed is tried again by the next call', async () => {
  peer.refuse('GET /v1/workspaces', 401, { code: 'unauthenticated', detail: 'Not yet.' });
  const mutate = client();
  expect((await errorOf(mutate.usage.get())).code).toBe('unauthenticated');
  expect((await mutate.usage.get()).object).toBe('usage');
});

test('a problem document becomes an error with all its members', async () => {
  const problem = { code: 'quota_exceeded', detail: 'All are used.', limit: 5, upgrade_url: '/up' };
  peer.refuse(`GET ${workspace}/usage`, 402, { ...problem, retryable: false });
  const error = await errorOf(client().usage.get());
  expect(error).toMatchObject({
    code: 'quota_exceeded',
    status: 402,
    detail: 'All are used.',
    message: 'All are used.',
    requestId: 'req_problem',
    retryable: false,
    extras: { limit: 5, upgrade_url: '/up' },
  });
  expect(peer.requestsTo(`GET ${workspace}/usage`)).toHaveLength(1);
});

test('a 429 is tried again after its Retry-After', async () => {
  const refused = { code: 'rate_limited', detail: 'Slow down.' };
  peer.refuse(`GET ${workspace}/usage`, 429, refused, { 'retry-after': '1' });
  const startedMs = performance.now();
  await client().usage.get();
  expect(performance.now() - startedMs).toBeGreaterThan(990);
});

test('a Retry-After of more than a minute is left to the caller', async () => {
  const refused = { code: 'queue_full', detail: 'Too many wait.' };
  peer.refuse(`GET ${workspace}/usage`, 429, refused, { 'retry-after': '3600' });
  const error = await errorOf(client().usage.get());
  expect(error).toMatchObject({ code: 'queue_full', retryAfterMs: 3_600_000 });

  const date = new Date(Date.now() + 3_600_000).toUTCString();
  peer.refuse(`GET ${workspace}/usage`, 429, refused, { 'retry-after': date });
  const dated = await errorOf(client().usage.get());
  expect(dated.retryAfterMs).toBeGreaterThan(3_590_000);
});

test('an upload survives 503, a dropped connection and a bare 502, under one key', async () => {
  const path = join(folder, 'data.txt');
  await writeFile(path, 'abc');
  const route = `POST ${conversions}`;
  peer.refuse(route, 503, { code: 'overloaded', detail: 'Busy.' });
  peer.intercept(route, (_request, response) => void response.socket?.destroy());
  peer.intercept(route, (_request, response) => void response.writeHead(502).end('<html>'));
  const job = await client().conversions.create({ file: path, to: 'csv' });
  expect(job).toMatchObject({ status: 'succeeded', input: { filename: 'data.txt' } });
  const keys = peer.requestsTo(route).map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
});

test('a deletion whose reply was lost is done when the repeat finds nothing, and only then', async () => {
  const route = `DELETE ${workspace}`;
  const erase = () => client().workspaces.delete('org_peer', { name: 'Peer' });
  const gone = { code: 'not_found', detail: 'No such workspace.' };
  peer.intercept(route, (_request, response) => void response.socket?.destroy());
  peer.refuse(route, 404, gone);
  await erase();
  expect(peer.requestsTo(route)).toHaveLength(2);
  peer.refuse(route, 404, gone);
  expect((await errorOf(erase())).code).toBe('not_found');
  peer.refuse(route, 429, { code: 'rate_limited', detail: 'Slow down.' }, { 'retry-after': '0' });
  peer.refuse(route, 404, gone);
  expect((await errorOf(erase())).code).toBe('not_found');
});

test('a reply cut off in its middle is asked for again', async () => {
  peer.intercept(`GET ${workspace}/usage`, (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"object":', () => response.socket?.destroy());
  });
  expect((await client().usage.get()).object).toBe('usage');
});

test('retries are bounded', async () => {
  const route = `GET ${workspace}/usage`;
  for (let i = 0; i < 9; i += 1) peer.refuse(route, 500, { code: 'internal_error', detail: 'No.' });
  expect((await errorOf(client({ retries: 2 }).usage.get())).code).toBe('internal_error');
  expect(peer.requestsTo(route)).toHaveLength(3);
});

test('a request still running under our key is waited for beyond the retries', async () => {
  const route = `POST ${conversions}`;
  const busy = { code: 'idempotency_in_progress', detail: 'Still running.' };
  for (let i = 0; i < 3; i += 1) peer.refuse(route, 409, busy, { 'retry-after': '0' });
  const file = new Uint8Array([97]);
  const job = await client({ retries: 0 }).conversions.create({ file, to: 'csv' });
  expect(job.status).toBe('succeeded');
});

test.each([
  [409, 'conflict'],
  [504, 'conversion_timeout'],
  [422, 'document_invalid'],
])('%i %s is not tried again', async (status, code) => {
  peer.refuse(`GET ${workspace}/usage`, status, { code, detail: 'No.', retryable: status === 504 });
  expect((await errorOf(client().usage.get())).code).toBe(code);
  expect(peer.requestsTo(`GET ${workspace}/usage`)).toHaveLength(1);
});

test('a stream that was read from is not sent a second time', async () => {
  const route = `POST ${conversions}`;
  peer.refuse(route, 503, { code: 'overloaded', detail: 'Busy.' });
  const file = Readable.from([Buffer.from('abc')]);
  const error = await errorOf(client().conversions.create({ file, to: 'csv', filename: 'a.txt' }));
  expect(error.code).toBe('overloaded');
  expect(peer.requestsTo(route)).toHaveLength(1);
});

test('a server that is not there is a ConnectionError that names it', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => {
    probe.once('listening', resolve);
  });
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  const mutate = new Mutate({ apiKey: 'mk_live_peer', baseUrl, retries: 0 });
  const error = await errorOf(mutate.formats.list());
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error.detail).toContain(`127.0.0.1:${port}`);
  expect(error.detail).toContain('ECONNREFUSED');
});

test('a silent server times out, one that keeps sending does not', async () => {
  const route = `GET ${workspace}/usage`;
  peer.intercept(route, () => undefined);
  const mutate = client({ retries: 0, timeoutMs: 300, workspaceId: 'org_peer' });
  expect((await errorOf(mutate.usage.get())).code).toBe('timed_out');

  const { id } = await mutate.conversions.create({ file: new Uint8Array(4), to: 'csv' });
  peer.intercept(`GET ${conversions}/${id}/output`, async (_request, response) => {
    for (const letter of 'slowly') {
      response.write(letter);
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
    response.end();
  });
  const output = await mutate.conversions.output(id);
  expect(await new Response(output).text()).toBe('slowly');
});

test('a slow reader is not taken for a silent server', async () => {
  const mutate = client({ timeoutMs: 200 });
  const { id } = await mutate.conversions.create({ file: new Uint8Array(4), to: 'csv' });
  const output = await mutate.conversions.output(id);
  await new Promise((resolve) => {
    setTimeout(resolve, 500);
  });
  expect((await new Response(output).bytes()).length).toBe(4);
});

test('an abort ends the call with its reason, also between two tries', async () => {
  const refused = { code: 'rate_limited', detail: 'Slow down.' };
  peer.refuse(`GET ${conversions}/job_1`, 429, refused, { 'retry-after': '50' });
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 100);
  const promise = client().conversions.get('job_1', { signal: abort.signal });
  await expect(promise).rejects.toThrow('enough');
});

test('another program at that address is told apart', async () => {
  peer.intercept('GET /v1/formats', (_request, response) => void response.end('<html>hello'));
  expect((await errorOf(client().formats.list())).code).toBe('unexpected_reply');
});

test('a malformed key or address is refused without printing the key', () => {
  const make = (apiKey: string, baseUrl: string) => (): Mutate => new Mutate({ apiKey, baseUrl });
  expect(make('mk_secret\nx', 'http://a')).toThrow(/^apiKey is empty or has characters/);
  expect(make('mk_live_x', 'localhost:3000')).toThrow('baseUrl must be an http or https URL');
});

test('a list is fetched a page at a time, only as far as it is read', async () => {
  const mutate = client();
  for (let i = 0; i < 5; i += 1) {
    await mutate.conversions.create({ file: new Uint8Array(1), to: 'csv' });
  }
  const ids: string[] = [];
  for await (const job of mutate.conversions.list({ limit: 2, status: 'succeeded' })) {
    ids.push(job.id);
  }
  expect(ids).toEqual(['job_5', 'job_4', 'job_3', 'job_2', 'job_1']);
  const pages = peer.requestsTo(`GET ${conversions}`);
  expect(pages.map(({ query }) => query.get('starting_after'))).toEqual([null, 'job_4', 'job_2']);
  expect(pages[0]?.query.get('status')).toBe('succeeded');
  for await (const job of mutate.conversions.list({ limit: 2 })) {
    if (job.id === 'job_5') break;
  }
  expect(peer.requestsTo(`GET ${conversions}`)).toHaveLength(4);
});

test('ids cannot leave their place in the path', async () => {
  peer.intercept(`GET ${conversions}/..%2F..%2Fusage`, (_request, response) =>
    sendJson(response, 200, { id: 'seen' }),
  );
  expect((await client().conversions.get('../../usage')).id).toBe('seen');
});

test('keys, quotes and plans are asked for as the API names them', async () => {
  const mutate = client();
  const answer = (route: string, body: object): void =>
    peer.intercept(route, (_request, response) => sendJson(response, 200, body));
  const sent = (route: string): unknown =>
    JSON.parse(peer.requestsTo(route)[0]?.body.toString() ?? 'null') as unknown;

  const keys = `${workspace}/api-keys`;
  answer(`POST ${keys}`, { id: 'key_1', key: 'mk_live_new' });
  expect((await mutate.apiKeys.create({ name: 'ci', expiresAt: '2027-01-01T00:00:00Z' })).key).toBe(
    'mk_live_new',
  );
  expect(sent(`POST ${keys}`)).toEqual({ name: 'ci', expires_at: '2027-01-01T00:00:00Z' });
  answer(`GET ${keys}`, { data: [{ id: 'key_1' }], has_more: false, next_cursor: null });
  for await (const key of mutate.apiKeys.list()) expect(key.id).toBe('key_1');
  peer.intercept(`DELETE ${keys}/key_1`, (_request, response) => response.writeHead(204).end());
  await mutate.apiKeys.delete('key_1');

  answer(`POST ${conversions}/quote`, { object: 'quote', verdict: 'allowed' });
  const quote = await mutate.conversions.quote({ from: 'xlsx', to: 'csv', sizeBytes: 5 });
  expect(quote['verdict']).toBe('allowed');
  expect(sent(`POST ${conversions}/quote`)).toEqual({ from: 'xlsx', to: 'csv', size_bytes: 5 });

  answer('GET /v1/plans', { data: [{ id: 'plan_free' }], has_more: false, next_cursor: null });
  expect((await mutate.plans.list()).map(({ id }) => id)).toEqual(['plan_free']);
  const own = { data: [{ id: 'plan_own' }], has_more: false, next_cursor: null };
  answer(`GET ${workspace}/plans`, own);
  expect((await mutate.subscription.plans()).map(({ id }) => id)).toEqual(['plan_own']);
});
