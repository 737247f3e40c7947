import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { linkMailedTo, openBrowser, signedIn, testPassword, type Browser } from '../test/people.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
let scene: Scene;
let owner: Browser;
beforeAll(async () => {
  tested = await startTestService({ env: { SIGN_UP: 'invited' } });
});
afterAll(() => tested.close());
beforeEach(async () => {
  scene = await scenario(tested.database.db, systemClock).organization('Acme').create();
  owner = (await signedIn(tested, { member: [scene.organizationId, 'owner'] })).browser;
});

const invitations = (rest = '') =>
  `/v1/workspaces/${scene.organizationId}/invitations${rest}` as const;

async function invite(email: string, role = 'member') {
  const { status, body } = await owner.call(`POST ${invitations()}`, { email, role });
  expect([status, body]).toMatchObject([201, { object: 'invitation', status: 'pending', role }]);
  return { id: String(body.id), token: await tokenMailedTo(email.toLowerCase()) };
}

async function tokenMailedTo(email: string): Promise<string> {
  const link = new URL(await linkMailedTo(tested, email));
  return link.pathname.replace('/invitations/', '');
}

const accept = (browser: Browser, token: string) =>
  browser.call(`POST /v1/invitations/${token}/accept`);

const age = (id: string, interval: string) =>
  tested.database.owner.query(sql`UPDATE invitation SET sent_at = sent_at - ${interval}::interval,
    expires_at = expires_at - ${interval}::interval WHERE id = ${id}`);

describe('somebody who is invited', () => {
  test('joins with the role, by the mailed link, once', async () => {
    const { browser, email, userId } = await signedIn(tested);
    const { token } = await invite(email.toUpperCase(), 'billing');
    expect((await openBrowser(tested).call(`GET /v1/invitations/${token}`)).body).toMatchObject({
      workspace_name: 'Acme',
      email,
      role: 'billing',
    });
    expect((await accept(browser, token)).body).toMatchObject({
      object: 'member',
      workspace_id: scene.organizationId,
      user_id: userId,
      role: 'billing',
    });
    const usage = await browser.call(`GET /v1/workspaces/${scene.organizationId}/usage`);
    expect(usage.status).toBe(200);
    expect((await accept(browser, token)).status).toBe(404);
    expect((await owner.call(`GET ${invitations()}`)).body.data).toEqual([]);
  });

  test('makes an account with the link where nobody else may, and needs no second mail', async () => {
    const email = 'new@example.com';
    const browser = openBrowser(tested);
    const signUp = (changes: object) =>
      browser.call('POST /api/auth/sign-up/email', {
        name: 'New Person',
        email,
        password: testPassword,
        ...changes,
      });
    expect((await signUp({})).status).toBe(403);
    const { token } = await invite(email);
    expect((await signUp({ invitationToken: 'wrong' })).status).toBe(403);
    expect((await signUp({ invitationToken: token, email: 'eve@example.com' })).status).toBe(403);
    expect((await signUp({ invitationToken: token })).status).toBe(200);
    const signIn = { email, password: testPassword };
    expect((await browser.call('POST /api/auth/sign-in/email', signIn)).status).toBe(200);
    expect((await accept(browser, token)).status).toBe(200);
    const { body } = await browser.call('GET /v1/me');
    expect(body.workspaces).toMatchObject([{ id: scene.organizationId, role: 'member' }]);
    expect(await linkMailedTo(tested, email)).toContain('/invitations/');
  });

  test('cannot be somebody else, and nobody who is not signed in', async () => {
    const { token } = await invite('right@example.com');
    const { browser } = await signedIn(tested);
    expect((await accept(browser, token)).body).toMatchObject({
      status: 403,
      reason: 'other_address',
    });
    expect((await accept(openBrowser(tested), token)).status).toBe(401);
    const byKey = await tested.fetch(`/v1/invitations/${token}/accept`, {
      method: 'POST',
      key: scene.apiKey,
    });
    expect(byKey.status).toBe(403);
  });

  test('is too late after seven days, or when it was taken back', async () => {
    const { browser, email } = await signedIn(tested);
    const { id, token } = await invite(email);
    await age(id, '7 days');
    expect((await accept(browser, token)).status).toBe(404);
    const listed = (await owner.call(`GET ${invitations()}`)).body.data;
    expect(listed).toMatchObject([{ id, status: 'expired' }]);
    const resent = await owner.call(`POST ${invitations(`/${id}/resend`)}`);
    expect(resent.body).toMatchObject({ id, status: 'pending' });
    const fresh = await tokenMailedTo(email);
    expect((await accept(browser, token)).status).toBe(404);
    expect((await owner.call(`DELETE ${invitations(`/${id}`)}`)).status).toBe(200);
    expect((await accept(browser, fresh)).status).toBe(404);
  });
});

