import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import type { Route } from './http/route.ts';
import { newId } from './ids.ts';
import { addMember, makeUser } from './test/people.ts';
import { scenario, type Scene } from './test/scenario.ts';
import { form, startTestService, testAdminKey, type TestService } from './test/service.ts';

let tested: TestService;
let owner: Scene;
let stranger: Scene;
/** Real ids of the owner's objects, by the name that a URL gives them. */
let ids: Record<string, string>;

beforeAll(async () => {
  tested = await startTestService();
  const { db } = tested.database;
  owner = await scenario(db, systemClock).organization().create();
  stranger = await scenario(db, systemClock).organization().create();
  const response = await tested.fetch(`/v1/workspaces/${owner.organizationId}/conversions`, {
    method: 'POST',
    key: owner.apiKey,
    body: form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' }),
  });
  const { id: jobId } = (await response.json()) as { id: string };
  const userId = newId('usr', Date.now());
  await makeUser(tested, { userId });
  const invitation = await tested.fetch(`/v1/workspaces/${owner.organizationId}/invitations`, {
    method: 'POST',
    key: owner.apiKey,
    headers: { 'content-type': 'application/json' },
    body: '{"email":"guest@example.com"}',
  });
  ids = {
    jobId,
    keyId: owner.apiKeyId,
    memberId: await addMember(tested, userId, owner.organizationId, 'owner'),
    invitationId: ((await invitation.json()) as { id: string }).id,
  };
});
afterAll(() => tested.close());

const workspaceRoutes = () =>
  tested.service.routes.filter((route) => route.access.kind === 'workspace');

/** The route's URL with the owner's real ids in it. */
function fill(url: string, workspaceId: string): string {
  return url
    .replace(':workspaceId', workspaceId)
    .replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? 'id_unknown');
}

/** What a route needs in its body before it looks for the object. */
const bodies: Readonly<Record<string, object>> = {
  updateMember: { role: 'admin' },
  updateWebhookEndpoint: { active: false },
};

async function statusOf({ method, operationId }: Route, path: string, key?: string) {
  const body = bodies[operationId];
  const response = await tested.fetch(path, {
    method,
    ...(key === undefined ? {} : { key }),
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  await response.body?.cancel();
  return [method, path, response.status];
}

describe('every workspace route', () => {
  it("answers 404 to a stranger's key, for the owner's real ids", async () => {
    const routes = workspaceRoutes();
    expect(routes.length).toBeGreaterThan(12);
    for (const route of routes) {
      const path = fill(route.url, owner.organizationId);
      const status = await statusOf(route, path, stranger.apiKey);
      expect(status).toEqual([route.method, path, 404]);
    }
  });

  it("answers 404 for the owner's objects under the stranger's own workspace", async () => {
    const inner = workspaceRoutes().filter(({ url }) => /:workspaceId\/.*:/.test(url));
    expect(inner.length).toBeGreaterThan(5);
    for (const route of inner) {
      const path = fill(route.url, stranger.organizationId);
      const status = await statusOf(route, path, stranger.apiKey);
      expect(status).toEqual([route.method, path, 404]);
    }
  });

  it('answers 401 without credentials, and 404 for a workspace that is not', async () => {
    for (const { method, url } of workspaceRoutes()) {
      const nobody = await tested.fetch(fill(url, owner.organizationId), { method });
      expect([method, url, nobody.status]).toEqual([method, url, 401]);
      const unknown = fill(url, 'org_00000000000000000000000000');
      const admin = await tested.fetch(unknown, { method, key: testAdminKey });
      expect([method, url, admin.status]).toEqual([method, url, 404]);
    }
  });
});

describe('every route of the super admin', () => {
  it("is closed to a workspace's key and to nobody", async () => {
    const routes = tested.service.routes.filter((route) => route.access.kind === 'super_admin');
    expect(routes.length).toBeGreaterThan(5);
    for (const { method, url } of routes) {
      const path = fill(url, owner.organizationId);
      const withKey = await tested.fetch(path, { method, key: owner.apiKey });
      expect([method, url, withKey.status]).toEqual([method, url, 403]);
      const nobody = await tested.fetch(path, { method });
      expect([method, url, nobody.status]).toEqual([method, url, 401]);
    }
  });
});
