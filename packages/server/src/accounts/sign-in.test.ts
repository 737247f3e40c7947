import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import {
  addMember,
  makeUser,
  openBrowser,
  signedIn,
  testPassword,
  type Browser,
} from '../test/people.ts';
import { scenario } from '../test/scenario.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService({ env: { TRUST_PROXY_HOPS: '0' } });
});
afterAll(() => tested.close());

async function statusSoon(browser: Browser, path: `/${string}`, status: number) {
  const ask = async () => (await browser.call(`GET ${path}`)).status;
  await expect.poll(ask, { timeout: 3000, interval: 50 }).toBe(status);
}

async function oneWorkspace() {
  return (await scenario(tested.database.db, systemClock).organization().create()).organizationId;
}

describe('a session', () => {
  test('is a cookie that no script and no other site gets, and its token is in no reply', async () => {
    const { email } = await signedIn(tested);
    const browser = openBrowser(tested);
    const reply = await browser.call('POST /api/auth/sign-in/email', {
      email,
      password: testPassword,
    });
    const [cookie = ''] = reply.headers.getSetCookie();
    expect(cookie).toMatch(/^mutate\.session_token=/);
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).not.toMatch(/Secure/i);
    expect(JSON.stringify(reply.body)).not.toContain('token');
    expect((await browser.call('GET /api/auth/get-session')).body).not.toHaveProperty(
      'session.token',
    );
  });

  test('is Secure where the public address is https', async () => {
    const behindProxy = await startTestService({ env: { PUBLIC_URL: 'https://convert.test' } });
    try {
      const reply = await behindProxy.service.app.inject({
        method: 'POST',
        url: '/api/auth/sign-in/email',
        headers: { origin: 'https://convert.test' },
        payload: { email: await makeUser(behindProxy), password: testPassword },
      });
      expect([reply.headers['set-cookie']].flat()[0]).toMatch(
        /^__Secure-mutate\.session_token=.*Secure/,
      );
    } finally {
      await behindProxy.close();
    }
  });

  test('is worth nothing when its signature is not ours', async () => {
    const { browser } = await signedIn(tested);
    const forged = browser.cookies().replace(/\.[^.]+$/, `.${'A'.repeat(43)}%3D`);
    const reply = await tested.fetch('/v1/me', { headers: { cookie: forged } });
    expect(reply.status).toBe(401);
  });

  test('can be listed and ended from another one, within a second', async () => {
    const { browser, email } = await signedIn(tested);
    const other = openBrowser(tested);
    await other.call('POST /api/auth/sign-in/email', { email, password: testPassword });
    const { data } = (await browser.call('GET /v1/me/sessions')).body as {
      data: { id: string; current: boolean }[];
    };
    expect(data.map(({ current }) => current)).toEqual([false, true]);
    expect((await other.call('GET /v1/me')).status).toBe(200);
    expect((await browser.call(`DELETE /v1/me/sessions/${data[0]?.id}`)).status).toBe(200);
    await statusSoon(other, '/v1/me', 401);
    expect((await browser.call('DELETE /v1/me/sessions/ses_unknown')).status).toBe(404);
    expect((await browser.call('DELETE /v1/me/sessions')).status).toBe(204);
    expect((await browser.call('GET /v1/me')).status).toBe(200);
  });

  test('ends by signing out, and when its user is banned', async () => {
    const { browser } = await signedIn(tested);
    const cookie = browser.cookies();
    expect((await browser.call('POST /api/auth/sign-out')).status).toBe(200);
    const copied = async () => (await tested.fetch('/v1/me', { headers: { cookie } })).status;
    await expect.poll(copied, { timeout: 30_000 }).toBe(401);

    const banned = await signedIn(tested);
    expect((await banned.browser.call('GET /v1/me')).status).toBe(200);
    await tested.database.owner.query(
      sql`UPDATE "user" SET banned = true WHERE id = ${banned.userId}`,
    );
    await statusSoon(banned.browser, '/v1/me', 401);
    const again = await openBrowser(tested).call('POST /api/auth/sign-in/email', {
      email: banned.email,
      password: testPassword,
    });
    expect(again.body).toMatchObject({ status: 403, reason: 'BANNED_USER' });
  });

  test('opens the workspaces that its user is in, until they are taken out', async () => {
    const [mine, foreign] = [await oneWorkspace(), await oneWorkspace()];
    const { browser, userId } = await signedIn(tested);
    await addMember(tested, userId, mine, 'member');
    await statusSoon(browser, `/v1/workspaces/${mine}/usage`, 200);
    expect((await browser.call(`GET /v1/workspaces/${foreign}/usage`)).status).toBe(404);
    const list = await browser.call('GET /v1/workspaces');
    expect(list.body.data).toMatchObject([{ id: mine }]);
    await tested.database.owner.query(sql`DELETE FROM member WHERE user_id = ${userId}`);
    await statusSoon(browser, `/v1/workspaces/${mine}/usage`, 404);
  });
});

