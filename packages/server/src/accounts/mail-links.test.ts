import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { linkMailedTo, openBrowser, signedIn, testPassword } from '../test/people.ts';
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

const placeOf = async (link: string, browser = openBrowser(tested)) =>
  (await follow(link, browser)).headers.get('location');

async function signUp(email: string) {
  const browser = openBrowser(tested);
  const body = { name: 'Grace', email, password: testPassword };
  await browser.call('POST /api/auth/sign-up/email', body);
  return { browser, link: await linkMailedTo(tested, email) };
}

test('of ten that open a link at once one is signed in', async () => {
  const { browser, link } = await signUp('ten@example.com');
  const tab = () => openBrowser(tested, browser.cookies());
  const places = await Promise.all(Array.from({ length: 10 }, () => placeOf(link, tab())));
  expect(places.filter((place) => place === '/')).toHaveLength(1);
  expect(places.filter((place) => place === '/?error=LINK_USED')).toHaveLength(9);
  const sessions = await tested.database.owner.query(
    sql`SELECT FROM session s JOIN "user" u ON u.id = s.user_id WHERE u.email = 'ten@example.com'`,
  );
  expect(sessions).toHaveLength(1);
});

test('a link is worth nothing once a newer one was sent', async () => {
  const email = 'twice@example.com';
  const { browser, link: first } = await signUp(email);
  // Within a second it would be the same link: it is signed with the time in seconds.
  await new Promise((later) => setTimeout(later, 1100));
  await openBrowser(tested).call('POST /api/auth/send-verification-email', { email });
  const second = await linkMailedTo(tested, email);
  for (const anybody of [openBrowser(tested), browser]) {
    expect(await placeOf(first, anybody)).toBe('/?error=LINK_USED');
  }
  expect(await placeOf(second, browser)).toBe('/');
});

test('of links for another password the newest is good, also of two that are asked for at once', async () => {
  const { email, userId } = await signedIn(tested);
  const ask = () => openBrowser(tested).call('POST /api/auth/request-password-reset', { email });
  await ask();
  const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token');
  await Promise.all([ask(), ask()]);
  const good = await tested.database.owner.query(
    sql`SELECT FROM verification WHERE value = ${userId}`,
  );
  expect(good).toHaveLength(1);
  const reset = { newPassword: 'another good one', token };
  const replaced = await openBrowser(tested).call('POST /api/auth/reset-password', reset);
  expect(replaced.status).toBe(400);
});

test('a link that is opened in the browser of somebody else is still good afterwards', async () => {
  const { browser, email } = await signedIn(tested);
  await browser.call('POST /api/auth/change-email', { newEmail: `new-${email}` });
  const link = await linkMailedTo(tested, email);
  const stranger = await signedIn(tested);
  const refused = await follow(link, stranger.browser);
  expect(refused.headers.get('location')).toBe('/?error=INVALID_USER');
  expect(await placeOf(link)).toBe('/');
});

test('a link that nobody sent, or too long ago, says so; without a page of ours as a problem', async () => {
  const { browser, link } = await signUp('late@example.com');
  const token = new URL(link).searchParams.get('token') ?? '';
  const open = (query: string) => browser.call(`GET /api/auth/verify-email?${query}`);
  const forged = await open(`token=${token.slice(0, -4)}AAAA&callbackURL=/welcome?a=1`);
  expect(forged.headers.get('location')).toBe('/welcome?a=1&error=INVALID_TOKEN');
  const elsewhere = await open(`token=nothing&callbackURL=https://evil.example.com/`);
  expect(elsewhere.body).toMatchObject({ status: 401, reason: 'INVALID_TOKEN' });
  expect((await open('callbackURL=/')).body).toMatchObject({ status: 400 });
  expect((await open(`token=${token}`)).status).toBe(200);
  expect((await open(`token=${token}`)).body).toMatchObject({ status: 401, reason: 'LINK_USED' });
});
