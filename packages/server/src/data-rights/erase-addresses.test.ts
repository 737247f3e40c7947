import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { linkMailedTo, openBrowser, signedIn } from '../test/people.ts';
import { scenario } from '../test/scenario.ts';
import { startTestService, testAdminKey, type TestService } from '../test/service.ts';
import { eraseAddresses } from './erase-addresses.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

async function workspace() {
  const { db } = tested.database;
  const { organizationId, apiKey } = await scenario(db, systemClock).organization().create();
  const { browser } = await signedIn(tested, { member: [organizationId, 'owner'] });
  return { organizationId, apiKey, owner: browser, path: `/v1/workspaces/${organizationId}` };
}

/** The tables in which an address stands. */
async function placesOf(address: string): Promise<string[]> {
  const { owner } = tested.database;
  const tables = await owner.query<{ name: string }>(
    sql`SELECT relname AS name FROM pg_class
      WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const places: string[] = [];
  for (const { name } of tables) {
    const rows = await owner.query({
      text: `SELECT 1 FROM "${name}" t WHERE strpos(lower(t::text), $1) > 0 LIMIT 1`,
      values: [address],
      name: `places ${name}`,
    });
    if (rows.length > 0) places.push(name);
  }
  return places;
}

const verified = async (chainId: string) => {
  const path = `/v1/admin/audit-log/verification?chain_id=${chainId}`;
  return (await tested.fetch(path, { key: testAdminKey })).json();
};

test('no address of a deleted account is left, and the audit logs are whole', async () => {
  const { path, owner, apiKey, organizationId } = await workspace();
  const person = await signedIn(tested, { member: [organizationId, 'billing'] });
  const { browser, email } = person;
  const newEmail = `new-${email}`;
  // Invited before they had an account, as it were; then they pay, and move to another address.
  for (const address of [newEmail, 'somebody-else@example.com']) {
    const invited = await owner.call(`POST ${path as `/${string}`}/invitations`, {
      email: address,
    });
    expect(invited.status).toBe(201);
  }
  const changed = await tested.fetch(`${path}/billing`, {
    method: 'PATCH',
    key: apiKey,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ billing_email: email }),
  });
  expect(changed.status).toBe(200);
  await browser.call('POST /api/auth/change-email', { newEmail });
  for (const address of [email, newEmail]) {
    const { pathname, search } = new URL(await linkMailedTo(tested, address));
    await openBrowser(tested).call(`GET ${pathname as `/${string}`}${search}`);
  }
  expect((await browser.call('DELETE /v1/me')).status).toBe(204);
  expect(await placesOf(email)).toContain('audit_log');
  expect(await placesOf(newEmail)).toContain('audit_log');

  await eraseAddresses(tested.service.conversions);
  // The new address contains the old one.
  expect(await placesOf(email)).toEqual([]);
  expect(await verified(organizationId)).toMatchObject({ intact: true });
  const log = await owner.call(`GET ${path as `/${string}`}/audit-log`);
  const entries = log.body['data'] as { action: string; erased: boolean; target: object }[];
  const invitations = entries.filter(({ action }) => action === 'invitation.created');
  // Somebody else's stays readable.
  expect(invitations.map(({ erased }) => erased)).toEqual([false, true]);
  expect(entries.filter(({ action }) => action === 'audit.payload_erased')).toHaveLength(2);
});

test('who has the address afterwards is not touched', async () => {
  const gone = await signedIn(tested);
  expect((await gone.browser.call('DELETE /v1/me')).status).toBe(204);
  const { path, owner } = await workspace();
  const invitation = { email: gone.email };
  await owner.call(`POST ${path as `/${string}`}/invitations`, invitation);
  await eraseAddresses(tested.service.conversions);
  const log = await owner.call(`GET ${path as `/${string}`}/audit-log`);
  const [newest] = log.body['data'] as object[];
  expect(newest).toMatchObject({ action: 'invitation.created', after: invitation });
  expect(await linkMailedTo(tested, gone.email)).toContain('/invitations/');
});

test('an entry says by its id who made a key, not by their name', async () => {
  const { path, owner, organizationId } = await workspace();
  const made = await owner.call(`POST ${path as `/${string}`}/api-keys`, { name: 'Deploy' });
  expect(made.body).toMatchObject({ created_by: { kind: 'member', name: 'Ada Lovelace' } });
  await owner.call(`DELETE ${path as `/${string}`}/api-keys/${String(made.body['id'])}`);
  const rows = await tested.database.owner.query<{ text: string }>(
    sql`SELECT a::text AS text FROM audit_log a WHERE chain_id = ${organizationId}
      AND action LIKE 'api_key.%' AND actor_kind = 'member'`,
  );
  expect(rows).toHaveLength(2);
  for (const { text } of rows) expect(text).not.toContain('Lovelace');
});

test('the application erases no entry in which no such address stands', async () => {
  const { organizationId } = await workspace();
  const gone = await signedIn(tested);
  await gone.browser.call('DELETE /v1/me');
  const rows = await tested.database.db.query<{ erased: boolean }>(
    sql`SELECT erase_address_audit(${gone.userId}::text, ${gone.email}::text,
        chain_id, id, 'aud_x', now()) AS erased
      FROM audit_log WHERE chain_id = ${organizationId}`,
  );
  expect(rows.map(({ erased }) => erased)).toEqual([false, false]);
});
