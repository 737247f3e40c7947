import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario, type KeySettings } from '../test/scenario.ts';
import { isWithinRanges } from './address-ranges.ts';
import { organizationRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, organizationRoutes);
});
afterAll(async () => {
  await api.close();
  await database.close();
});

/** A key bound like that, and another one of the workspace that is not bound. */
async function bound(settings: KeySettings) {
  const scene = await scenario(database.db, clock).organization().key(settings).create();
  const keys = `/v1/workspaces/${scene.organizationId}/api-keys` as const;
  const { body: other } = await api.call(`POST ${keys}`, { body: { name: 'Unbound' } });
  return {
    make: (body: object) =>
      api.call(`POST ${keys}`, { as: scene.apiKey, body: { name: 'Made', ...body } }),
    rotate: (id = String(other.id)) =>
      api.call(`POST ${keys}/${id}/rotate`, { as: scene.apiKey, body: {} }),
    ownId: scene.apiKeyId,
  };
}

const refused = (wider: string) => ({ status: 403, body: { code: 'forbidden', wider } });

test('a key that ends makes none that ends later, and gets no other one by rotating it', async () => {
  const key = await bound({ expiresAt: '2027-06-01T00:00:00Z' });
  expect(await key.make({})).toMatchObject(refused('expires_at'));
  const later = { expires_at: '2027-06-01T00:00:01Z' };
  expect(await key.make(later)).toMatchObject(refused('expires_at'));
  expect(await key.rotate()).toMatchObject(refused('expires_at'));
  expect((await key.make({ expires_at: '2027-06-01T02:00:00+02:00' })).status).toBe(201);
  expect((await key.rotate(key.ownId)).status).toBe(200);
});

test('a key that is bound to addresses makes none for others', async () => {
  const key = await bound({ allowedIps: ['127.0.0.0/8'] });
  expect(await key.make({})).toMatchObject(refused('allowed_ips'));
  const more = { allowed_ips: ['127.0.0.1', '0.0.0.0/0'] };
  expect(await key.make(more)).toMatchObject(refused('allowed_ips'));
  expect(await key.rotate()).toMatchObject(refused('allowed_ips'));
  expect((await key.make({ allowed_ips: ['127.0.0.1', '127.1.0.0/16'] })).status).toBe(201);
});

test('a key with a monthly limit makes none and rotates only itself', async () => {
  const key = await bound({ monthlyLimit: 5 });
  expect(await key.make({})).toMatchObject(refused('monthly_limit'));
  expect(await key.make({ monthly_limit: 5 })).toMatchObject(refused('monthly_limit'));
  expect(await key.rotate()).toMatchObject(refused('monthly_limit'));
  expect((await key.rotate(key.ownId)).status).toBe(200);
});

test.each<[string, string, boolean]>([
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.1.0.0/16', false],
  ['10.0.0.0/7', '10.0.0.0/8', false],
  ['10.0.0.1', '10.0.0.1/32', true],
  ['2001:db8::/48', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['::ffff:0.0.0.0/0', '10.0.0.0/8', false],
])('of ranges, %s lies in %s: %s', (inner, outer, expected) => {
  expect(isWithinRanges(inner, [outer])).toBe(expected);
});
