import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { linkMailedTo, signedIn } from '../test/people.ts';
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
    await browser.call(`GET ${pathname as `/${string}`}${search}`);
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

test('an address that the account gave up is erased up to then: what follows is of who has it now', async () => {
  const { path, owner } = await workspace();
  const invite = async (email: string) => {
    const made = await owner.call(`POST ${path as `/${string}`}/invitations`, { email });
    return made.body as { id: string };
  };
  const gone = await signedIn(tested);
  const before = await invite(gone.email);
  const newEmail = `new-${gone.email}`;
  await tested.database.owner.query(
    sql`UPDATE "user" SET email = ${newEmail} WHERE id = ${gone.userId}`,
  );
  await owner.call(`DELETE ${path as `/${string}`}/invitations/${before.id}`);
  const after = await invite(gone.email);
  expect((await gone.browser.call('DELETE /v1/me')).status).toBe(204);
  await eraseAddresses(tested.service.conversions);
  const log = await owner.call(`GET ${path as `/${string}`}/audit-log`);
  const made = (log.body['data'] as { action: string; target: object; erased: boolean }[]).filter(
    ({ action }) => action === 'invitation.created',
  );
  expect(made).toMatchObject([
    { target: { id: after.id }, erased: false },
    { target: { id: before.id }, erased: true },
  ]);
  const open = await owner.call(`GET ${path as `/${string}`}/invitations`);
  expect(open.body['data']).toMatchObject([{ id: after.id }]);
});

test('nobody has an entry erased by writing their address into it', async () => {
  const { path, organizationId, owner } = await workspace();
  const person = await signedIn(tested, { member: [organizationId, 'admin'] });
  const { browser, email } = person;
  await browser.call(`POST ${path as `/${string}`}/api-keys`, { name: email });
  const settings = { billing_email: email, spend_cap_minor: 500 };
  expect((await browser.call(`PATCH ${path as `/${string}`}/billing`, settings)).status).toBe(200);
  expect((await browser.call('DELETE /v1/me')).status).toBe(204);
  await eraseAddresses(tested.service.conversions);
  const { body } = await owner.call(`GET ${path as `/${string}`}/audit-log`);
  const entries = body['data'] as { action: string; after: object; erased: boolean }[];
  expect(entries.filter(({ action }) => action === 'api_key.created')[0]).toMatchObject({
    after: { name: email },
  });
  const billing = entries.filter(({ action }) => action === 'billing.updated');
  expect(billing).toMatchObject([
    { after: { billing_email: null }, erased: false },
    { after: { spend_cap_minor: 500 }, erased: false },
    { after: null, erased: true },
  ]);
});

test('bills of a workspace that the user is not in go where they went', async () => {
  const gone = await signedIn(tested);
  const { path, owner } = await workspace();
  const billing = `${path as `/${string}`}/billing` as const;
  await owner.call(`PATCH ${billing}`, { billing_email: gone.email });
  expect((await gone.browser.call('DELETE /v1/me')).status).toBe(204);
  expect((await owner.call(`GET ${billing}`)).body).toMatchObject({ billing_email: gone.email });
});

test('a hundred accounts that cannot be erased hold up no other', async () => {
  const { owner } = tested.database;
  await owner.query(sql`INSERT INTO user_addresses (user_id, email, deleted_at)
    SELECT 'stuck-' || n, 'stuck-' || n || '@example.com', now() FROM generate_series(1, 101) n`);
  await owner.query(sql`CREATE FUNCTION stick() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'stuck'; END $$`);
  await owner.query(sql`CREATE TRIGGER stick BEFORE DELETE ON user_addresses FOR EACH ROW
    WHEN (OLD.user_id LIKE 'stuck%') EXECUTE FUNCTION stick()`);
  const gone = await signedIn(tested);
  expect((await gone.browser.call('DELETE /v1/me')).status).toBe(204);
  await eraseAddresses(tested.service.conversions);
  const left = await owner.query<{ user_id: string }>(sql`SELECT user_id FROM user_addresses`);
  expect(left).toHaveLength(101);
  expect(left.map((row) => row.user_id)).not.toContain(gone.userId);
  await owner.query(sql`DROP TRIGGER stick ON user_addresses`);
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
    sql`SELECT erase_address_audit(${gone.userId}::text,
        chain_id, id, 'aud_x', now()) AS erased
      FROM audit_log WHERE chain_id = ${organizationId}`,
  );
  expect(rows.map(({ erased }) => erased)).toEqual([false, false]);
});