describe('another site', () => {
  test('changes nothing with the cookie of who visits it', async () => {
    const { browser } = await signedIn(tested);
    const create = (headers: Record<string, string>) =>
      browser.call('POST /v1/workspaces', { name: 'Mine' }, headers);
    for (const origin of ['https://evil.example', 'null', `${tested.url}.evil.example`]) {
      expect((await create({ origin })).body).toMatchObject({ status: 403, code: 'forbidden' });
      expect((await browser.call('POST /api/auth/sign-out', {}, { origin })).status).toBe(403);
    }
    const withoutOrigin = await tested.fetch('/v1/workspaces', {
      method: 'POST',
      headers: { cookie: browser.cookies(), 'content-type': 'application/json' },
      body: '{"name":"Mine"}',
    });
    expect(withoutOrigin.status).toBe(403);
    expect((await create({})).status).toBe(201);
  });
});

describe('who guesses passwords', () => {
  const wrong = (email: string, headers: Record<string, string> = {}) =>
    openBrowser(tested).call('POST /api/auth/sign-in/email', { email, password: 'wrong' }, headers);

  test('has five tries, at once or one by one, whether there is such an account or not', async () => {
    const { email } = await signedIn(tested);
    for (const address of [email, 'nobody@example.com']) {
      // A forged forwarding header makes no difference: no proxy is trusted.
      const tries = Array.from({ length: 9 }, (_, index) =>
        wrong(index % 2 === 0 ? address : address.toUpperCase(), {
          'x-forwarded-for': `203.0.113.${index}`,
        }),
      );
      const statuses = (await Promise.all(tries))
        .map(({ status }) => status)
        .toSorted((a, b) => a - b);
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429]);
    }
  });

  test('keeps out who knows the password, until the wait is over', async () => {
    const { email } = await signedIn(tested);
    await Promise.all(Array.from({ length: 5 }, () => wrong(email)));
    const wait = (seconds: number) =>
      tested.database.owner.query(
        sql`UPDATE sign_in_attempts SET blocked_until = now() + make_interval(secs => ${seconds})
          WHERE failures = 5`,
      );
    const signIn = () =>
      openBrowser(tested).call('POST /api/auth/sign-in/email', { email, password: testPassword });
    await wait(60);
    const early = await signIn();
    expect(early.body).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(50);
    await wait(0);
    expect((await signIn()).status).toBe(200);
    expect((await wrong(email)).status).toBe(401);
  });

  test('is slowed by address, too, whatever is tried there', async () => {
    const fresh = await startTestService();
    try {
      const guess = (index: number) =>
        openBrowser(fresh).call(
          'POST /api/auth/reset-password',
          { token: `guess${index}`, newPassword: testPassword },
          { 'x-forwarded-for': `203.0.113.${index}` },
        );
      const statuses: number[] = [];
      for (let index = 0; index < 41; index++) statuses.push((await guess(index)).status);
      expect(statuses.slice(0, 40).every((status) => status === 400)).toBe(true);
      expect(statuses[40]).toBe(429);
      const right = { email: await makeUser(fresh), password: testPassword };
      const signIn = await openBrowser(fresh).call('POST /api/auth/sign-in/email', right);
      expect(signIn.status).toBe(429);
    } finally {
      await fresh.close();
    }
  });
});

test('what better-auth offers and we do not is not there', async () => {
  const { browser } = await signedIn(tested, { superAdmin: true });
  for (const path of [
    'POST /api/auth/admin/set-user-password',
    'POST /api/auth/admin/create-user',
    'GET /api/auth/list-sessions',
    'POST /api/auth/delete-user',
    'POST /api/auth/sign-in/social',
    'GET /api/auth/sign-out',
    'GET /api/auth/__proto__',
  ] as const) {
    expect([path, (await browser.call(path)).status]).toEqual([path, 404]);
  }
});
