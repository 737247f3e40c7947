import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passwordLength as told } from '../../../sdk/src/login.ts';
import { sql } from '../db/sql.ts';
import { linkMailedTo, openBrowser, signedIn, testPassword } from '../test/people.ts';
import { startTestService, type TestService } from '../test/service.ts';
import { passwordLength } from './password.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;

async function signUp(email: string, password = testPassword) {
  const browser = openBrowser(tested);
  const body = { name: 'Grace Hopper', email, password };
  const reply = await browser.call('POST /api/auth/sign-up/email', body);
  return { browser, reply };
}

describe('somebody who signs up', () => {
  test('has a login and an own workspace once the mailed link is opened, not before', async () => {
    const email = 'grace@example.com';
    const { browser, reply } = await signUp(email);
    expect(reply.status).toBe(200);
    const early = await browser.call('POST /api/auth/sign-in/email', {
      email,
      password: testPassword,
    });
    expect(early.body).toMatchObject({ status: 403, reason: 'EMAIL_NOT_VERIFIED' });
    expect((await browser.call('GET /v1/me')).status).toBe(401);

    const link = await linkMailedTo(tested, email);
    const opened = await browser.call(`GET ${pathOf(link)}` as 'GET /');
    expect([opened.status, opened.headers.get('location')]).toEqual([302, '/']);
    const { body } = await browser.call('GET /v1/me');
    expect(body).toMatchObject({
      object: 'me',
      user: { email, name: 'Grace Hopper', email_verified: true },
      workspaces: [{ name: "Grace's workspace", role: 'owner', plan_id: 'plan_free' }],
      is_super_admin: false,
      impersonated_by: null,
    });
    const [workspace] = body.workspaces as { id: string }[];
    const usage = await browser.call(`GET /v1/workspaces/${workspace?.id}/usage`);
    expect([usage.status, usage.body.conversions]).toMatchObject([200, { used: 0, limit: 100 }]);
  });

  test('gets the same answer for an address that has an account, and no second account', async () => {
    const { email } = await signedIn(tested);
    const taken = (await signUp(email)).reply;
    const fresh = (await signUp('fresh@example.com')).reply;
    const shape = ({ status, body }: typeof taken) => [
      status,
      Object.keys(body),
      Object.keys(body.user as object),
    ];
    expect(shape(taken)).toEqual(shape(fresh));
    const rows = await tested.database.owner.query(
      sql`SELECT 1 AS one FROM "user" WHERE email = ${email}`,
    );
    expect(rows).toHaveLength(1);
  });

  test('gives a password of the length that the SDK tells clients', () => {
    expect(told).toEqual(passwordLength);
  });

  test('is told what is wrong with what was sent', async () => {
    const { reply } = await signUp('nobody@', 'short');
    expect(reply.body).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [
        { pointer: '/body/email', detail: 'must be a mail address' },
        { pointer: '/body/password', detail: 'must have at least 10 characters' },
      ],
    });
  });

  test('cannot make themselves the super admin', async () => {
    const browser = openBrowser(tested);
    const reply = await browser.call('POST /api/auth/sign-up/email', {
      name: 'Eve',
      email: 'eve@example.com',
      password: testPassword,
      role: 'admin',
    });
    expect(reply.status).toBe(400);
  });
});

describe('a forgotten password', () => {
  test('is set anew by the mailed link, once, and ends every session', async () => {
    const { browser, email } = await signedIn(tested);
    const asked = await browser.call('POST /api/auth/request-password-reset', { email });
    expect(asked.status).toBe(200);
    const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token');
    const reset = { newPassword: 'another good one', token };
    const other = openBrowser(tested);
    expect((await other.call('POST /api/auth/reset-password', reset)).status).toBe(200);
    expect((await other.call('POST /api/auth/reset-password', reset)).status).toBe(400);
    await expect
      .poll(async () => (await browser.call('GET /v1/me')).status, { timeout: 30_000 })
      .toBe(401);
    const signIn = (password: string) =>
      other.call('POST /api/auth/sign-in/email', { email, password });
    expect((await signIn(testPassword)).status).toBe(401);
    expect((await signIn('another good one')).status).toBe(200);
  });

  test('is answered alike for an address without an account', async () => {
    const { email } = await signedIn(tested);
    const browser = openBrowser(tested);
    const known = await browser.call('POST /api/auth/request-password-reset', { email });
    const unknown = await browser.call('POST /api/auth/request-password-reset', {
      email: 'unknown@example.com',
    });
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
    await expect(linkMailedTo(tested, 'unknown@example.com')).rejects.toThrow('no mail');
  });
});

test('where sign-up is closed nobody makes an account', async () => {
  const closed = await startTestService({ env: { SIGN_UP: 'closed' } });
  try {
    const reply = await openBrowser(closed).call('POST /api/auth/sign-up/email', {
      name: 'Eve',
      email: 'eve@example.com',
      password: testPassword,
    });
    expect(reply.body).toMatchObject({ status: 403, code: 'forbidden' });
  } finally {
    await closed.close();
  }
});
