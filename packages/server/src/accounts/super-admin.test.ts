import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import {
  appCodeOf,
  linkMailedTo,
  makeUser,
  openBrowser,
  signedIn,
  testPassword,
  type Browser,
} from '../test/people.ts';
import { scenario } from '../test/scenario.ts';
import { startTestService, testAdminKey, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const secretIn = (uri: string) => new URL(uri).searchParams.get('secret') ?? '';

const signIn = (browser: Browser, email: string) =>
  browser.call('POST /api/auth/sign-in/email', { email, password: testPassword });

describe('the second factor', () => {
  test('once set up, is asked for at sign-in, and by what the super admin alone may', async () => {
    const email = await makeUser(tested, { superAdmin: true });
    const first = openBrowser(tested);
    await signIn(first, email);
    expect((await first.call('GET /v1/admin/users')).status).toBe(200);
    const enabled = await first.call('POST /api/auth/two-factor/enable', {
      password: testPassword,
    });
    const uri = String(enabled.body.totpURI);
    const codes = enabled.body.backupCodes as string[];
    const verified = await first.call('POST /api/auth/two-factor/verify-totp', {
      code: appCodeOf(secretIn(uri)),
    });
    expect(verified.status).toBe(200);
    expect((await first.call('GET /v1/me')).body).toMatchObject({ is_super_admin: true });

    const second = openBrowser(tested);
    expect((await signIn(second, email)).body).toMatchObject({ twoFactorRedirect: true });
    expect((await second.call('GET /v1/me')).status).toBe(401);
    const verify = (code: string) => second.call('POST /api/auth/two-factor/verify-totp', { code });
    expect((await verify('000000')).status).toBe(401);
    expect((await verify(appCodeOf(secretIn(uri)))).status).toBe(200);
    expect((await second.call('GET /v1/admin/users')).status).toBe(200);

    const third = openBrowser(tested);
    await signIn(third, email);
    const use = (code = '') => third.call('POST /api/auth/two-factor/verify-backup-code', { code });
    expect((await use(codes[0])).status).toBe(200);
    const fourth = openBrowser(tested);
    await signIn(fourth, email);
    const again = await fourth.call('POST /api/auth/two-factor/verify-backup-code', {
      code: codes[0],
    });
    expect(again.status).toBe(401);
  });

  test('that is missing keeps a session from what the super admin may', async () => {
    const { browser, userId } = await signedIn(tested, { superAdmin: true });
    await tested.database.owner.query(
      sql`UPDATE "user" SET two_factor_enabled = true WHERE id = ${userId}`,
    );
    expect((await browser.call('GET /v1/me')).body).toMatchObject({
      is_super_admin: false,
      second_factor_missing: true,
    });
    expect((await browser.call('GET /v1/admin/users')).body).toMatchObject({
      status: 403,
      reason: 'second_factor_missing',
    });
  });

  test('can be required of every super admin', async () => {
    const strict = await startTestService({ env: { ADMIN_SECOND_FACTOR: 'required' } });
    try {
      const { browser } = await signedIn(strict, { superAdmin: true });
      expect((await browser.call('GET /v1/admin/users')).status).toBe(403);
      const proven = await signedIn(strict, { superAdmin: true, secondFactor: true });
      expect((await proven.browser.call('GET /v1/admin/users')).status).toBe(200);
    } finally {
      await strict.close();
    }
  });
});

describe('a super admin who acts as a user', () => {
  const impersonate = (browser: Browser, userId: string) =>
    browser.call('POST /api/auth/admin/impersonate-user', { userId });

  test('is marked everywhere, may not what the admin may, and is on record from start to end', async () => {
    const { organizationId } = await scenario(tested.database.db, systemClock)
      .organization()
      .create();
    const admin = await signedIn(tested, { superAdmin: true });
    const user = await signedIn(tested, { member: [organizationId, 'owner'] });
    expect((await impersonate(admin.browser, user.userId)).status).toBe(200);
    const { browser } = admin;
    expect((await browser.call('GET /v1/me')).body).toMatchObject({
      user: { id: user.userId },
      is_super_admin: false,
      impersonated_by: admin.userId,
    });
    expect((await browser.call('GET /v1/admin/users')).status).toBe(403);
    const passwords = { currentPassword: testPassword, newPassword: 'stolen password' };
    expect((await browser.call('POST /api/auth/change-password', passwords)).status).toBe(403);
    expect((await browser.call('DELETE /v1/me/sessions')).status).toBe(403);
    const workspace = `/v1/workspaces/${organizationId}` as const;
    expect((await browser.call(`PATCH ${workspace}`, { name: 'Renamed' })).status).toBe(200);
    const log = await user.browser.call(`GET ${workspace}/audit-log`);
    expect((log.body.data as unknown[])[0]).toMatchObject({
      action: 'workspace.updated',
      actor: { kind: 'member', id: user.userId },
      impersonated_by: admin.userId,
    });

    expect((await browser.call('POST /api/auth/admin/stop-impersonating')).status).toBe(200);
    expect((await browser.call('GET /v1/me')).body).toMatchObject({
      user: { id: admin.userId },
      impersonated_by: null,
    });
    const platform = await tested.fetch(`/v1/admin/audit-log?target_id=${user.userId}`, {
      key: testAdminKey,
    });
    const { data } = (await platform.json()) as { data: unknown[] };
    expect(data).toMatchObject([
      { action: 'impersonation.ended', actor: { kind: 'super_admin', id: admin.userId } },
      { action: 'impersonation.started', after: { until: expect.any(String) } },
    ]);
    const chain = await tested.fetch(
      `/v1/admin/audit-log/verification?chain_id=${organizationId}`,
      { key: testAdminKey },
    );
    expect(await chain.json()).toMatchObject({ intact: true });
  });

  test('until they reset their password or end their other sessions', async () => {
    const admin = await signedIn(tested, { superAdmin: true });
    const user = await signedIn(tested);
    const open = () =>
      tested.database.owner.query(sql`SELECT FROM session WHERE impersonated_by = ${admin.userId}`);
    const elsewhere = openBrowser(tested, admin.browser.cookies());
    expect((await impersonate(elsewhere, user.userId)).status).toBe(200);
    expect((await admin.browser.call('DELETE /v1/me/sessions')).status).toBe(204);
    expect(await open()).toEqual([]);
    expect((await impersonate(admin.browser, user.userId)).status).toBe(200);
    const { email } = admin;
    await openBrowser(tested).call('POST /api/auth/request-password-reset', { email });
    const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token');
    const reset = { newPassword: testPassword, token };
    const { status } = await openBrowser(tested).call('POST /api/auth/reset-password', reset);
    expect(status).toBe(200);
    expect(await open()).toEqual([]);
    const platform = await tested.fetch(`/v1/admin/audit-log?target_id=${user.userId}`, {
      key: testAdminKey,
    });
    const { data } = (await platform.json()) as { data: { action: string }[] };
    expect(data.map(({ action }) => action)).toEqual([
      'impersonation.ended',
      'impersonation.started',
      'impersonation.ended',
      'impersonation.started',
    ]);
  });

  test('for half an hour, never as another super admin, and only while being one', async () => {
    const admin = await signedIn(tested, { superAdmin: true });
    const other = await signedIn(tested, { superAdmin: true });
    const user = await signedIn(tested);
    expect((await impersonate(user.browser, other.userId)).status).toBe(403);
    expect((await impersonate(admin.browser, other.userId)).status).toBe(403);
    expect((await impersonate(admin.browser, user.userId)).status).toBe(200);
    const [session] = await tested.database.owner.query<{ minutes: number }>(
      sql`SELECT round(extract(epoch FROM expires_at - clock_timestamp()) / 60)::integer AS minutes
        FROM session WHERE impersonated_by = ${admin.userId}`,
    );
    expect(session?.minutes).toBe(30);
    await tested.fetch(`/v1/admin/users/${admin.userId}`, {
      method: 'PATCH',
      key: testAdminKey,
      headers: { 'content-type': 'application/json' },
      body: '{"is_super_admin":false}',
    });
    await expect
      .poll(async () => (await admin.browser.call('GET /v1/me')).status, { timeout: 30_000 })
      .toBe(401);
  });
});

test('the super admin finds users, makes one of them super admin, and bans', async () => {
  const { browser, userId } = await signedIn(tested, { superAdmin: true });
  const user = await signedIn(tested);
  const found = await browser.call(`GET /v1/admin/users?search=${user.email}`);
  expect(found.body.data).toMatchObject([{ id: user.userId, banned: false, workspaces: [] }]);
  const path = `/v1/admin/users/${user.userId}` as const;
  const raised = await browser.call(`PATCH ${path}`, { is_super_admin: true });
  expect(raised.body).toMatchObject({ is_super_admin: true });
  const banned = await browser.call(`PATCH ${path}`, { banned: true, ban_reason: 'Spam' });
  expect(banned.body).toMatchObject({ banned: true, ban_reason: 'Spam' });
  await expect
    .poll(async () => (await user.browser.call('GET /v1/me')).status, { timeout: 30_000 })
    .toBe(401);
  const self = await browser.call(`PATCH /v1/admin/users/${userId}`, { is_super_admin: false });
  expect(self.status).toBe(409);
});

test('the super admin may no less in a workspace that they are a plain member of', async () => {
  const { db } = tested.database;
  const { organizationId } = await scenario(db, systemClock).organization('Acme').create();
  const { browser, userId } = await signedIn(tested, {
    superAdmin: true,
    member: [organizationId, 'member'],
  });
  const colleague = await signedIn(tested, { member: [organizationId, 'owner'] });
  await signedIn(tested, { member: [organizationId, 'owner'] });
  const [workspace, administered] = [
    `/v1/workspaces/${organizationId}`,
    `/v1/admin/workspaces/${organizationId}`,
  ] as const;
  const { body } = await browser.call(`GET ${workspace}/members`);
  const members = body.data as { id: string; user_id: string }[];
  const idOf = (user: string) => members.find(({ user_id }) => user_id === user)?.id;
  const replies = [
    await browser.call(`PATCH ${workspace}`, { name: 'Acme GmbH' }),
    await browser.call(`POST ${administered}/suspend`, { reason: 'Unpaid' }),
    await browser.call(`POST ${administered}/reactivate`),
    await browser.call(`PUT ${administered}/overrides`, { monthly_limit: 7, reason: 'Trial' }),
    await browser.call(`POST ${workspace}/invitations`, { email: 'a@example.com', role: 'owner' }),
    await browser.call(`DELETE ${workspace}/members/${idOf(colleague.userId)}`),
    await browser.call(`PATCH ${workspace}/members/${idOf(userId)}`, { role: 'owner' }),
    await browser.call(`DELETE ${workspace}`, { name: 'Acme GmbH' }),
  ];
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 201, 200, 200, 200]);
});
