import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { appCodeOf, linkMailedTo, openBrowser, signedIn, testPassword } from '../test/people.ts';
import { startTestService, testAdminKey, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

/** What the platform's log says of a user, oldest first. */
async function recorded(userId: string): Promise<string[]> {
  const reply = await tested.fetch(`/v1/admin/audit-log?target_id=${userId}`, {
    key: testAdminKey,
  });
  const { data } = (await reply.json()) as { data: { action: string; actor: { id: string } }[] };
  expect(data.every(({ actor }) => actor.id === userId)).toBe(true);
  return data.map(({ action }) => action).toReversed();
}

/** What the user was mailed about changes of their login, oldest first, wherever on its way it is. */
async function told(email: string): Promise<string[]> {
  const rows = await tested.database.owner.query<{ change: string }>(
    sql`SELECT payload ->> 'change' AS change, created_at AS at FROM outbox
        WHERE topic = 'auth.login_changed' AND payload ->> 'recipient_email' = ${email}
          AND processed_at IS NULL
      UNION ALL
      SELECT payload ->> 'change', created_at FROM mail_messages
        WHERE topic = 'auth.login_changed' AND recipient_email = ${email}
      ORDER BY at`,
  );
  return rows.map(({ change }) => change);
}

test('a change of password, and a reset, are on record and told to whose login it is', async () => {
  const { browser, email, userId } = await signedIn(tested);
  const passwords = { currentPassword: testPassword, newPassword: 'another good one' };
  const wrong = { ...passwords, currentPassword: 'a wrong one' };
  expect((await browser.call('POST /api/auth/change-password', wrong)).status).toBe(400);
  expect(await recorded(userId)).toEqual([]);
  expect((await browser.call('POST /api/auth/change-password', passwords)).status).toBe(200);
  await browser.call('POST /api/auth/request-password-reset', { email });
  const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token');
  const reset = { newPassword: 'a third good one', token };
  const { status } = await openBrowser(tested).call('POST /api/auth/reset-password', reset);
  expect(status).toBe(200);
  expect(await recorded(userId)).toEqual(['user.password_changed', 'user.password_reset']);
  expect(await told(email)).toEqual(['password', 'password']);
});

test('so is a second factor that is turned on or off, and no sign-in with it', async () => {
  const { browser, email, userId } = await signedIn(tested);
  const password = { password: testPassword };
  const enabled = await browser.call('POST /api/auth/two-factor/enable', password);
  // It counts once a first code was right.
  expect(await recorded(userId)).toEqual([]);
  const uri = new URL(String(enabled.body['totpURI']));
  const secret = uri.searchParams.get('secret') ?? '';
  const verify = () =>
    browser.call('POST /api/auth/two-factor/verify-totp', { code: appCodeOf(secret) });
  expect((await verify()).status).toBe(200);
  const other = openBrowser(tested);
  await other.call('POST /api/auth/sign-in/email', { email, password: testPassword });
  const signedInBy = await other.call('POST /api/auth/two-factor/verify-totp', {
    code: appCodeOf(secret),
  });
  expect(signedInBy.status).toBe(200);
  expect((await browser.call('POST /api/auth/two-factor/disable', password)).status).toBe(200);
  expect(await recorded(userId)).toEqual([
    'user.second_factor_enabled',
    'user.second_factor_disabled',
  ]);
  expect(await told(email)).toEqual(['second_factor_on', 'second_factor_off']);
});

test('so is another address, without naming either', async () => {
  const { browser, email, userId } = await signedIn(tested);
  const newEmail = `new-${email}`;
  await browser.call('POST /api/auth/change-email', { newEmail });
  for (const address of [email, newEmail]) {
    const { pathname, search } = new URL(await linkMailedTo(tested, address));
    await browser.call(`GET ${pathname as `/${string}`}${search}`);
  }
  expect(await recorded(userId)).toEqual(['user.email_change_requested', 'user.email_changed']);
  const chain = await tested.database.owner.query<{ text: string }>(
    sql`SELECT string_agg(a::text, '') AS text FROM audit_log a WHERE target_id = ${userId}`,
  );
  expect(chain[0]?.text).not.toContain(email);
});
