import net from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expectWire } from './expect-wire.ts';
import { createLog } from './log.ts';
import { defineRoute } from './route.ts';
import { createServerUnderTest, listen } from './server-under-test.ts';

const running: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

function serve(...args: Parameters<typeof createServerUnderTest>): FastifyInstance {
  const app = createServerUnderTest(...args);
  running.push(app);
  return app;
}

const thing = defineRoute({
  method: 'POST',
  url: '/v1/workspaces/:workspaceId/things/:thingId',
  operationId: 'createThing',
  summary: 'Create',
  tag: 'Test',
  access: { kind: 'workspace', scope: 'usage:read' },
  query: z.strictObject({ mode: z.enum(['fast', 'slow']).default('fast') }),
  body: z.strictObject({
    name: z.string().min(1).max(5),
    tags: z.array(z.int().min(1).max(9)).optional(),
  }),
  responses: { 201: z.object({ id: z.string(), workspace_id: z.string(), mode: z.string() }) },
  errors: [],
  handler: ({ ctx, params, query }) =>
    Promise.resolve({ id: params.thingId, workspace_id: ctx.organization.id, mode: query.mode }),
});

const simple = {
  method: 'GET',
  summary: 'Test',
  tag: 'Test',
  errors: [],
} as const;
const open = defineRoute({
  ...simple,
  url: '/open',
  operationId: 'open',
  access: { kind: 'public' },
  responses: { 200: z.object({ actor: z.string() }) },
  handler: ({ ctx }) => Promise.resolve({ actor: ctx.actor.id }),
});
const operatorOnly = defineRoute({
  ...simple,
  url: '/v1/admin/things',
  operationId: 'listAll',
  access: { kind: 'super_admin' },
  responses: { 204: null },
  handler: () => Promise.resolve(null),
});
const broken = defineRoute({
  ...simple,
  url: '/broken',
  operationId: 'broken',
  access: { kind: 'public' },
  responses: { 204: null },
  handler: () => Promise.reject(new Error('secret text of the database')),
});
const stream = defineRoute({
  ...simple,
  url: '/stream',
  operationId: 'stream',
  access: { kind: 'public' },
  responses: { 200: { description: 'Bytes', contentType: 'text/csv' } },
  handler: async ({ reply }) => reply.type('text/csv').send(Readable.from(['a,b\n'])),
});

function post(app: FastifyInstance, changes: object = {}, caller = 'a') {
  return app.inject({
    method: 'POST',
    url: '/v1/workspaces/org_a/things/t1?mode=slow',
    headers: { authorization: `Bearer ${caller}` },
    payload: { name: 'x' },
    ...changes,
  });
}

describe('who may call', () => {
  const app = () => serve([thing, open, operatorOnly]);

  test('a key with the scope, in its own workspace', async () => {
    const reply = await post(app());
    expect(reply.statusCode).toBe(201);
    expect(expectWire(thing, reply)).toEqual({ id: 't1', workspace_id: 'org_a', mode: 'slow' });
  });

  test('the super admin, in every workspace that exists', async () => {
    expect((await post(app(), {}, 'admin')).statusCode).toBe(201);
    const unknown = await post(app(), { url: '/v1/workspaces/org_none/things/t1' }, 'admin');
    expect(unknown.json()).toMatchObject({ status: 404, code: 'not_found' });
    const nul = await post(app(), { url: '/v1/workspaces/%00/things/t1' }, 'admin');
    expect(nul.statusCode).toBe(404);
  });

  test('nobody without credentials or with wrong ones', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const reply = await post(app(), { headers });
      expect(expectWire(thing, reply)).toMatchObject({ status: 401, code: 'unauthenticated' });
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="mutate"');
    }
  });

  test('another workspace is not there, whether it exists or not', async () => {
    const replies = [
      await post(app(), { url: '/v1/workspaces/org_b/things/t1' }),
      await post(app(), { url: '/v1/workspaces/org_none/things/t1' }),
    ].map((reply) => ({ ...reply.json<object>(), instance: '', request_id: '' }));
    expect(replies[0]).toMatchObject({ status: 404, code: 'not_found' });
    expect(replies[0]).toEqual(replies[1]);
  });

  test('no key without the scope, which the refusal names', async () => {
    expect((await post(app(), {}, 'poor')).json()).toMatchObject({
      status: 403,
      code: 'forbidden',
      required_scope: 'usage:read',
    });
  });

  test('no key where only the super admin may', async () => {
    const call = (caller: string) =>
      app().inject({ url: '/v1/admin/things', headers: { authorization: `Bearer ${caller}` } });
    expect((await call('a')).statusCode).toBe(403);
    const reply = await call('admin');
    expect(reply.statusCode).toBe(204);
    expect(expectWire(operatorOnly, reply)).toBeNull();
  });
});

