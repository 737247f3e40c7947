import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import {
  type Browser,
  claimsOf,
  linkMailedTo,
  openBrowser,
  signedIn,
  testPassword,
} from '../test/people.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const strangersPassword = 'chosen by a stranger';

async function signUp(email: string, password: string): Promise<Browser> {
  const browser = openBrowser(tested);
  const body = { name: 'Grace Hopper', email, password, callbackURL: '/welcome' };
  expect((await browser.call('POST /api/auth/sign-up/email', body)).status).toBe(200);
  return browser;
}

const signIn = (browser: Browser, email: string, password: string) =>
  browser.call('POST /api/auth/sign-in/email', { email, password });

const open = async (browser: Browser, link: string) => {
  const { pathname, search } = new URL(link);
  const { headers } = await browser.call(`GET ${pathname as `/${string}`}${search}`);
  return headers.get('location') ?? '';
};

const tokenOf = (link: string) => new URL(link, tested.url).searchParams.get('token');

const confirm = (browser: Browser, token: string | null, newPassword = testPassword) =>
  browser.call('POST /api/auth/confirm-address', { token, newPassword });

const isProven = async (email: string) => {
  const [row] = await tested.database.owner.query<{ email_verified: boolean }>(
    sql`SELECT email_verified FROM "user" WHERE email = ${email}`,
  );
  return row?.email_verified;
};

describe('a stranger who signs up with the address of somebody else', () => {
  test('has no password there once the owner has opened the link and chosen one', async () => {
    const email = 'owner@example.com';
    const stranger = await signUp(email, strangersPassword);
    const owner = openBrowser(tested);
    const place = await open(owner, await linkMailedTo(tested, email));
    expect(place).toMatch(/^\/confirm-address\?token=[^&]+&from=%2Fwelcome$/);
    expect(await isProven(email)).toBe(false);
    expect((await owner.call('GET /v1/me')).status).toBe(401);

    expect((await confirm(owner, tokenOf(place))).status).toBe(200);
    expect((await owner.call('GET /v1/me')).body).toMatchObject({
      user: { email, email_verified: true },
      workspaces: [{ name: "Grace's workspace", role: 'owner' }],
    });
    expect((await signIn(stranger, email, strangersPassword)).status).toBe(401);
    expect((await signIn(openBrowser(tested), email, testPassword)).status).toBe(200);
    expect(await claimsOf(tested, email)).toBe(1);
  });

  test('gets in by no sign-up of the owner with another password in between', async () => {
    const email = 'second@example.com';
    await signUp(email, strangersPassword);
    // Answered as any other; the account and its password are the stranger's still.
    const owner = await signUp(email, testPassword);
    const place = await open(owner, await linkMailedTo(tested, email));
    expect(place).toContain('/confirm-address?');
    expect((await confirm(owner, tokenOf(place))).status).toBe(200);
    expect((await signIn(openBrowser(tested), email, strangersPassword)).status).toBe(401);
  });

  test('gets in by no link that they ask for by signing in', async () => {
    const email = 'asked@example.com';
    const stranger = await signUp(email, strangersPassword);
    expect((await signIn(stranger, email, strangersPassword)).status).toBe(403);
    const owner = openBrowser(tested);
    expect((await signIn(owner, email, 'some other password')).status).toBe(401);
    expect(await open(owner, await linkMailedTo(tested, email))).toContain('/confirm-address?');
  });
});

