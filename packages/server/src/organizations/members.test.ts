import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import type { Role } from '../http/role.ts';
import { addMember, signedIn, type Browser } from '../test/people.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
let scene: Scene;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());
beforeEach(async () => {
  scene = await scenario(tested.database.db, systemClock).organization().create();
});

async function join(role: Role) {
  const person = await signedIn(tested);
  return {
    ...person,
    memberId: await addMember(tested, person.userId, scene.organizationId, role),
  };
}

const members = (id = '') =>
  `/v1/workspaces/${scene.organizationId}/members${id === '' ? '' : `/${id}`}` as const;

const setRole = (browser: Browser, id: string, role: Role) =>
  browser.call(`PATCH ${members(id)}`, { role });

const byKey = (method: string, path: string, body?: object) =>
  tested.fetch(path, {
    method,
    key: scene.apiKey,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
  });

describe('the members of a workspace', () => {
  test('are listed with name, address and role', async () => {
    const owner = await join('owner');
    const other = await join('billing');
    const { body } = await other.browser.call(`GET ${members()}`);
    expect(body.data).toMatchObject([
      { id: other.memberId, object: 'member', role: 'billing', email: other.email },
      { id: owner.memberId, role: 'owner', name: 'Ada Lovelace', user_id: owner.userId },
    ]);
  });

  test('get another role from an owner or admin, and it is on record', async () => {
    const owner = await join('owner');
    const other = await join('member');
    expect((await setRole(owner.browser, other.memberId, 'admin')).body).toMatchObject({
      id: other.memberId,
      role: 'admin',
    });
    const log = await owner.browser.call(`GET /v1/workspaces/${scene.organizationId}/audit-log`);
    expect((log.body.data as unknown[])[0]).toMatchObject({
      action: 'member.role_changed',
      actor: { kind: 'member', id: owner.userId },
      before: { role: 'member' },
      after: { role: 'admin' },
    });
  });

  test('are made and unmade owners by owners only, not by admins nor by keys', async () => {
    const owner = await join('owner');
    const admin = await join('admin');
    for (const [id, role] of [
      [admin.memberId, 'owner'],
      [owner.memberId, 'member'],
    ] as const) {
      expect((await setRole(admin.browser, id, role)).body).toMatchObject({
        status: 403,
        required_roles: ['owner'],
      });
    }
    expect((await admin.browser.call(`DELETE ${members(owner.memberId)}`)).status).toBe(403);
    expect((await byKey('PATCH', members(admin.memberId), { role: 'owner' })).status).toBe(403);
    expect((await setRole(owner.browser, admin.memberId, 'owner')).status).toBe(200);
  });

  test('are made admins, invited and taken out by no API key, whatever its scopes', async () => {
    await join('owner');
    const { memberId, userId } = await join('member');
    const invitations = members().replace('members', 'invitations');
    const invitation = { email: 'me@example.com', role: 'admin' };
    const refused = [403, { code: 'forbidden', required_roles: ['owner', 'admin'] }];
    for (const reply of [
      await byKey('PATCH', members(memberId), { role: 'admin' }),
      await byKey('POST', invitations, invitation),
      await byKey('DELETE', members(memberId)),
    ]) {
      expect([reply.status, await reply.json()]).toMatchObject(refused);
    }
    const { body } = await (await join('admin')).browser.call(`GET ${members()}`);
    expect(body.data).toContainEqual(expect.objectContaining({ user_id: userId, role: 'member' }));
  });

  test('always have an owner among them, also when two owners go at once', async () => {
    const first = await join('owner');
    const alone = await first.browser.call(`DELETE ${members(first.memberId)}`);
    expect(alone.body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await setRole(first.browser, first.memberId, 'admin')).status).toBe(409);
    const second = await join('owner');
    await second.browser.call(`GET ${members()}`);
    const replies = await Promise.all([
      first.browser.call(`DELETE ${members(first.memberId)}`),
      setRole(second.browser, second.memberId, 'member'),
    ]);
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test('may leave, and may not take out others without being an admin', async () => {
    const owner = await join('owner');
    const member = await join('member');
    const other = await join('member');
    expect((await member.browser.call(`DELETE ${members(other.memberId)}`)).status).toBe(403);
    expect((await member.browser.call(`DELETE ${members(member.memberId)}`)).body).toEqual({
      id: member.memberId,
      object: 'member',
      deleted: true,
    });
    expect((await owner.browser.call(`DELETE ${members(other.memberId)}`)).status).toBe(200);
    expect((await owner.browser.call(`DELETE ${members(other.memberId)}`)).status).toBe(404);
    await expect
      .poll(async () => (await other.browser.call(`GET ${members()}`)).status, { timeout: 30_000 })
      .toBe(404);
  });
});

test('who was taken out, or is less by now, leaves nothing behind in the second that follows', async () => {
  const owner = await join('owner');
  const other = await join('member');
  const admin = await join('admin');
  const invite = () =>
    admin.browser.call(`POST /v1/workspaces/${scene.organizationId}/invitations`, {
      email: 'friend@example.com',
      role: 'admin',
    });
  const attempts = [
    invite,
    () => admin.browser.call(`POST /v1/workspaces/${scene.organizationId}/api-keys`, { name: 'k' }),
    () => setRole(admin.browser, other.memberId, 'admin'),
    () => admin.browser.call(`DELETE ${members(other.memberId)}`),
  ];
  for (const [change, status] of [
    [sql`UPDATE member SET role = 'member' WHERE id = ${admin.memberId}`, 403],
    [sql`DELETE FROM member WHERE id = ${admin.memberId}`, 404],
  ] as const) {
    await tested.database.owner.query(
      sql`UPDATE member SET role = 'admin' WHERE id = ${admin.memberId}`,
    );
    // The session is read within the last second.
    await expect
      .poll(async () => (await admin.browser.call(`GET ${members()}`)).status, { timeout: 30_000 })
      .toBe(200);
    await tested.database.owner.query(change);
    const replies = await Promise.all(attempts.map((attempt) => attempt()));
    expect(replies.map((reply) => reply.status)).toEqual(attempts.map(() => status));
  }
  const { body } = await owner.browser.call(`GET ${members()}`);
  expect(body.data).toContainEqual(
    expect.objectContaining({ user_id: other.userId, role: 'member' }),
  );
  const invitations = await owner.browser.call(
    `GET /v1/workspaces/${scene.organizationId}/invitations`,
  );
  expect(invitations.body.data).toEqual([]);
});

test('somebody who is signed in makes workspaces on the Free plan, ten at most', async () => {
  const { browser } = await signedIn(tested);
  const make = (body: object) => browser.call('POST /v1/workspaces', body);
  const made = await make({ name: 'Second' });
  expect(made.body).toMatchObject({ object: 'workspace', plan_id: 'plan_free' });
  // At once, although the session was read a moment ago.
  expect((await browser.call(`GET /v1/workspaces/${String(made.body.id)}/usage`)).status).toBe(200);
  expect((await make({ name: 'Rich', plan_id: 'plan_pro' })).status).toBe(403);
  const rest = await Promise.all(Array.from({ length: 11 }, (_, at) => make({ name: `W${at}` })));
  expect(rest.filter(({ status }) => status === 201)).toHaveLength(9);
  expect(rest.find(({ status }) => status !== 201)?.body).toMatchObject({ code: 'conflict' });
});

test('an API key makes no workspace', async () => {
  const reply = await tested.fetch('/v1/workspaces', {
    method: 'POST',
    key: scene.apiKey,
    headers: { 'content-type': 'application/json' },
    body: '{"name":"Mine"}',
  });
  expect(reply.status).toBe(403);
});
