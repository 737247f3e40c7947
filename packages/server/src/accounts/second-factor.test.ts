import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { appCodeOf, type Browser, openBrowser, signedIn, testPassword } from '../test/people.ts';
import { startTestService, testAdminKey, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const password = { password: testPassword };

/** Somebody who has set it up. */
async function withSecondFactor() {
  const person = await signedIn(tested);
  const { body } = await person.browser.call('POST /api/auth/two-factor/enable', password);
  const secret = new URL(String(body['totpURI'])).searchParams.get('secret') ?? '';
  const codeNow = () => appCodeOf(secret);
  const verified = await verify(person.browser, codeNow());
  expect(verified.status).toBe(200);
  return { ...person, codeNow, backupCodes: body['backupCodes'] as string[] };
}

const verify = (browser: Browser, code: string) =>
  browser.call('POST /api/auth/two-factor/verify-totp', { code });

/** A browser in which the password was right and a code is due. */
async function halfIn(email: string): Promise<Browser> {
  const browser = openBrowser(tested);
  const reply = await browser.call('POST /api/auth/sign-in/email', { email, ...password });
  expect(reply.body).toMatchObject({ twoFactorRedirect: true });
  return browser;
}

test('ten wrong codes in a row lock the second step for a quarter of an hour, for the right one too', async () => {
  const { email, userId, codeNow } = await withSecondFactor();
  const tryWrong = async (failedBefore: number) => {
    await tested.database.owner.query(sql`UPDATE two_factor
      SET failed_verification_count = ${failedBefore} WHERE user_id = ${userId}`);
    expect((await verify(await halfIn(email), '000000')).status).toBe(401);
  };
  await tryWrong(8);
  expect((await verify(await halfIn(email), codeNow())).status).toBe(200);
  await tryWrong(9);
  const right = await verify(await halfIn(email), codeNow());
  expect(right.body).toMatchObject({ status: 429, reason: 'ACCOUNT_TEMPORARILY_LOCKED' });
  const [lock] = await tested.database.owner.query<{ minutes: number }>(
    sql`UPDATE two_factor SET locked_until = clock_timestamp() FROM two_factor before
      WHERE two_factor.user_id = ${userId} AND before.id = two_factor.id
      RETURNING round(extract(epoch FROM before.locked_until - clock_timestamp()) / 60)::integer
        AS minutes`,
  );
  expect(lock?.minutes).toBe(15);
  expect((await verify(await halfIn(email), codeNow())).status).toBe(200);
});

test('backup codes that are made anew end those before, which is on record', async () => {
  const { browser, email, userId, backupCodes } = await withSecondFactor();
  const made = await browser.call('POST /api/auth/two-factor/generate-backup-codes', password);
  expect(made.status).toBe(200);
  const use = async (code = '') => {
    const half = await halfIn(email);
    return half.call('POST /api/auth/two-factor/verify-backup-code', { code });
  };
  expect((await use(backupCodes[0])).status).toBe(401);
  expect((await use((made.body['backupCodes'] as string[])[0])).status).toBe(200);
  const log = await tested.fetch(`/v1/admin/audit-log?target_id=${userId}`, { key: testAdminKey });
  expect(((await log.json()) as { data: unknown[] }).data[0]).toMatchObject({
    action: 'user.backup_codes_renewed',
    actor: { id: userId },
  });
});

test('it is neither set up, renewed nor turned off without the password', async () => {
  const { browser, userId } = await withSecondFactor();
  for (const path of ['enable', 'generate-backup-codes', 'disable'] as const) {
    const wrong = { password: 'not my password' };
    const reply = await browser.call(`POST /api/auth/two-factor/${path}`, wrong);
    expect([path, reply.status]).toEqual([path, 400]);
  }
  const rows = await tested.database.owner.query(
    sql`SELECT FROM "user" WHERE id = ${userId} AND two_factor_enabled`,
  );
  expect(rows).toHaveLength(1);
});

test('a session that passed it may what the super admin may after a change of password', async () => {
  const { browser, userId } = await signedIn(tested, { superAdmin: true, secondFactor: true });
  await tested.database.owner.query(
    sql`UPDATE "user" SET two_factor_enabled = true WHERE id = ${userId}`,
  );
  const change = {
    currentPassword: testPassword,
    newPassword: 'another good one',
    revokeOtherSessions: true,
  };
  const before = browser.cookies();
  expect((await browser.call('POST /api/auth/change-password', change)).status).toBe(200);
  expect(browser.cookies()).not.toBe(before);
  expect((await browser.call('GET /v1/admin/users')).status).toBe(200);
});
