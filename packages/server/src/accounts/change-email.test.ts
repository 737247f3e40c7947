import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { linkMailedTo, makeUser, openBrowser, signedIn, testPassword } from '../test/people.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const follow = (link: string, browser = openBrowser(tested)) => {
  const { pathname, search } = new URL(link);
  return browser.call(`GET ${pathname as `/${string}`}${search}`);
};

test('an address is changed once the mail to the old one, then that to the new one was read', async () => {
  const { browser, email } = await signedIn(tested);
  const newEmail = `new-${email}`;
  const { status } = await browser.call('POST /api/auth/change-email', { newEmail });
  expect(status).toBe(200);
  await expect(linkMailedTo(tested, newEmail)).rejects.toThrow('no mail waits');
  await follow(await linkMailedTo(tested, email));
  expect((await browser.call('GET /v1/me')).body).toMatchObject({ user: { email } });
  await follow(await linkMailedTo(tested, newEmail), browser);
  const { body } = await browser.call('GET /v1/me');
  expect(body).toMatchObject({ user: { email: newEmail, email_verified: true } });
});

test('an address becomes no account’s in another browser: its reader is asked to sign in first', async () => {
  const stranger = await signedIn(tested);
  const newEmail = `owner-of-${stranger.email}`;
  await stranger.browser.call('POST /api/auth/change-email', { newEmail });
  await follow(await linkMailedTo(tested, stranger.email));
  const link = await linkMailedTo(tested, newEmail);
  const other = await signedIn(tested);
  for (const browser of [openBrowser(tested), other.browser]) {
    const { headers } = await follow(link, browser);
    expect(headers.get('location')).toBe('/?error=SIGN_IN_FIRST');
  }
  expect((await stranger.browser.call('GET /v1/me')).body).toMatchObject({
    user: { email: stranger.email },
  });
  expect((await follow(link, stranger.browser)).headers.get('location')).toBe('/');
});

test('each of the two links is good once, and the newest of its kind alone', async () => {
  const { browser, email } = await signedIn(tested);
  const newEmail = `new-${email}`;
  await browser.call('POST /api/auth/change-email', { newEmail: `other-${email}` });
  const superseded = await linkMailedTo(tested, email);
  await browser.call('POST /api/auth/change-email', { newEmail });
  const first = await linkMailedTo(tested, email);
  expect((await follow(superseded)).headers.get('location')).toBe('/?error=LINK_USED');
  expect((await follow(first)).headers.get('location')).toBe('/');
  const second = await linkMailedTo(tested, newEmail);
  expect((await follow(first)).headers.get('location')).toBe('/?error=LINK_USED');
  expect((await follow(second, browser)).headers.get('location')).toBe('/');
  expect((await follow(second, browser)).headers.get('location')).toBe('/?error=LINK_USED');
  expect((await browser.call('GET /v1/me')).body).toMatchObject({ user: { email: newEmail } });
});

test('a new password ends a change of address that is under way, and a new address a reset', async () => {
  const { browser, email } = await signedIn(tested);
  const newEmail = `new-${email}`;
  await browser.call('POST /api/auth/change-email', { newEmail });
  const link = await linkMailedTo(tested, email);
  const changed = await browser.call('POST /api/auth/change-password', {
    currentPassword: testPassword,
    newPassword: 'another good one',
  });
  expect(changed.status).toBe(200);
  expect((await follow(link)).headers.get('location')).toBe('/?error=LINK_USED');

  await browser.call('POST /api/auth/change-email', { newEmail });
  await follow(await linkMailedTo(tested, email));
  await browser.call('POST /api/auth/request-password-reset', { email });
  const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token');
  await follow(await linkMailedTo(tested, newEmail), browser);
  const reset = { newPassword: 'of who reads the old one', token };
  const { status } = await openBrowser(tested).call('POST /api/auth/reset-password', reset);
  expect(status).toBe(400);
});

test('an address that somebody has is asked for as any other is, and stays theirs', async () => {
  const { browser, email } = await signedIn(tested);
  const newEmail = await makeUser(tested);
  const asked = await browser.call('POST /api/auth/change-email', { newEmail, callbackURL: '/me' });
  expect(asked.status).toBe(200);
  expect((await follow(await linkMailedTo(tested, email))).headers.get('location')).toBe('/me');
  const last = await follow(await linkMailedTo(tested, newEmail), browser);
  expect(last.headers.get('location')).toBe('/me?error=EMAIL_TAKEN');
  expect((await browser.call('GET /v1/me')).body).toMatchObject({ user: { email } });
});

test('an address that somebody else has by now stays theirs', async () => {
  const { browser, email } = await signedIn(tested);
  const newEmail = `new-${email}`;
  await browser.call('POST /api/auth/change-email', { newEmail });
  await follow(await linkMailedTo(tested, email));
  const link = await linkMailedTo(tested, newEmail);
  await makeUser(tested, { email: newEmail });
  expect((await follow(link, browser)).headers.get('location')).toBe('/?error=EMAIL_TAKEN');
  expect((await browser.call('GET /v1/me')).body).toMatchObject({ user: { email } });
});

test('a session of more than ten minutes asks for no other address', async () => {
  const { browser, userId, email } = await signedIn(tested);
  await tested.database.owner.query(sql`UPDATE session
    SET created_at = created_at - interval '11 minutes' WHERE user_id = ${userId}`);
  const newEmail = `new-${email}`;
  const { body } = await browser.call('POST /api/auth/change-email', { newEmail });
  expect(body).toMatchObject({ status: 403, reason: 'sign_in_again' });
});
