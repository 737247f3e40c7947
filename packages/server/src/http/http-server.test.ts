import net from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { expectWire } from './expect-wire.ts';
import { createLog } from './log.ts';
import { defineRoute } from './route.ts';
import { open, post, simple, thing } from './routes-under-test.ts';
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

const broken = defineRoute({
  ...simple,
  url: '/broken',
  operationId: 'broken',
  access: { kind: 'public' },
  responses: { 204: null },
  handler: () => Promise.reject(new Error('secret text of the database')),
});
const reset = defineRoute({
  ...broken,
  url: '/reset',
  operationId: 'reset',
  // As `pg` hands on what the kernel says of a connection that PostgreSQL's death has cut.
  handler: () =>
    Promise.reject(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
});
const stream = defineRoute({
  ...simple,
  url: '/stream',
  operationId: 'stream',
  access: { kind: 'public' },
  responses: { 200: { description: 'Bytes', contentType: 'text/csv' } },
  handler: async ({ reply }) => reply.type('text/csv').send(Readable.from(['a,b\n'])),
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
      expect(reply.headers['request-id']).toMatch(/^req_[0-9a-z]{26}$/);
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

  test('where the database’s connection was reset is a 503, never the client’s fault', async () => {
    const reply = await serve([reset]).inject('/reset');
    expect(reply.json()).toMatchObject({ status: 503, code: 'overloaded', retryable: true });
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

  test('a JSON body that breaks off has no effect, and is told as the client’s', async () => {
    const lines: string[] = [];
    const log = createLog('debug', { write: (line) => lines.push(line) });
    const app = serve([thing], {}, { log });
    const socket = net.connect(await listen(app), '127.0.0.1');
    socket.write(
      'POST /v1/workspaces/org_a/things/t1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n' +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":',
    );
    setTimeout(() => socket.resetAndDestroy(), 50);
    await expect.poll(() => lines.join('')).toContain('"code":"invalid_request"');
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