test('a hundred invitations may be open, not one more', async () => {
  const { id } = await invite('first@example.com');
  await tested.database.owner.query(sql`INSERT INTO invitation
    SELECT organization_id, id || n, n || email, role, sha256(convert_to(n::text || id, 'UTF8')),
      invited_by, created_at, sent_at, expires_at
    FROM invitation CROSS JOIN generate_series(1, 98) n WHERE id = ${id}`);
  const ask = (email: string) => owner.call(`POST ${invitations()}`, { email, role: 'member' });
  const both = await Promise.all([ask('hundredth@example.com'), ask('next@example.com')]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
});

describe('an invitation of somebody who', () => {
  const own = { email: 'second-me@example.com', role: 'admin' };
  const open = async () =>
    ((await owner.call(`GET ${invitations()}`)).body.data as { role: string }[]).map(
      ({ role }) => role,
    );
  const memberOf = async (userId: string) => {
    const list = await owner.call(`GET /v1/workspaces/${scene.organizationId}/members`);
    const found = (list.body.data as { id: string; user_id: string }[]).find(
      (member) => member.user_id === userId,
    );
    return `/v1/workspaces/${scene.organizationId}/members/${found?.id}` as const;
  };

  test('is taken out is worth nothing any more, and that is on record', async () => {
    const admin = await signedIn(tested, { member: [scene.organizationId, 'admin'] });
    await admin.browser.call(`POST ${invitations()}`, own);
    const token = await tokenMailedTo(own.email);
    await invite('kept@example.com', 'billing');
    expect((await owner.call(`DELETE ${await memberOf(admin.userId)}`)).status).toBe(200);
    expect((await openBrowser(tested).call(`GET /v1/invitations/${token}`)).status).toBe(404);
    expect(await open()).toEqual(['billing']);
    const log = await owner.call(`GET /v1/workspaces/${scene.organizationId}/audit-log`);
    expect(log.body.data).toContainEqual(
      expect.objectContaining({
        action: 'invitation.revoked',
        before: expect.objectContaining(own),
      }),
    );
  });

  test('may not invite with that role any more goes with the role', async () => {
    const second = await signedIn(tested, { member: [scene.organizationId, 'owner'] });
    for (const role of ['owner', 'admin']) {
      const body = { email: `${role}@example.com`, role };
      expect((await second.browser.call(`POST ${invitations()}`, body)).status).toBe(201);
    }
    const path = await memberOf(second.userId);
    await owner.call(`PATCH ${path}`, { role: 'admin' });
    expect(await open()).toEqual(['admin']);
    await owner.call(`PATCH ${path}`, { role: 'member' });
    expect(await open()).toEqual([]);
  });
});

describe('who invites', () => {
  test('is told of members and open invitations, and cannot send a mail every second', async () => {
    const { email } = await signedIn(tested, { member: [scene.organizationId, 'member'] });
    const again = await owner.call(`POST ${invitations()}`, { email });
    expect(again.body).toMatchObject({ status: 409, detail: `${email} is a member already.` });
    const { id } = await invite('twice@example.com');
    const body = { email: 'Twice@Example.com' };
    expect((await owner.call(`POST ${invitations()}`, body)).status).toBe(409);
    expect((await owner.call(`POST ${invitations(`/${id}/resend`)}`)).status).toBe(409);
    await age(id, '61 seconds');
    expect((await owner.call(`POST ${invitations(`/${id}/resend`)}`)).status).toBe(200);
  });

  test('makes no owner without being one', async () => {
    const admin = await signedIn(tested, { member: [scene.organizationId, 'admin'] });
    const body = { email: 'boss@example.com', role: 'owner' };
    expect((await admin.browser.call(`POST ${invitations()}`, body)).status).toBe(403);
    const { id } = await invite('boss@example.com', 'owner');
    expect((await admin.browser.call(`DELETE ${invitations(`/${id}`)}`)).status).toBe(403);
  });

  test('leaves no token in the database but in the mail that waits', async () => {
    const { token } = await invite('secret@example.com');
    const [row] = await tested.database.owner.query<{ found: boolean }>(
      sql`SELECT position(${token} IN string_agg(i::text, ' ')) > 0 AS found FROM invitation i`,
    );
    expect(row?.found).toBe(false);
  });
});
