import { Writable } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from './db/sql.ts';
import { createLog } from './http/log.ts';
import { systemClock } from './clock.ts';
import { linkMailedTo, openBrowser, type Browser } from './test/people.ts';
import { scenario } from './test/scenario.ts';
import { startTestService, testAdminKey, type TestService } from './test/service.ts';

let tested: TestService;
let logged = '';
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    logged += chunk.toString();
    done();
  },
});

beforeAll(async () => {
  tested = await startTestService({ log: createLog('trace', sink) });
});
afterAll(() => tested.close());

/** What must be readable nowhere, by what it is. */
const secrets = new Map<string, string>();
const email = 'scan@example.com';
const [oldPassword, newPassword] = ['the first pass phrase', 'the second pass phrase'];

function tokenOfCookie(browser: Browser): string {
  const value = /session_token=([^;]+)/.exec(browser.cookies())?.[1] ?? '';
  return decodeURIComponent(value).split('.')[0] ?? '';
}

/** Every text and every byte of every table, one row a line. */
async function dump(): Promise<string> {
  const { owner } = tested.database;
  const tables = await owner.query<{ name: string }>(
    sql`SELECT oid::regclass::text AS name FROM pg_class
      WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const text = `SELECT coalesce(string_agg(t::text, E'\\n'), '') AS text FROM ${name} t`;
    const [row] = await owner.query<{ text: string }>({ text, values: [], name: `dump ${name}` });
    texts.push(`${name}: ${row?.text ?? ''}`);
  }
  expect(texts.length).toBeGreaterThan(30);
  return texts.join('\n');
}

async function signUpAndReset(browser: Browser): Promise<void> {
  secrets.set('first password', oldPassword).set('second password', newPassword);
  await browser.call('POST /api/auth/sign-up/email', {
    name: 'Scan',
    email,
    password: oldPassword,
  });
  const link = new URL(await linkMailedTo(tested, email));
  secrets.set('verification token', link.searchParams.get('token') ?? '');
  await browser.call(`GET ${link.pathname}${link.search}` as 'GET /');
  secrets.set('session token', tokenOfCookie(browser));
  await browser.call('POST /api/auth/request-password-reset', { email });
  const token = new URL(await linkMailedTo(tested, email)).searchParams.get('token') ?? '';
  secrets.set('reset token', token);
  await browser.call('POST /api/auth/reset-password', { newPassword: 'x', token });
  const reset = await browser.call('POST /api/auth/reset-password', { newPassword, token });
  expect(reset.status).toBe(200);
  await browser.call('POST /api/auth/sign-in/email', { email, password: oldPassword });
  await browser.call('POST /api/auth/sign-in/email', { email, password: newPassword });
  secrets.set('second session token', tokenOfCookie(browser));
  const enabled = await browser.call('POST /api/auth/two-factor/enable', { password: newPassword });
  const uri = new URL(String(enabled.body.totpURI));
  secrets.set('second factor', uri.searchParams.get('secret') ?? '');
  secrets.set('backup code', (enabled.body.backupCodes as string[])[0] ?? '');
}

async function makeKeysAndInvite(browser: Browser): Promise<void> {
  const { body } = await browser.call('GET /v1/me');
  const [workspace] = body.workspaces as { id: string }[];
  const path = `/v1/workspaces/${workspace?.id}` as const;
  const headers = { 'idempotency-key': 'once' };
  const made = await browser.call(`POST ${path}/api-keys`, { name: 'CI' }, headers);
  secrets.set('API key', String(made.body.key));
  const rotated = await browser.call(`POST ${path}/api-keys/${String(made.body.id)}/rotate`);
  secrets.set('rotated API key', String(rotated.body.key));
  await browser.call(`POST ${path}/invitations`, { email: 'guest@example.com' });
  const link = await linkMailedTo(tested, 'guest@example.com');
  const token = link.slice(link.lastIndexOf('/') + 1);
  secrets.set('invitation token', token);
  await browser.call(`GET /v1/invitations/${token}`);
  expect((await browser.call(`POST /v1/invitations/${token}/accept`)).status).toBe(403);
  expect((await browser.call(`GET /v1/invitations/${token}x`)).status).toBe(404);
  const endpoint = await browser.call(`POST ${path}/webhook-endpoints`, {
    url: 'https://hooks.example.com/in',
    events: ['conversion.succeeded'],
  });
  expect(endpoint.status).toBe(201);
  secrets.set('webhook secret', String(endpoint.body.secret));
}

test('no password, token or key is in any table or in the log, even at its most talkative', async () => {
  secrets.set('operator key', testAdminKey);
  await scenario(tested.database.db, systemClock).organization().create();
  const browser = openBrowser(tested);
  await signUpAndReset(browser);
  await makeKeysAndInvite(browser);
  await tested.fetch('/v1/admin/workspaces', { key: testAdminKey });
  await tested.fetch('/v1/workspaces', { key: 'mk_live_wrong' });
  // A mail's link stands in the outbox until the mail is made from it, at most a few seconds.
  await expect
    .poll(
      () =>
        tested.database.owner.query(sql`SELECT id FROM outbox WHERE processed_at IS NULL
          AND topic LIKE 'auth.%'`),
      { timeout: 20_000 },
    )
    .toEqual([]);
  for (const secret of secrets.values()) expect(secret.length).toBeGreaterThan(8);
  expect(secrets.size).toBeGreaterThan(10);
  const stored = await dump();
  // The scan sees what is there.
  expect(stored).toContain(email);
  expect(logged).toContain('/v1/invitations/:token');
  const found = [...secrets].filter(([, secret]) => stored.includes(secret));
  expect(found.map(([name]) => name)).toEqual([]);
  const told = [...secrets].filter(([, secret]) => logged.includes(secret));
  expect(told.map(([name]) => name)).toEqual([]);
});
