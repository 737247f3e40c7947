import { afterAll, beforeAll, expect, test } from 'vitest';
import { pino } from 'pino';
import { startService, type Service } from '../app.ts';
import { systemClock } from '../clock.ts';
import { loadConfig } from '../config.ts';
import { sql } from '../db/sql.ts';
import { signedIn } from '../test/people.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import {
  startTestService,
  testAdminKey,
  testAuthSecret,
  type TestService,
} from '../test/service.ts';

let tested: TestService;
let other: Service;
beforeAll(async () => {
  tested = await startTestService();
  other = await startService({
    config: loadConfig({ PORT: '0', LOG_LEVEL: 'silent', BILLING_MODE: 'off' }),
    adminKey: testAdminKey,
    authSecret: testAuthSecret,
    billing: null,
    connection: tested.database.applicationConnection,
    dataFolder: tested.dataFolder,
    hiddenFolders: [],
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await other.close();
  await tested.close();
});

const make = () => scenario(tested.database.db, systemClock).organization().create();

/** On both servers. */
async function statuses({ organizationId }: Scene, key: string): Promise<number[]> {
  const path = `/v1/workspaces/${organizationId}/usage`;
  const headers = { authorization: `Bearer ${key}` };
  const replies = [
    fetch(`${tested.url}${path}`, { headers }),
    fetch(`${other.publicUrl}${path}`, { headers }),
  ];
  return (await Promise.all(replies)).map(({ status }) => status);
}

async function rotate(scene: Scene, body: object, key = scene.apiKey) {
  const path = `/v1/workspaces/${scene.organizationId}/api-keys/${scene.apiKeyId}/rotate`;
  const reply = await tested.fetch(path, {
    method: 'POST',
    key,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

const soon = { timeout: 3000, interval: 50 };

test('after a rotation both secrets are the same key, on every server, until the old one ends', async () => {
  const scene = await make();
  expect(await statuses(scene, scene.apiKey)).toEqual([200, 200]);
  const { status, body } = await rotate(scene, { expires_in: 3600 });
  expect([status, body]).toMatchObject([
    200,
    { id: scene.apiKeyId, hint: String(body.key).slice(-4), previous: { last_used_at: null } },
  ]);
  const fresh = String(body.key);
  expect(await statuses(scene, fresh)).toEqual([200, 200]);
  expect(await statuses(scene, scene.apiKey)).toEqual([200, 200]);
  await tested.database.owner.query(sql`UPDATE api_keys
    SET previous_expires_at = now() - interval '1 second' WHERE id = ${scene.apiKeyId}`);
  await expect.poll(() => statuses(scene, scene.apiKey), soon).toEqual([401, 401]);
  expect(await statuses(scene, fresh)).toEqual([200, 200]);
});

test('a second rotation ends the first secret; expires_in 0 ends the one before at once', async () => {
  const scene = await make();
  const first = scene.apiKey;
  const second = String((await rotate(scene, {})).body.key);
  const third = String((await rotate(scene, {}, second)).body.key);
  await expect.poll(() => statuses(scene, first), soon).toEqual([401, 401]);
  expect(await statuses(scene, second)).toEqual([200, 200]);
  const fourth = String((await rotate(scene, { expires_in: 0 }, third)).body.key);
  await expect.poll(() => statuses(scene, third), soon).toEqual([401, 401]);
  expect(await statuses(scene, second)).toEqual([401, 401]);
  expect(await statuses(scene, fourth)).toEqual([200, 200]);
});

test('a revoked key is refused with both of its secrets within a second, on every server', async () => {
  const scene = await make();
  const fresh = String((await rotate(scene, {})).body.key);
  expect(await statuses(scene, scene.apiKey)).toEqual([200, 200]);
  expect(await statuses(scene, fresh)).toEqual([200, 200]);
  const path = `/v1/workspaces/${scene.organizationId}/api-keys/${scene.apiKeyId}`;
  expect((await tested.fetch(path, { method: 'DELETE', key: fresh })).status).toBe(200);
  const both = async () => [
    ...(await statuses(scene, fresh)),
    ...(await statuses(scene, scene.apiKey)),
  ];
  await expect.poll(both, soon).toEqual([401, 401, 401, 401]);
});

test('a key does not get at a secret that may do more than itself', async () => {
  const scene = await make();
  const { body } = await (async () => {
    const reply = await tested.fetch(`/v1/workspaces/${scene.organizationId}/api-keys`, {
      method: 'POST',
      key: scene.apiKey,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'keys only', scopes: ['keys:write'] }),
    });
    return { body: (await reply.json()) as Record<string, unknown> };
  })();
  const refused = await rotate(scene, {}, String(body.key));
  expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
});

test('a key tells who made it and which of its secrets is still used', async () => {
  const scene = await make();
  const { browser, userId } = await signedIn(tested, { member: [scene.organizationId, 'admin'] });
  const keys = `/v1/workspaces/${scene.organizationId}/api-keys` as const;
  const made = await browser.call(`POST ${keys}`, { name: 'CI' });
  expect(made.body).toMatchObject({
    created_by: { kind: 'member', id: userId, name: 'Ada Lovelace' },
    previous: null,
  });
  const rotated = await browser.call(`POST ${keys}/${String(made.body.id)}/rotate`);
  expect(rotated.status).toBe(200);
  await statuses(scene, String(made.body.key));
  const seen = async () => {
    const { body } = await browser.call(`GET ${keys}/${String(made.body.id)}`);
    return [body.last_used_at, (body.previous as { last_used_at: string | null }).last_used_at];
  };
  await expect
    .poll(async () => (await seen()).map((time) => time !== null), { timeout: 30_000 })
    .toEqual([false, true]);
});