describe('the order of refusals', () => {
  test('401, 404, 403, 429, 400: each before the next, all before the body', async () => {
    const app = serve([thing]);
    const bad = { payload: 'not json', headers: { 'content-type': 'application/json' } };
    const call = (caller: string, url = '/v1/workspaces/org_a/things/t1') =>
      post(app, { url, ...bad, headers: { ...bad.headers, authorization: `Bearer ${caller}` } });
    expect((await call('nobody', '/v1/workspaces/org_b/things/t1')).statusCode).toBe(401);
    expect((await call('poor', '/v1/workspaces/org_b/things/t1')).statusCode).toBe(404);
    expect((await call('poor')).statusCode).toBe(403);
    const statuses = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await call('slow')).statusCode);
    expect(statuses).toEqual([400, 400, 400, 429]);
  });
});

describe('rate limits', () => {
  test('a key is told its limit, and when it may come again', async () => {
    const app = serve([thing]);
    const first = await post(app, {}, 'slow');
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"key";q=3;w=60',
      ratelimit: '"key";r=2;t=60',
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-reset': '60',
    });
    expect(first.headers['retry-after']).toBeUndefined();
    await post(app, {}, 'slow');
    await post(app, {}, 'slow');
    const refused = await post(app, {}, 'slow');
    expect(refused.json()).toMatchObject({ status: 429, code: 'rate_limited', retryable: true });
    expect(refused.headers.ratelimit).toMatch(/^"key";r=0;t=\d+$/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  test('an address is limited by its anonymous and failed requests only', async () => {
    const app = serve([thing, open], { addressRequestsPerMinuteMax: 2 });
    expect((await post(app, {}, 'wrong')).statusCode).toBe(401);
    expect((await app.inject('/open')).statusCode).toBe(200);
    expect((await app.inject('/open')).statusCode).toBe(429);
    const refused = await post(app, {}, 'wrong');
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect((await post(app)).statusCode).toBe(201);
  });

  test('IPv6 counts by /64; a forwarded address only through trusted proxies', async () => {
    const call = (app: FastifyInstance, remoteAddress: string, forwarded?: string) =>
      app.inject({
        url: '/open',
        remoteAddress,
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      });
    const deps = { addressRequestsPerMinuteMax: 1 };
    const direct = serve([open], deps);
    expect((await call(direct, '2001:db8:0:1::1')).statusCode).toBe(200);
    expect((await call(direct, '2001:db8:0:1:ffff::2')).statusCode).toBe(429);
    expect((await call(direct, '2001:db8:0:2::1')).statusCode).toBe(200);
    expect((await call(direct, '10.0.0.1', '1.1.1.1')).statusCode).toBe(200);
    expect((await call(direct, '10.0.0.1', '1.1.1.2')).statusCode).toBe(429);
    expect((await call(direct, '::ffff:10.0.0.1')).statusCode).toBe(429);
    const proxied = serve([open], deps, { trustProxyHops: 1 });
    expect((await call(proxied, '10.0.0.1', 'forged, 1.1.1.1')).statusCode).toBe(200);
    expect((await call(proxied, '10.0.0.1', 'other, 1.1.1.1')).statusCode).toBe(429);
    expect((await call(proxied, '10.0.0.1', 'forged, 1.1.1.2')).statusCode).toBe(200);
  });
});

describe('bad requests name the place and the allowed values', () => {
  const cases: [string, object, object[]][] = [
    [
      'wrong members',
      { payload: { name: '', tags: [1, 10], extra: 1 } },
      [
        { pointer: '/body/extra', detail: 'is not a known member' },
        { pointer: '/body/name', detail: 'must have at least 1 characters' },
        { pointer: '/body/tags/1', detail: 'must be at most 9' },
      ],
    ],
    ['a missing member', { payload: {} }, [{ pointer: '/body/name', detail: 'is required' }]],
    [
      'no body',
      { payload: undefined },
      [{ pointer: '/body', detail: 'is required: a JSON object' }],
    ],
    [
      'a value that is not offered',
      { url: '/v1/workspaces/org_a/things/t1?mode=no' },
      [{ pointer: '/query/mode', detail: 'must be one of "fast", "slow"' }],
    ],
  ];
  test.each(cases)('%s', async (_, changes, errors) => {
    const reply = await post(serve([thing]), changes);
    expect(expectWire(thing, reply)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(reply.json<{ errors: unknown[] }>().errors).toEqual(expect.arrayContaining(errors));
    expect(reply.json<{ errors: unknown[] }>().errors).toHaveLength(errors.length);
  });

  test.each([
    ['JSON that is none', { payload: '{"name":', contentType: 'application/json' }],
    ['a prototype', { payload: '{"__proto__":{}}', contentType: 'application/json' }],
    ['another content type', { payload: 'name=x', contentType: 'text/plain' }],
    ['a form', { payload: '--x--', contentType: 'multipart/form-data; boundary=x' }],
    ['a content type that is none', { payload: 'x', contentType: 'x' }],
    [
      'too much',
      { payload: JSON.stringify('x'.repeat(1_048_577)), contentType: 'application/json' },
    ],
  ])('%s is a 400, never a 413 or 415', async (_, { payload, contentType }) => {
    const headers = { authorization: 'Bearer a', 'content-type': contentType };
    const reply = await post(serve([thing]), { payload, headers });
    expect(expectWire(thing, reply)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(reply.headers['request-id']).toMatch(/^req_/);
  });
});

describe('every reply', () => {
  test('has a request id, also where nothing was found, broke or streamed', async () => {
    const app = serve([thing, open, broken, stream]);
    for (const url of ['/open', '/nothing', '/broken', '/stream', '/%ff', '/open?a=%']) {
      const reply = await app.inject(url);
      expect(reply.headers['request-id'], url).toMatch(/^req_[0-9a-z]{26}$/);
      if (reply.statusCode < 400) continue;
      const problem = expectWire(open, reply) as Record<string, unknown>;
      expect(problem.request_id).toBe(reply.headers['request-id']);
      expect(problem.type).toBe(`https://mutate.test/docs/errors#${String(problem.code)}`);
      expect(problem.instance).toBe(url.split('?')[0]);
    }
  });

  test('to what is not there, or not with this method, is a 404', async () => {
    const app = serve([open]);
    expect((await app.inject('/nothing')).json()).toMatchObject({ code: 'not_found' });
    const wrongMethod = await app.inject({ method: 'DELETE', url: '/open' });
    expect(wrongMethod.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('to an unknown error says nothing of it; the log does, without secrets', async () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => lines.push(line) });
    const app = serve([broken], {}, { log });
    const reply = await app.inject('/broken');
    expect(reply.json()).toMatchObject({ status: 500, code: 'internal_error', retryable: true });
    expect(reply.body).not.toContain('secret text');
    expect(lines.join('')).toContain('secret text');
    expect(lines.join('')).toContain(String(reply.headers['request-id']));
    log.info({ headers: { authorization: 'Bearer mk_live_1', cookie: 's' }, key: 'mk_live_2' });
    expect(lines.at(-1)).not.toMatch(/mk_live|"s"/);
  });

  test('while draining is a 503 that closes the connection; /livez still answers', async () => {
    const live = defineRoute({
      ...simple,
      url: '/livez',
      operationId: 'live',
      access: { kind: 'public' },
      responses: { 204: null },
      handler: () => Promise.resolve(null),
    });
    const app = serve([open, live], {}, { isDraining: () => true });
    const reply = await app.inject('/open');
    expect(reply.json()).toMatchObject({ status: 503, code: 'overloaded' });
    expect(reply.headers).toMatchObject({ connection: 'close', 'retry-after': '2' });
    expect((await app.inject('/livez')).statusCode).toBe(204);
  });
});

describe('on a socket', () => {
  async function exchange(app: FastifyInstance, text: string): Promise<string> {
    const socket = net.connect(await listen(app), '127.0.0.1');
    socket.write(text);
    let reply = '';
    socket.on('data', (data) => {
      reply += data.toString();
    });
    await new Promise((resolve) => socket.on('close', resolve));
    return reply;
  }

  test('what is no HTTP is answered with a problem document', async () => {
    const reply = await exchange(serve([open]), 'NONSENSE\r\n\r\n');
    expect(reply).toMatch(/^HTTP\/1.1 400 /);
    expect(reply).toMatch(/Request-Id: req_/);
    expect(reply).toContain('"code":"invalid_request"');
  });

  test('pipelined requests are answered in order, each with its own id', async () => {
    const get = 'GET /open HTTP/1.1\r\nHost: x\r\n\r\n';
    const last = 'GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const reply = await exchange(serve([open]), get + get + last);
    const ids = [...reply.matchAll(/request-id: (req_\w+)/gi)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(3);
  });

  test('a refusal before the body says so before it asks for the body', async () => {
    const begin =
      'POST /v1/workspaces/org_a/things/t1 HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n' +
      'Content-Type: application/json\r\nExpect: 100-continue\r\nConnection: close\r\n';
    const refused = await exchange(serve([thing]), `${begin}\r\n`);
    expect(refused).toMatch(/^HTTP\/1.1 401 /);
    const taken = await exchange(
      serve([thing]),
      `${begin}Authorization: Bearer a\r\n\r\n{"name":"x"}`,
    );
    expect(taken).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /);
  });
});

test('a definition that contradicts itself is refused at the start', () => {
  const wrong = { ...open, access: { kind: 'workspace', scope: 'usage:read' } } as const;
  expect(() => createServerUnderTest([wrong])).toThrow('belong together');
});
