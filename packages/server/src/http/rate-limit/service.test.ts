import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService } from '../../app.ts';
import type { Service } from '../../app.ts';
import { systemClock } from '../../clock.ts';
import { loadConfig } from '../../config.ts';
import { setOverrides } from '../../subscriptions/overrides.ts';
import { scenario } from '../../test/scenario.ts';
import { startTestService, testAdminKey, testAuthSecret } from '../../test/service.ts';
import type { TestService } from '../../test/service.ts';

const addressLimit = '12';
let one: TestService;
let other: Service;
let otherFolder: string;

beforeAll(async () => {
  one = await startTestService({ env: { RATE_LIMIT_PER_ADDRESS: addressLimit } });
  otherFolder = await mkdtemp(join(tmpdir(), 'mutate-service-'));
  other = await startService({
    config: loadConfig({
      PORT: '0',
      LOG_LEVEL: 'silent',
      MUTATE_ROLE: 'server',
      RATE_LIMIT_PER_ADDRESS: addressLimit,
    }),
    adminKey: testAdminKey,
    authSecret: testAuthSecret,
    connection: one.database.applicationConnection,
    dataFolder: otherFolder,
    hiddenFolders: [],
    billing: null,
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await other.close();
  await one.close();
  await rm(otherFolder, { recursive: true, force: true });
});

/** A GET to one server and the next time to the other. */
async function alternate(turn: number, path: string, key?: string): Promise<Response> {
  const url = turn % 2 === 0 ? one.url : other.publicUrl;
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const reply = await fetch(`${url}${path}`, { headers });
  await reply.text();
  return reply;
}

test('a key has one limit over two servers, told in the headers to the last request', async () => {
  const { organizationId, apiKey, ctx } = await scenario(one.database.db, systemClock)
    .organization()
    .overrides({ rate_limit_per_minute: 6 })
    .create();
  const path = `/v1/workspaces/${organizationId}/usage`;
  for (let turn = 0; turn < 6; turn += 1) {
    const reply = await alternate(turn, path, apiKey);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('ratelimit-policy')).toBe('"key";q=6;w=60');
    expect(reply.headers.get('ratelimit')).toMatch(new RegExp(`^"key";r=${5 - turn};t=\\d+$`));
    expect(reply.headers.get('x-ratelimit-remaining')).toBe(String(5 - turn));
  }
  for (const turn of [0, 1]) {
    const refused = await alternate(turn, path, apiKey);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
  }
  await setOverrides(ctx, { rate_limit_per_minute: 8, reason: 'Set by a test' });
  // A server may know the key's limit for a second.
  const status = async () => (await alternate(1, path, apiKey)).status;
  await expect.poll(status, { timeout: 5_000, interval: 200 }).toBe(200);
});

test('an address has one limit over two servers, for anonymous and failed requests together', async () => {
  const statuses: number[] = [];
  for (let turn = 0; turn < 14; turn += 1) {
    const reply =
      turn % 4 < 2
        ? await alternate(turn, '/v1/plans')
        : await alternate(turn, '/v1/workspaces/org_x/usage', 'mk_live_unknown');
    statuses.push(reply.status);
  }
  const expected = [200, 200, 401, 401, 200, 200, 401, 401, 200, 200, 401, 401, 429, 429];
  expect(statuses).toEqual(expected);
});
