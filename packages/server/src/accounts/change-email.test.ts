import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { linkMailedTo, openBrowser, signedIn } from '../test/people.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const follow = (link: string) => {
  const { pathname, search } = new URL(link);
  return openBrowser(tested).call(`GET ${pathname as `/${string}`}${search}`);
};

test('an address is changed once the mail to the old one, then that to the new one was read', async () => {
  const { browser, email } = await signedIn(tested);
  const newEmail = `new-${email}`;
  const { status } = await browser.call('POST /api/auth/change-email', { newEmail });
  expect(status).toBe(200);
  await expect(linkMailedTo(tested, newEmail)).rejects.toThrow('no mail waits');
  await follow(await linkMailedTo(tested, email));
  expect((await browser.call('GET /v1/me')).body).toMatchObject({ user: { email } });
  await follow(await linkMailedTo(tested, newEmail));
  const { body } = await browser.call('GET /v1/me');
  expect(body).toMatchObject({ user: { email: newEmail, email_verified: true } });
});

test('a session of more than ten minutes asks for no other address', async () => {
  const { browser, userId, email } = await signedIn(tested);
  await tested.database.owner.query(sql`UPDATE session
    SET created_at = created_at - interval '11 minutes' WHERE user_id = ${userId}`);
  const newEmail = `new-${email}`;
  const { body } = await browser.call('POST /api/auth/change-email', { newEmail });
  expect(body).toMatchObject({ status: 403, reason: 'sign_in_again' });
});
