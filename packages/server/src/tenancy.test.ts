import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from './http/route.ts';
import { startTestService, testAdminKey, type TestService } from './test/service.ts';
import { createTenant, fillTenant, rowsOf, type Tenant } from './test/tenant.ts';

let tested: TestService;
let owner: Tenant;
let stranger: Tenant;
/** Real ids of the owner's objects, by the name that a URL gives them. */
let ids: Record<string, string>;

beforeAll(async () => {
  // No worker: nothing of the owner's changes by itself.
  tested = await startTestService({ env: { MUTATE_ROLE: 'server' } });
  owner = await createTenant(tested);
  stranger = await createTenant(tested);
  ids = await fillTenant(tested, owner);
});
afterAll(() => tested.close());

const workspaceRoutes = () =>
  tested.service.routes.filter((route) => route.access.kind === 'workspace');
/** Those that name an object of a workspace. */
const innerRoutes = () => workspaceRoutes().filter(({ url }) => /:workspaceId\/.*:/.test(url));

/** The route's URL with the owner's real ids in it. */
function fill(url: string, workspaceId: string): `/${string}` {
  const path = url
    .replace(':workspaceId', workspaceId)
    .replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? 'id_unknown');
  return path as `/${string}`;
}

/** What a route needs in its body before it looks for the object. */
const bodies: Readonly<Record<string, object>> = {
  updateMember: { role: 'admin' },
  updateWebhookEndpoint: { active: false },
  rotateApiKey: { expires_in: 0 },
};

async function statusByKey({ method, operationId }: Route, path: string, key: string) {
  const body = bodies[operationId];
  const response = await tested.fetch(path, {
    method,
    key,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  await response.body?.cancel();
  return response.status;
}

/** What a stranger is answered, by key and as a member of another workspace. */
async function answersToStranger(route: Route, path: `/${string}`) {
  const byKey = await statusByKey(route, path, stranger.apiKey);
  const { method, operationId } = route;
  const { status } = await stranger.browser.call(`${method} ${path}`, bodies[operationId]);
  return [method, path, byKey, status];
}

describe('every workspace route', () => {
  it('that names an object has a real one here', async () => {
    const named = innerRoutes().flatMap(({ url }) => url.split(':').slice(2));
    const missing = named.filter((rest) => !Object.hasOwn(ids, rest.split('/')[0] ?? ''));
    expect(missing).toEqual([]);
    const wrong: unknown[] = [];
    for (const route of innerRoutes().filter(({ method }) => method === 'GET')) {
      const path = fill(route.url, owner.organizationId);
      const status = await statusByKey(route, path, owner.apiKey);
      // Without a worker a batch is not done.
      const wanted = route.operationId === 'downloadBatch' ? 409 : 200;
      if (status !== wanted) wrong.push([path, status]);
    }
    expect(wrong).toEqual([]);
  });

  it("answers 404 to a stranger for the owner's real ids, and changes nothing", async () => {
    const before = await rowsOf(tested, owner.organizationId);
    const routes = workspaceRoutes();
    expect(routes.length).toBeGreaterThan(60);
    for (const route of routes) {
      const path = fill(route.url, owner.organizationId);
      const answers = await answersToStranger(route, path);
      expect(answers).toEqual([route.method, path, 404, 404]);
    }
    expect(await rowsOf(tested, owner.organizationId)).toEqual(before);
  });

  it("answers 404 for the owner's objects under the stranger's own workspace", async () => {
    const before = await rowsOf(tested, owner.organizationId);
    expect(innerRoutes().length).toBeGreaterThan(25);
    for (const route of innerRoutes()) {
      const path = fill(route.url, stranger.organizationId);
      const answers = await answersToStranger(route, path);
      expect(answers).toEqual([route.method, path, 404, 404]);
    }
    expect(await rowsOf(tested, owner.organizationId)).toEqual(before);
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
