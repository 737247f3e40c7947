import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { Latencies } from './latencies.ts';

const hourMs = 3_600_000;

test('percentiles are at most 9 % above what was measured, and never below', () => {
  const latencies = new Latencies(() => 0);
  for (let ms = 1; ms <= 1000; ms += 1) latencies.record('GET /v1/things/:thingId', ms, 200);
  const [found] = latencies.list();
  expect(found).toMatchObject({ method: 'GET', path: '/v1/things/{thingId}', requests: 1000 });
  const { p50_ms: p50 = 0, p99_ms: p99 = 0 } = found ?? {};
  expect([p50 >= 500, p50 <= 545, p99 >= 990, p99 <= 1080]).toEqual([true, true, true, true]);
});

test('what is older than an hour is forgotten, and a route without requests is not listed', () => {
  let nowMs = 0;
  const latencies = new Latencies(() => nowMs);
  latencies.record('GET /old', 900, 200);
  nowMs += hourMs / 2;
  latencies.record('GET /old', 10, 503);
  latencies.record('GET /slow', 100, 200);
  expect(latencies.list().map(({ path }) => path)).toEqual(['/old', '/slow']);
  nowMs += hourMs / 2;
  expect(latencies.list()).toMatchObject([
    { path: '/slow', requests: 1, errors: 0 },
    { path: '/old', requests: 1, errors: 1 },
  ]);
  nowMs += hourMs;
  expect(latencies.list()).toEqual([]);
});

test('a reply that takes nothing and one that takes a day are counted too', () => {
  const latencies = new Latencies(() => 0);
  latencies.record('GET /a', 0, 200);
  latencies.record('GET /b', 86_400_000, 200);
  expect(latencies.list()).toMatchObject([
    { path: '/b', requests: 1 },
    { path: '/a', p99_ms: 0.3 },
  ]);
});

test('requests to routes are measured by their pattern, errors included; unknown paths are not', async () => {
  const app = fastify();
  const latencies = new Latencies();
  latencies.watch(app);
  app.get('/things/:id', () => ({ ok: true }));
  app.get('/broken', () => {
    throw new Error('broken');
  });
  for (const url of ['/things/1', '/things/2', '/broken', '/nowhere/3']) {
    await app.inject({ method: 'GET', url });
  }
  expect(latencies.list().toSorted((a, b) => a.path.localeCompare(b.path))).toMatchObject([
    { path: '/broken', requests: 1, errors: 1 },
    { path: '/things/{id}', requests: 2, errors: 0 },
  ]);
  await app.close();
});
