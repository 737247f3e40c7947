import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import {
  type Browser,
  claimsOf,
  linkMailedTo,
  openBrowser,
  signedIn,
  testPassword,
} from '../test/people.ts';
import { scenario } from '../test/scenario.ts';
import { startTestService, testAdminKey, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const squattersPassword = 'chosen by a stranger';

const signUp = (email: string, password: string, more = {}) =>
  openBrowser(tested).call('POST /api/auth/sign-up/email', {
    name: 'Stranger',
    email,
    password,
    ...more,
  });

const signIn = async (browser: Browser, email: string, password: string) =>
  (await browser.call('POST /api/auth/sign-in/email', { email, password })).status;

/** Opens the link, and chooses `testPassword` where the page asks for one. */
async function confirm(browser: Browser, link: string): Promise<void> {
  const { pathname, search } = new URL(link);
  const opened = await browser.call(`GET ${pathname as `/${string}`}${search}`);
  expect(opened.headers.get('location')).toMatch(/^\/confirm-address\?/);
  const token = new URL(link).searchParams.get('token');
  const chosen = { token, newPassword: testPassword };
  expect((await browser.call('POST /api/auth/confirm-address', chosen)).status).toBe(200);
}

async function invite(email: string): Promise<{ token: string; organizationId: string }> {
  const { db } = tested.database;
  const { organizationId } = await scenario(db, systemClock).organization('Acme').create();
  const owner = await signedIn(tested, { member: [organizationId, 'owner'] });
  const path = `/v1/workspaces/${organizationId}/invitations` as const;
  expect((await owner.browser.call(`POST ${path}`, { email })).status).toBe(201);
  const token = new URL(await linkMailedTo(tested, email)).pathname.split('/').at(-1) ?? '';
  return { token, organizationId };
}

test('a workspace that the operator makes for an address is not for who signed up with it', async () => {
  const email = 'owner@example.com';
  await signUp(email, squattersPassword);
  const link = await linkMailedTo(tested, email);
  const made = await tested.fetch('/v1/admin/workspaces', {
    method: 'POST',
    key: testAdminKey,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Big Customer', owner_email: email }),
  });
  expect(made.status).toBe(201);
  // The real owner opens the mail that the stranger brought about.
  const owner = openBrowser(tested);
  await confirm(owner, link);
  expect(await signIn(openBrowser(tested), email, squattersPassword)).toBe(401);
  expect((await owner.call('GET /v1/me')).body).toMatchObject({
    user: { email },
    workspaces: [{ name: 'Big Customer', role: 'owner' }],
  });
});

test('who was invited signs up by the link, whoever signed up with the address before', async () => {
  const email = 'invited@example.com';
  await signUp(email, squattersPassword);
  const { token, organizationId } = await invite(email);
  // Again, now that the invitation is known of.
  await signUp(email, squattersPassword);
  const reply = await signUp(email, testPassword, { name: 'Grace', invitationToken: token });
  expect(reply.status).toBe(200);
  expect(await signIn(openBrowser(tested), email, squattersPassword)).toBe(401);
  const grace = openBrowser(tested);
  expect(await signIn(grace, email, testPassword)).toBe(200);
  expect((await grace.call(`POST /v1/invitations/${token}/accept`)).status).toBe(200);
  expect((await grace.call('GET /v1/me')).body).toMatchObject({
    user: { name: 'Grace' },
    workspaces: [{ id: organizationId, role: 'member' }],
  });
  expect(await claimsOf(tested, email)).toBe(1);
});

test('an invitation ends the password of who had not proved the address', async () => {
  const email = 'unproven@example.com';
  await signUp(email, squattersPassword);
  const link = await linkMailedTo(tested, email);
  await invite(email);
  await confirm(openBrowser(tested), link);
  expect(await signIn(openBrowser(tested), email, squattersPassword)).toBe(401);
});

test('an address that was invited first is not for who signs up with it after the mail', async () => {
  const email = 'invited-first@example.com';
  const { token, organizationId } = await invite(email);
  expect((await signUp(email, squattersPassword)).status).toBe(200);
  const invited = openBrowser(tested);
  await confirm(invited, await linkMailedTo(tested, email));
  expect((await invited.call(`POST /v1/invitations/${token}/accept`)).status).toBe(200);
  expect((await invited.call('GET /v1/me')).body).toMatchObject({
    user: { email },
    workspaces: expect.arrayContaining([
      expect.objectContaining({ id: organizationId, role: 'member' }),
    ]),
  });
  expect(await signIn(openBrowser(tested), email, squattersPassword)).toBe(401);
});

test('the password of somebody who has proved the address stays', async () => {
  const { email } = await signedIn(tested);
  const { token } = await invite(email);
  await signUp(email, 'another good one', { invitationToken: token });
  expect(await signIn(openBrowser(tested), email, testPassword)).toBe(200);
});
