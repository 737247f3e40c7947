import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { expectWire } from './expect-wire.ts';
import { open, operatorOnly, post, thing } from './routes-under-test.ts';
import { createServerUnderTest } from './server-under-test.ts';

const running: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

function serve(...args: Parameters<typeof createServerUnderTest>): FastifyInstance {
  const app = createServerUnderTest(...args);
  running.push(app);
  return app;
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

  const asMember = (cookie: string, changes: object = {}) =>
    post(app(), { headers: { cookie, origin: 'https://mutate.test' }, ...changes });

  test('a member with one of the roles, in a workspace of their own, and no other', async () => {
    expect((await asMember('role=admin')).statusCode).toBe(201);
    expect((await asMember('role=member')).json()).toMatchObject({
      status: 403,
      required_roles: ['owner', 'admin'],
    });
    const foreign = await asMember('role=owner', { url: '/v1/workspaces/org_b/things/t1' });
    expect(foreign.statusCode).toBe(404);
    expect((await asMember('role=nobody')).statusCode).toBe(401);
  });

  test('a member from a page of ours only', async () => {
    for (const origin of [undefined, 'https://evil.example', 'null', 'https://mutate.test.evil']) {
      const headers = { cookie: 'role=admin', ...(origin === undefined ? {} : { origin }) };
      expect((await asMember('', { headers })).statusCode).toBe(403);
    }
    const onHost = { cookie: 'role=admin', origin: 'http://localhost:80', host: 'localhost:80' };
    const headers = { ...onHost, origin: 'http://localhost' };
    expect((await asMember('', { headers })).statusCode).toBe(403);
    const same = { ...onHost, host: 'localhost' };
    expect((await asMember('', { headers: same })).statusCode).toBe(201);
  });

  test('a member so many times a minute as the plan says', async () => {
    const one = app();
    const headers = { cookie: 'role=admin', origin: 'https://mutate.test' };
    const statuses = [];
    for (let index = 0; index < 4; index++) {
      statuses.push((await post(one, { headers })).statusCode);
    }
    expect(statuses).toEqual([201, 201, 201, 429]);
  });

  test('the super admin who is signed in, once the second factor is passed', async () => {
    const ask = (cookie: string) =>
      app().inject({ method: 'GET', url: '/v1/admin/things', headers: { cookie } });
    expect((await ask('role=root')).statusCode).toBe(204);
    expect((await ask('role=half')).json()).toMatchObject({
      status: 403,
      reason: 'second_factor_missing',
    });
    expect((await ask('role=owner')).statusCode).toBe(403);
    expect((await asMember('role=root')).statusCode).toBe(201);
    expect((await asMember('role=half')).statusCode).toBe(404);
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
