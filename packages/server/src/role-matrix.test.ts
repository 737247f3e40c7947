import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { roles, type Role } from './http/role.ts';
import { rolesOf } from './http/reference/role-matrix.ts';
import { signedIn, type Browser } from './test/people.ts';
import { scenario } from './test/scenario.ts';
import { startTestService, type TestService } from './test/service.ts';

let tested: TestService;
let workspaceId: string;
let strangers: string;
const browsers = new Map<Role, Browser>();

beforeAll(async () => {
  tested = await startTestService();
  const make = () => scenario(tested.database.db, systemClock).organization().plan('enterprise');
  workspaceId = (await make().create()).organizationId;
  strangers = (await make().create()).organizationId;
  for (const role of roles) {
    const { browser } = await signedIn(tested, { member: [workspaceId, role] });
    browsers.set(role, browser);
  }
});
afterAll(() => tested.close());

const workspaceRoutes = () =>
  tested.service.routes.filter((route) => route.access.kind === 'workspace');

async function statusFor(role: Role, method: string, url: string, workspace: string) {
  const path = url.replace(':workspaceId', workspace).replaceAll(/:\w+/g, 'id_unknown');
  const reply = await browsers.get(role)?.call(`${method} ${path}` as 'GET /');
  return reply?.status;
}

describe('every route of a workspace', () => {
  it('has its roles in the matrix', () => {
    const missing = workspaceRoutes()
      .map(({ operationId }) => operationId)
      .filter((operationId) => rolesOf(operationId).length === 0);
    expect(missing).toEqual([]);
  });

  it.each(roles)(
    'is open to the role %s where the matrix says so, and closed elsewhere',
    async (role) => {
      const wrong: unknown[] = [];
      for (const { method, url, operationId } of workspaceRoutes()) {
        const status = await statusFor(role, method, url, workspaceId);
        const isAllowed = rolesOf(operationId).includes(role);
        const isOpen = status !== undefined && status !== 403 && status < 500;
        const isClosed = status === 403;
        if (isAllowed ? !isOpen : !isClosed) wrong.push([role, operationId, status]);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('answers 404 to a member of another workspace, whatever their role is in theirs', async () => {
    const wrong: unknown[] = [];
    for (const { method, url, operationId } of workspaceRoutes()) {
      const status = await statusFor('owner', method, url, strangers);
      if (status !== 404) wrong.push([operationId, status]);
    }
    expect(wrong).toEqual([]);
  });
});

describe('every other route', () => {
  it('is closed to members where the super admin alone may', async () => {
    for (const { method, url, access } of tested.service.routes) {
      if (access.kind !== 'super_admin') continue;
      const status = await statusFor('owner', method, url, workspaceId);
      expect([method, url, status]).toEqual([method, url, 403]);
    }
  });
});
