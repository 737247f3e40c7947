import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario, type Scene } from '../../test/scenario.ts';
import { startTestService, type TestService } from '../../test/service.ts';

const csv = 'name,age\r\nAda,36\r\n';
const megabyte = 1_048_576;

let source: Server;
let origin: string;
let requests: IncomingMessage[] = [];
/** Replies that are not given yet. */
let held: ServerResponse[] = [];
let tested: TestService;

/** A host of files, as the operator may have one on the own network. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  requests.push(request);
  const { pathname } = new URL(request.url ?? '/', 'http://x');
  if (pathname === '/people.csv') response.end(csv);
  else if (pathname === '/export') {
    const disposition = `attachment; filename="x"; filename*=UTF-8''caf%C3%A9%2F..%2Fmenu.csv`;
    response.writeHead(200, { 'content-disposition': disposition }).end(csv);
  } else if (pathname === '/typed') {
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' }).end(csv);
  } else if (pathname === '/large-told.csv') {
    response.writeHead(200, { 'content-length': 11 * megabyte }).end('a');
  } else if (pathname === '/large-untold.csv') {
    for (let sent = 0; sent < 11; sent++) response.write(Buffer.alloc(megabyte, 'a,b\n'));
    response.end();
  } else if (pathname === '/cut.csv') {
    response.writeHead(200, { 'content-length': 100 });
    response.write('a,b\n', () => response.destroy());
  } else if (pathname === '/held.csv') {
    held.push(response);
  } else if (pathname === '/inside') {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end();
  } else response.writeHead(404).end('the secret page of an internal host');
}

beforeAll(async () => {
  source = createServer(serve);
  await new Promise<void>((resolve) => {
    source.listen(0, '127.0.0.1', resolve);
  });
  origin = `127.0.0.1:${(source.address() as AddressInfo).port}`;
  tested = await startTestService({ env: { IMPORT_ALLOWED_HOSTS: `${origin}, files.internal` } });
});
afterAll(async () => {
  await tested.close();
  source.closeAllConnections();
  source.close();
});
beforeEach(() => {
  requests = [];
});

const scene = () => scenario(tested.database.db, systemClock).organization();

async function send(owner: Scene, body: object | FormData, headers: Record<string, string> = {}) {
  const isForm = body instanceof FormData;
  const response = await tested.fetch(`/v1/workspaces/${owner.organizationId}/conversions`, {
    method: 'POST',
    key: owner.apiKey,
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? headers : { 'content-type': 'application/json', ...headers },
  });
  const reply = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, reply };
}

async function expectNothingLeft(owner: Scene): Promise<void> {
  const path = `/v1/workspaces/${owner.organizationId}/usage`;
  const usage = await (await tested.fetch(path, { key: owner.apiKey })).json();
  expect(usage).toMatchObject({ conversions: { used: 0, reserved: 0 } });
  await expectInvariants(tested.database.db, owner.organizationId, new Date());
  const [process] = await readdir(join(tested.dataFolder, 'work'));
  const work = join(tested.dataFolder, 'work', process ?? '');
  // A job that an earlier test queued may still be under way.
  await expect.poll(() => readdir(work), { timeout: 30_000 }).toEqual([]);
}

describe('a conversion of what a URL stands for', () => {
  it('is fetched, converted and counted, from JSON and from a form', async () => {
    const owner = await scene().create();
    const body = {
      source_url: `http://${origin}/people.csv?token=x`,
      to: 'json',
      metadata: { a: 1 },
    };
    const json = await send(owner, body);
    expect(json.status).toBe(201);
    expect(json.reply).toMatchObject({
      type: 'CSV_TO_JSON',
      status: 'succeeded',
      input: { filename: 'people.csv', size_bytes: csv.length },
      metadata: { a: 1 },
    });
    const form = new FormData();
    form.append('source_url', `http://${origin}/people.csv`);
    form.append('to', 'json');
    expect((await send(owner, form)).status).toBe(201);
    const path = `/v1/workspaces/${owner.organizationId}/usage`;
    const usage = await (await tested.fetch(path, { key: owner.apiKey })).json();
    expect(usage).toMatchObject({ conversions: { used: 2, reserved: 0 } });
    expect(requests[0]?.headers.authorization).toBeUndefined();
  });

  it('is fetched by eight requests of a workspace at once, and by others beside them', async () => {
    const owner = await scene().create();
    const other = await scene().create();
    held = [];
    const body = { source_url: `http://${origin}/held.csv`, to: 'json' };
    const queued = { prefer: 'respond-async' };
    const sent = Array.from({ length: 10 }, () => send(owner, body, queued));
    await expect.poll(() => held.length, { timeout: 30_000 }).toBe(8);
    const beside = { source_url: `http://${origin}/people.csv`, to: 'json' };
    expect((await send(other, beside)).status).toBe(201);
    expect(held.length).toBe(8);
    for (const response of held.splice(0)) response.end(csv);
    await expect.poll(() => held.length, { timeout: 30_000 }).toBe(2);
    for (const response of held.splice(0)) response.end(csv);
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(10).fill(202));
  });

  it('is named by Content-Disposition, or has the extension of its media type', async () => {
    const owner = await scene().create();
    const named = await send(owner, { source_url: `http://${origin}/export?id=7`, to: 'json' });
    expect(named.reply).toMatchObject({ input: { filename: 'menu.csv' } });
    const typed = await send(owner, { source_url: `http://${origin}/typed`, to: 'json' });
    expect(typed.reply).toMatchObject({ input: { filename: 'typed.csv' } });
  });

  it('is queued with respond-async, and only stored bytes are converted', async () => {
    const owner = await scene().create();
    const body = { source_url: `http://${origin}/people.csv`, to: 'json' };
    const sent = await send(owner, body, { prefer: 'respond-async' });
    expect(sent.status).toBe(202);
    expect(requests).toHaveLength(1);
  });

  it('is replayed under its idempotency key without fetching again; another URL is another request', async () => {
    const owner = await scene().create();
    const headers = { 'idempotency-key': 'import-1' };
    const body = { source_url: `http://${origin}/people.csv`, to: 'json' };
    const first = await send(owner, body, headers);
    const again = await send(owner, body, headers);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.reply.id).toBe(first.reply.id);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(requests).toHaveLength(1);
    const other = await send(owner, { ...body, source_url: `http://${origin}/typed` }, headers);
    expect(other.reply).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    expect(requests).toHaveLength(1);
  });

  it('whose JSON is larger than a megabyte is 400, and the next request is answered', async () => {
    const owner = await scene().create();
    const metadata = { text: 'x'.repeat(2 * megabyte) };
    const sent = await send(owner, { source_url: `http://${origin}/`, to: 'json', metadata });
    expect(sent.reply).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(sent.reply.detail).toContain('at most 1048576 bytes');
    // The connection is not left with half a body in it.
    expect((await send(owner, {})).status).toBe(400);
  });

  test.each([
    ['told by Content-Length', '/large-told.csv'],
    ['found at the byte that crosses', '/large-untold.csv'],
  ])('above the plan’s limit is 413, %s', async (_when, path) => {
    const owner = await scene().create();
    const sent = await send(owner, { source_url: `http://${origin}${path}`, to: 'json' });
    expect(sent.reply).toMatchObject({
      status: 413,
      code: 'file_too_large',
      limit_bytes: 10 * megabyte,
    });
    await expectNothingLeft(owner);
  });

  test.each([
    ['/missing', 'it answered with status 404'],
    ['/cut.csv', 'it broke off'],
  ])('that fails at its source (%s) is 422 and says so', async (path, words) => {
    const owner = await scene().create();
    const sent = await send(owner, { source_url: `http://${origin}${path}`, to: 'json' });
    expect(sent.reply).toMatchObject({ status: 422, code: 'source_unavailable' });
    expect(sent.reply.detail).toContain(words);
    expect(JSON.stringify(sent.reply)).not.toContain('secret');
    await expectNothingLeft(owner);
  });

  test.each([
    'http://127.0.0.1:1/',
    'http://localhost/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:127.0.0.1]/',
    'file:///etc/passwd',
    'not a url',
    'http://unknown.invalid/',
    'INSIDE',
  ])('from %s is 400 in words that tell nothing of the network', async (url) => {
    const owner = await scene().create();
    const given = url === 'INSIDE' ? `http://${origin}/inside` : url;
    const sent = await send(owner, { source_url: given, to: 'json' });
    expect(sent.reply).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [
        {
          pointer: '/source_url',
          detail:
            'must be the http or https URL of a public host, without a user name, on a usual port',
        },
      ],
    });
    await expectNothingLeft(owner);
  });

  it('beside a file, without a target, or with an unknown member is 400', async () => {
    const owner = await scene().create();
    const url = `http://${origin}/people.csv`;
    const both = new FormData();
    both.append('file', new Blob([csv]), 'a.csv');
    both.append('source_url', url);
    both.append('to', 'json');
    for (const body of [
      both,
      { source_url: url },
      { to: 'json' },
      { source_url: url, to: 'json', file: 'x' },
      { source_url: url, to: 'json', options: [] },
      { source_url: url, to: 'json', metadata: { a: '\0' } },
    ]) {
      expect((await send(owner, body)).reply).toMatchObject({ code: 'invalid_request' });
    }
    expect(requests).toHaveLength(0);
    await expectNothingLeft(owner);
  });

  it('is refused before it is fetched where the quota is used up', async () => {
    const owner = await scene().used(100).create();
    const sent = await send(owner, { source_url: `http://${origin}/people.csv`, to: 'json' });
    expect(sent.reply).toMatchObject({ code: 'quota_exceeded' });
    expect(requests).toHaveLength(0);
  });
});
