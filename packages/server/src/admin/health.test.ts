import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { scenario } from '../test/scenario.ts';
import { form, startTestService, testAdminKey, type TestService } from '../test/service.ts';
import type { Health } from './health.ts';

let tested: TestService;

beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

async function read(key: string | undefined = testAdminKey) {
  const reply = await tested.fetch('/v1/admin/health', key === '' ? {} : { key });
  return { status: reply.status, body: (await reply.json()) as Health };
}

test('tells what waits, which engines there are, and why what was refused', async () => {
  const made = scenario(tested.database.owner, systemClock).organization();
  const full = await made.used(100).create();
  const before = await read();
  expect(before.status).toBe(200);
  expect(before.body).toMatchObject({
    process_count: 1,
    conversions: { queued: 0, running: 0, oldest_queued_at: null, expired_leases: 0 },
    converters: { busy: 0, waiting: 0 },
    backlog: { payment_events: 0, payment_events_failed: 0, extra_subscriptions: 0, due_work: 0 },
    outcomes: [],
  });
  const { engines } = before.body;
  expect(engines.find(({ name }) => name === 'csv-json')).toMatchObject({ available: true });
  for (const { available, reason, conversion_types: types } of engines) {
    expect([available, types > 0, reason === null]).toEqual([available, available, available]);
  }

  const url = `/v1/workspaces/${full.organizationId}/conversions`;
  const body = form({ name: 'a.csv', content: 'a,b\n1,2\n' }, { to: 'json' });
  const reply = await tested.fetch(url, { method: 'POST', body, key: full.apiKey });
  expect(reply.status).toBe(402);
  const refusals = async () => (await read()).body.outcomes;
  await expect
    .poll(refusals, { timeout: 30_000 })
    .toEqual([{ outcome: 'refused', reason: 'quota_exceeded', count: 1, workspace_count: 1 }]);
  const { endpoints } = (await read()).body;
  const path = '/v1/workspaces/{workspaceId}/conversions';
  expect(endpoints.find((endpoint) => endpoint.path === path)).toMatchObject({
    method: 'POST',
    requests: 1,
    errors: 0,
  });
});

test('401 for nobody, 403 for a key of a workspace', async () => {
  const { apiKey } = await scenario(tested.database.owner, systemClock).organization().create();
  expect([(await read('')).status, (await read(apiKey)).status]).toEqual([401, 403]);
});
