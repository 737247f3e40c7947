import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerDashboard } from './dashboard.ts';
import { createServerUnderTest } from './server-under-test.ts';

const script = 'console.log("a")'.repeat(100);
let folder: string;
let app: FastifyInstance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-dashboard-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(
    join(folder, 'index.html'),
    '<meta content="%STYLE_NONCE%"><b>%BILLING_MODE%</b><div id="root">',
  );
  await writeFile(join(folder, 'assets', 'main-abc.js'), script);
  await writeFile(join(folder, 'secret.txt'), 'secret');
  app = createServerUnderTest([]);
  registerDashboard(app, folder, { billingMode: 'simulator' });
  await app.ready();
});

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

const asBrowser = { accept: 'text/html,application/xhtml+xml' };

test('every address that a browser opens is the one page, with a nonce of its own', async () => {
  const nonces = new Set<string>();
  for (const url of ['/', '/sign-in', '/org_1/usage?days=7']) {
    const reply = await app.inject({ url, headers: asBrowser });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['cache-control']).toBe('no-store');
    const policy = String(reply.headers['content-security-policy']);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(reply.body).toContain(`content="${nonce}"`);
    expect(reply.body).toContain('<b>simulator</b>');
    nonces.add(nonce);
  }
  expect(nonces.size).toBe(3);
});

test('what belongs to machines, or was not asked for by a browser, is no page', async () => {
  for (const url of ['/v1/nothing', '/v1', '/api/auth/nothing', '/docs/nothing', '/assets/no.js']) {
    const reply = await app.inject({ url, headers: asBrowser });
    expect(reply.statusCode).toBe(404);
    expect(reply.headers['content-type']).toContain('application/problem+json');
  }
  expect((await app.inject('/org_1/usage')).statusCode).toBe(404);
  expect((await app.inject({ method: 'POST', url: '/', headers: asBrowser })).statusCode).toBe(404);
});

test('assets are kept for ever, compressed where asked, and answered 304 where known', async () => {
  const url = '/assets/main-abc.js';
  const plain = await app.inject(url);
  expect(plain.body).toBe(script);
  expect(plain.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  const packed = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(packed.rawPayload).toString()).toBe(script);
  const headers = { 'if-none-match': String(plain.headers.etag) };
  expect((await app.inject({ url, headers })).statusCode).toBe(304);
});

test('no request reaches a file outside the assets', async () => {
  for (const path of [
    '../secret.txt',
    '..%2fsecret.txt',
    '%2e%2e/secret.txt',
    'a/../../secret.txt',
  ]) {
    const reply = await app.inject({ url: `/assets/${path}`, headers: asBrowser });
    expect(reply.body).not.toContain('secret"');
    expect(reply.body).not.toBe('secret');
  }
});

test('without a build the page says how to make one', async () => {
  const bare = createServerUnderTest([]);
  registerDashboard(bare, join(folder, 'nowhere'), { billingMode: 'off' });
  const reply = await bare.inject({ url: '/', headers: asBrowser });
  expect(reply.body).toContain('npm run build');
  await bare.close();
});
