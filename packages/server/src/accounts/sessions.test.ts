import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { makeUser, openBrowser, signedIn, testPassword } from '../test/people.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const daysLeft = async (email: string) => {
  const rows = await tested.database.owner.query<{ days: number }>(
    sql`SELECT round(extract(epoch FROM s.expires_at - clock_timestamp()) / 86400)::integer AS days
      FROM session s JOIN "user" u ON u.id = s.user_id WHERE u.email = ${email}`,
  );
  return rows.map(({ days }) => days);
};

test('a session lasts fourteen days, or one where somebody does not want to stay signed in', async () => {
  const signIn = async (rememberMe?: boolean) => {
    const email = await makeUser(tested);
    const body = { email, password: testPassword, ...(rememberMe === false ? { rememberMe } : {}) };
    const { headers } = await openBrowser(tested).call('POST /api/auth/sign-in/email', body);
    const cookie = headers.getSetCookie().find((line) => line.startsWith('mutate.session_token='));
    return { days: await daysLeft(email), isKept: /max-age/i.test(cookie ?? '') };
  };
  expect(await signIn()).toEqual({ days: [14], isKept: true });
  expect(await signIn(false)).toEqual({ days: [1], isKept: false });
});

test('a session that is used after a day is renewed, and one that has ended opens nothing', async () => {
  const { browser, email, userId } = await signedIn(tested);
  const endIn = (days: number) =>
    tested.database.owner.query(sql`UPDATE session
      SET expires_at = clock_timestamp() + make_interval(days => ${days}) WHERE user_id = ${userId}`);
  await endIn(12);
  expect((await browser.call('GET /api/auth/get-session')).status).toBe(200);
  expect(await daysLeft(email)).toEqual([14]);
  await endIn(-1);
  await expect
    .poll(async () => (await browser.call('GET /v1/me')).status, { timeout: 30_000 })
    .toBe(401);
});

test('a change of password ends the other sessions where that is asked for, and acting as a user always', async () => {
  const admin = await signedIn(tested, { superAdmin: true });
  const { userId } = await signedIn(tested);
  const elsewhere = openBrowser(tested, admin.browser.cookies());
  const impersonated = await elsewhere.call('POST /api/auth/admin/impersonate-user', { userId });
  expect(impersonated.status).toBe(200);
  const { email } = admin;
  const third = openBrowser(tested);
  await third.call('POST /api/auth/sign-in/email', { email, password: testPassword });

  const [first, second, last] = [testPassword, 'another good one', 'a third good one'];
  const change = (currentPassword: string, newPassword: string, more = {}) =>
    admin.browser.call('POST /api/auth/change-password', { currentPassword, newPassword, ...more });
  expect((await change(first, second)).status).toBe(200);
  expect((await third.call('GET /v1/me')).status).toBe(200);
  await expect
    .poll(async () => (await elsewhere.call('GET /v1/me')).status, { timeout: 30_000 })
    .toBe(401);
  expect((await change(second, last, { revokeOtherSessions: true })).status).toBe(200);
  expect((await admin.browser.call('GET /v1/me')).status).toBe(200);
  await expect
    .poll(async () => (await third.call('GET /v1/me')).status, { timeout: 30_000 })
    .toBe(401);
});

test('who acts as a user changes nothing of their login', async () => {
  const admin = await signedIn(tested, { superAdmin: true });
  const user = await signedIn(tested);
  const { browser } = admin;
  await browser.call('POST /api/auth/admin/impersonate-user', { userId: user.userId });
  const [session] = await tested.database.owner.query<{ id: string }>(
    sql`SELECT id FROM session WHERE user_id = ${user.userId} AND impersonated_by IS NULL`,
  );
  const password = { password: testPassword };
  const replies = [
    await browser.call('POST /api/auth/change-email', { newEmail: 'mine@example.com' }),
    await browser.call('POST /api/auth/update-user', { name: 'Mallory' }),
    await browser.call('POST /api/auth/two-factor/enable', password),
    await browser.call('POST /api/auth/two-factor/disable', password),
    await browser.call('POST /api/auth/two-factor/generate-backup-codes', password),
    await browser.call('POST /api/auth/admin/impersonate-user', { userId: admin.userId }),
    await browser.call(`DELETE /v1/me/sessions/${session?.id ?? ''}`),
    await browser.call('DELETE /v1/me/sessions'),
    await browser.call('DELETE /v1/me'),
  ];
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 403));
  expect((await user.browser.call('GET /v1/me')).body).toMatchObject({
    user: { email: user.email, name: 'Ada Lovelace', two_factor_enabled: false },
  });
});

test('asking for mails is slowed after three, whether there is such an account or not', async () => {
  const { email } = await signedIn(tested);
  for (const address of [email, 'nobody-at-all@example.com']) {
    const statuses: number[] = [];
    for (let asked = 0; asked < 4; asked += 1) {
      const browser = openBrowser(tested);
      const reply = await browser.call('POST /api/auth/request-password-reset', { email: address });
      statuses.push(reply.status);
    }
    expect([address, statuses]).toEqual([address, [200, 200, 200, 429]]);
  }
});

test('a mailed link leads to a page of this server and nowhere else', async () => {
  for (const callbackURL of [
    'https://evil.example.com/',
    '//evil.example.com/',
    '/\\evil.example.com/',
    'javascript:alert(1)',
    'welcome',
  ]) {
    const reply = await openBrowser(tested).call('POST /api/auth/sign-up/email', {
      name: 'Grace',
      email: 'led-away@example.com',
      password: testPassword,
      callbackURL,
    });
    expect([callbackURL, reply.status]).toEqual([callbackURL, 400]);
  }
});

test('a session of a deleted account says so, in the second that it is remembered too', async () => {
  const { browser, userId } = await signedIn(tested);
  expect((await browser.call('GET /v1/me')).status).toBe(200);
  const elsewhere = openBrowser(tested, browser.cookies());
  expect((await elsewhere.call('DELETE /v1/me')).status).toBe(204);
  expect((await browser.call('GET /v1/me')).status).toBe(401);
  expect(
    await tested.database.owner.query(sql`SELECT FROM session WHERE user_id = ${userId}`),
  ).toEqual([]);
});
