import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { Obstacle } from '../test/obstacle.ts';
import {
  appCodeOf,
  type BrowserReply,
  linkMailedTo,
  openBrowser,
  signedIn,
  testPassword,
} from '../test/people.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
let obstacle: Obstacle;
beforeAll(async () => {
  tested = await startTestService();
  obstacle = await Obstacle.open(tested.database);
});
afterAll(async () => {
  await obstacle.close();
  await tested.close();
});

interface Login {
  password: string | null;
  email: string;
  second_factor: boolean;
  sessions: number;
  links: number;
  mails: number;
  entries: string[];
}

/** All that a change of a login changes. */
async function loginOf(userId: string): Promise<Login> {
  const [row] = await tested.database.owner.query<Login>(sql`
    SELECT a.password, u.email, u.two_factor_enabled AS second_factor,
      (SELECT count(*) FROM session s WHERE ${userId} IN (s.user_id, s.impersonated_by)) AS sessions,
      (SELECT count(*) FROM verification v WHERE v.value = u.id
         OR v.identifier = 'link:' || u.id) AS links,
      (SELECT count(*) FROM outbox o WHERE o.dedupe_key LIKE 'auth.login_changed:' || u.id || ':%')
        AS mails,
      ARRAY(SELECT l.action FROM audit_log l WHERE l.actor_id = u.id
        AND l.organization_id IS NULL ORDER BY l.sequence) AS entries
    FROM "user" u JOIN account a ON a.user_id = u.id WHERE u.id = ${userId}`);
  if (row === undefined) throw new Error('no such user');
  return row;
}

/**
 * Has it done twice: once while the process dies before the record is written, as the database sees
 * it, and once whole. Nothing may be there after the first, the record after the second.
 */
async function dieThenDo(
  action: string,
  userId: string,
  act: () => Promise<BrowserReply>,
): Promise<Login> {
  const before = await loginOf(userId);
  await obstacle.before('INSERT ON audit_log', `NEW.action = '${action}'`);
  const dying = act();
  await obstacle.isReached();
  await obstacle.remove();
  expect((await dying).status).toBeGreaterThanOrEqual(500);
  expect(await loginOf(userId)).toEqual(before);
  expect((await act()).status).toBeLessThan(400);
  const after = await loginOf(userId);
  expect(after.entries).toEqual([...before.entries, action]);
  return after;
}

test('a password is changed with its record and mail, or not at all', async () => {
  const { browser, userId } = await signedIn(tested);
  const body = { currentPassword: testPassword, newPassword: 'another good one' };
  const before = await loginOf(userId);
  const after = await dieThenDo('user.password_changed', userId, () =>
    browser.call('POST /api/auth/change-password', body),
  );
  expect(after.password).not.toBe(before.password);
  expect(after.mails).toBe(before.mails + 1);
});

test('a password is reset with its record, its mail and the end of all sessions, or not at all', async () => {
  const { userId, email } = await signedIn(tested, { superAdmin: true });
  const stranger = openBrowser(tested);
  await stranger.call('POST /api/auth/request-password-reset', { email });
  const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token');
  // The link is good still after the first: it was not used up either.
  const after = await dieThenDo('user.password_reset', userId, () =>
    stranger.call('POST /api/auth/reset-password', { newPassword: 'another good one', token }),
  );
  expect(after).toMatchObject({ sessions: 0, links: 0, mails: 1 });
});

test('a second factor is turned on and off with its record, or not at all', async () => {
  const { browser, userId } = await signedIn(tested);
  const password = { password: testPassword };
  const enabled = await browser.call('POST /api/auth/two-factor/enable', password);
  const secret = new URL(String(enabled.body['totpURI'])).searchParams.get('secret') ?? '';
  const on = await dieThenDo('user.second_factor_enabled', userId, () =>
    browser.call('POST /api/auth/two-factor/verify-totp', { code: appCodeOf(secret) }),
  );
  expect(on).toMatchObject({ second_factor: true, mails: 1 });
  const off = await dieThenDo('user.second_factor_disabled', userId, () =>
    browser.call('POST /api/auth/two-factor/disable', password),
  );
  expect(off).toMatchObject({ second_factor: false, mails: 2 });
});

test('another address is asked for and taken with its record, or not at all', async () => {
  const { browser, userId, email } = await signedIn(tested);
  const newEmail = `new-${email}`;
  const follow = async (address: string) => {
    const { pathname, search } = new URL(await linkMailedTo(tested, address));
    return browser.call(`GET ${pathname as `/${string}`}${search}`);
  };
  await dieThenDo('user.email_change_requested', userId, () =>
    browser.call('POST /api/auth/change-email', { newEmail }),
  );
  await follow(email);
  const after = await dieThenDo('user.email_changed', userId, () => follow(newEmail));
  expect(after).toMatchObject({ email: newEmail, links: 0 });
});

test('acting as a user begins and ends with its record, or not at all', async () => {
  const admin = await signedIn(tested, { superAdmin: true });
  const { userId } = await signedIn(tested);
  await dieThenDo('impersonation.started', admin.userId, () =>
    admin.browser.call('POST /api/auth/admin/impersonate-user', { userId }),
  );
  const after = await dieThenDo('impersonation.ended', admin.userId, () =>
    admin.browser.call('POST /api/auth/admin/stop-impersonating'),
  );
  expect(after.sessions).toBe(1);
});