describe('who signs up with their own address', () => {
  test('is in by one click also where they signed up again, or in, with that password', async () => {
    const again = 'again@example.com';
    await signUp(again, testPassword);
    const browser = await signUp(again, testPassword);
    expect(await open(browser, await linkMailedTo(tested, again))).toBe('/welcome');
    expect((await browser.call('GET /v1/me')).body).toMatchObject({ user: { email: again } });

    const tried = 'tried@example.com';
    await signUp(tried, testPassword);
    const elsewhere = openBrowser(tested);
    expect((await signIn(elsewhere, tried, testPassword)).status).toBe(403);
    expect(await open(elsewhere, await linkMailedTo(tested, tried))).toBe('/');
    expect((await elsewhere.call('GET /v1/me')).body).toMatchObject({ user: { email: tried } });
  });

  test('finds the link good after a program has opened it, before they chose, and only then', async () => {
    const email = 'scanned@example.com';
    const browser = await signUp(email, testPassword);
    const link = await linkMailedTo(tested, email);
    await open(openBrowser(tested), link);
    await open(openBrowser(tested), link);
    expect(await open(browser, link)).toBe('/welcome');
    expect(
      (await confirm(openBrowser(tested), tokenOf(link), strangersPassword)).body,
    ).toMatchObject({ status: 401, reason: 'LINK_USED' });
    expect((await signIn(openBrowser(tested), email, testPassword)).status).toBe(200);
  });

  test('learns nothing from the mark, which an address with an account gets too', async () => {
    const { email } = await signedIn(tested);
    const lengths = [];
    for (const address of [email, 'nobody-yet@example.com']) {
      const browser = await signUp(address, testPassword);
      lengths.push(browser.cookies().length);
    }
    expect(lengths[0]).toBe(lengths[1]);
    expect(lengths[0]).toBeGreaterThan(40);
  });
});

test('over https the mark is one that no other host of the domain can set', async () => {
  const secure = await startTestService({ env: { PUBLIC_URL: 'https://convert.test' } });
  try {
    const { app } = secure.service;
    const email = 'secure@example.com';
    const headers = { origin: 'https://convert.test' };
    const payload = { name: 'Grace', email, password: testPassword, callbackURL: '/welcome' };
    const url = '/api/auth/sign-up/email';
    const reply = await app.inject({ method: 'POST', url, headers, payload });
    const cookie = [reply.headers['set-cookie']].flat()[0] ?? '';
    expect(cookie).toMatch(/^__Host-mutate\.sign_up=[\w-]{43}; .*Path=\/;.*; Secure$/);
    const { pathname, search } = new URL(await linkMailedTo(secure, email));
    const [mark = ''] = cookie.replace('__Host-', '').split(';');
    const placeWith = async (sent: string) => {
      const request = { url: pathname + search, headers: { cookie: sent } };
      return (await app.inject(request)).headers.location;
    };
    expect(await placeWith(mark)).toContain('/confirm-address?');
    expect(await placeWith(`__Host-${mark}`)).toBe('/welcome');
  } finally {
    await secure.close();
  }
});

describe('the page that asks for a password', () => {
  test('takes no link of a change of address, nor one that is forged, and wants ten characters', async () => {
    const { browser, email } = await signedIn(tested);
    await browser.call('POST /api/auth/change-email', { newEmail: `new-${email}` });
    const link = await linkMailedTo(tested, email);
    expect((await confirm(openBrowser(tested), tokenOf(link))).body).toMatchObject({
      status: 401,
      reason: 'INVALID_TOKEN',
    });
    expect(await open(openBrowser(tested), link)).toBe('/');
    expect((await confirm(openBrowser(tested), 'a.b.c')).body).toMatchObject({
      status: 401,
      reason: 'INVALID_TOKEN',
    });
    await signUp('short@example.com', testPassword);
    const token = tokenOf(await linkMailedTo(tested, 'short@example.com'));
    expect((await confirm(openBrowser(tested), token, 'short')).status).toBe(400);
    expect((await confirm(openBrowser(tested), token)).status).toBe(200);
  });

  test('lets one of five in who send it at once', async () => {
    const email = 'five@example.com';
    await signUp(email, testPassword);
    const token = tokenOf(await linkMailedTo(tested, email));
    const replies = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        confirm(openBrowser(tested), token, `number ${i} of five`),
      ),
    );
    const won = replies.findIndex(({ status }) => status === 200);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await signIn(openBrowser(tested), email, `number ${won} of five`)).status).toBe(200);
  });
});
