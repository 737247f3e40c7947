import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRoutes } from './app.ts';
import { systemClock } from './clock.ts';
import { scenario, type Scene } from './test/scenario.ts';
import { form, startTestService, testAdminKey, type TestService } from './test/service.ts';

let tested: TestService;
let owner: Scene;
let stranger: Scene;
let jobId: string;

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
  jobId = ((await response.json()) as { id: string }).id;
});
afterAll(() => tested.close());

const workspaceRoutes = () =>
  allRoutes(tested.service.conversions, null, tested.service.notifications).filter(
    (route) => route.access.kind === 'workspace',
  );

/** The route's URL with the owner's real ids in it. */
function fill(url: string, workspaceId: string): string {
  return url
    .replace(':workspaceId', workspaceId)
    .replace(':jobId', jobId)
    .replace(/:\w*[kK]ey\w*/, owner.apiKeyId)
    .replace(/:\w+/g, 'id_unknown');
}

describe('every workspace route', () => {
  it("answers 404 to a stranger's key, for the owner's real ids", async () => {
    const routes = workspaceRoutes();
    expect(routes.length).toBeGreaterThan(12);
    for (const { method, url } of routes) {
      const path = fill(url, owner.organizationId);
      const response = await tested.fetch(path, { method, key: stranger.apiKey });
      expect([method, url, response.status]).toEqual([method, url, 404]);
    }
  });

  it("answers 404 for the owner's objects under the stranger's own workspace", async () => {
    const inner = workspaceRoutes().filter(({ url }) => /:workspaceId\/.*:/.test(url));
    expect(inner.length).toBeGreaterThan(5);
    for (const { method, url } of inner) {
      const path = fill(url, stranger.organizationId);
      const response = await tested.fetch(path, { method, key: stranger.apiKey });
      expect([method, url, response.status]).toEqual([method, url, 404]);
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
    const routes = allRoutes(tested.service.conversions, null, tested.service.notifications).filter(
      (route) => route.access.kind === 'super_admin',
    );
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
