import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { expectInvariants } from '../test/invariants.ts';
import { insertInvoice } from '../test/invoices.ts';
import { signedIn, type Browser } from '../test/people.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { form, startTestService, testAdminKey, type TestService } from '../test/service.ts';
import { eraseDeletedWorkspaces } from './erase.ts';

let tested: TestService;
let scene: Scene;
let owner: Browser;
let ownerId: string;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());
beforeEach(async () => {
  scene = await scenario(tested.database.db, systemClock).organization('Acme GmbH').create();
  const person = await signedIn(tested, { member: [scene.organizationId, 'owner'] });
  ({ browser: owner, userId: ownerId } = person);
});

const at = (rest: string) => `/v1/workspaces/${scene.organizationId}${rest}` as const;

async function convert(name = 'salaries.csv'): Promise<{ id: string; output: { url: string } }> {
  const reply = await tested.fetch(at('/conversions'), {
    method: 'POST',
    key: scene.apiKey,
    body: form({ name, content: 'a\n1\n' }, { to: 'json', metadata: '{"order":"confidential"}' }),
  });
  expect(reply.status).toBe(201);
  return (await reply.json()) as { id: string; output: { url: string } };
}

const count = async (table: string, where = '') => {
  const { owner: db } = tested.database;
  const text = `SELECT count(*) AS count FROM ${table} WHERE organization_id = $1 ${where}`;
  const rows = await db.query<{ count: number }>({
    text,
    values: [scene.organizationId],
    name: `count ${table} ${where}`.slice(0, 60),
  });
  return rows[0]?.count;
};

test('a purge deletes the files of all that has ended, at once, and counts stay', async () => {
  const job = await convert();
  expect((await owner.call(`POST ${at('/purge')}`)).body).toEqual({ object: 'purge', purged: 1 });
  const output = await tested.fetch(at(`/conversions/${job.id}/output`), { key: scene.apiKey });
  expect(output.status).toBe(410);
  expect((await owner.call(`POST ${at('/purge')}`)).body).toMatchObject({ purged: 0 });
  expect((await owner.call(`GET ${at('/usage')}`)).body).toMatchObject({
    conversions: { used: 1 },
  });
});

describe('an export', () => {
  test('holds everything about the workspace, no secret, and nothing of another one', async () => {
    const other = await scenario(tested.database.db, systemClock).organization('Other').create();
    const job = await convert();
    await owner.call(`POST ${at('/invitations')}`, { email: 'guest@example.com' });
    const url = 'https://hooks.example.com/mutate';
    const endpoint = await owner.call(`POST ${at('/webhook-endpoints')}`, { url });
    await insertInvoice(tested.database.db, scene.organizationId);
    const reply = await tested.fetch(at('/export'), { method: 'POST', key: scene.apiKey });
    expect(reply.headers.get('content-type')).toContain('application/x-ndjson');
    const text = await reply.text();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; id: string });
    expect([...new Set(lines.map(({ kind }) => kind))]).toEqual([
      'workspace',
      'subscription',
      'member',
      'invitation',
      'api_key',
      'job',
      'counted_conversion',
      'billing_event',
      'invoice',
      'overage_bill',
      'webhook_endpoint',
      'mail',
      'audit_entry',
    ]);
    expect(lines.find(({ kind }) => kind === 'invoice')).toMatchObject({
      number: 'A-1',
      lines: [{ kind: 'overage', amount_minor: 494 }],
    });
    expect(lines.find(({ kind }) => kind === 'overage_bill')).toMatchObject({
      lines: [{ type: 'XLSX_TO_CSV', quantity: 1234, unit_amount: 0.004 }],
    });
    expect(lines.find(({ kind }) => kind === 'webhook_endpoint')).toMatchObject({ url });
    expect(endpoint.body['secret']).toMatch(/^whsec_/);
    expect(text).not.toContain(endpoint.body['secret']);
    expect(lines.find(({ kind }) => kind === 'job')).toMatchObject({
      id: job.id,
      input: { filename: 'salaries.csv' },
    });
    expect(text).not.toContain(scene.apiKey);
    expect(text).not.toContain(other.organizationId);
  });

  test('is refused to a key that may not read each part by itself', async () => {
    const scopes = [
      'audit:read',
      'conversions:read',
      'usage:read',
      'billing:read',
      'keys:write',
    ] as const;
    const auditor = await scenario(tested.database.db, systemClock)
      .organization()
      .key({ scopes })
      .create();
    const path = `/v1/workspaces/${auditor.organizationId}/export`;
    const reply = await tested.fetch(path, { method: 'POST', key: auditor.apiKey });
    expect([reply.status, await reply.json()]).toMatchObject([
      403,
      { required_scope: 'webhooks:write' },
    ]);
  });

  test('of more than a page has every conversion once', async () => {
    const many = await scenario(tested.database.db, systemClock)
      .organization()
      .plan('enterprise')
      .used(2100)
      .create();
    const path = `/v1/workspaces/${many.organizationId}/export`;
    const reply = await tested.fetch(path, { method: 'POST', key: many.apiKey });
    const lines = (await reply.text()).trimEnd().split('\n');
    for (const kind of ['"kind":"job"', '"kind":"counted_conversion"']) {
      const ids = lines
        .filter((line) => line.includes(kind))
        .map((line) => JSON.parse(line) as { id: string });
      expect(new Set(ids.map(({ id }) => id)).size).toBe(2100);
    }
  });
});

describe('a deleted workspace', () => {
  const remove = (browser: Browser, name: string) => browser.call(`DELETE ${at('')}`, { name });

  test('is deleted by an owner who types its name, and by nobody else', async () => {
    const admin = await signedIn(tested, { member: [scene.organizationId, 'admin'] });
    expect((await remove(admin.browser, 'Acme GmbH')).status).toBe(403);
    const byKey = await tested.fetch(at(''), {
      method: 'DELETE',
      key: scene.apiKey,
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Acme GmbH"}',
    });
    expect([byKey.status, await byKey.json()]).toMatchObject([403, { required_roles: ['owner'] }]);
    const misspelt = await remove(owner, 'acme gmbh');
    expect(misspelt.body).toMatchObject({ status: 400, errors: [{ pointer: '/body/name' }] });
    expect(JSON.stringify(misspelt.body)).not.toContain('Acme GmbH');
    expect((await remove(owner, 'Acme GmbH')).body).toEqual({
      id: scene.organizationId,
      object: 'workspace',
      deleted: true,
    });
  });

  test('answers nobody any more: not its members, its keys, nor the operator', async () => {
    await convert();
    await remove(owner, 'Acme GmbH');
    const statuses = async () => [
      (await owner.call(`GET ${at('/usage')}`)).status,
      (await tested.fetch(at('/usage'), { key: scene.apiKey })).status,
      (await tested.fetch(at('/usage'), { key: testAdminKey })).status,
    ];
    await expect.poll(statuses, { timeout: 30_000 }).toEqual([404, 401, 404]);
    expect((await owner.call('GET /v1/me')).body).toMatchObject({ workspaces: [] });
    const list = await tested.fetch('/v1/admin/workspaces?limit=100', { key: testAdminKey });
    expect(await list.text()).not.toContain(scene.organizationId);
  });

  test('leaves no file and nothing that people wrote, but what the books need', async () => {
    await convert();
    const folder = join(tested.dataFolder, 'files', scene.organizationId);
    const before = await count('usage_events');
    await owner.call(`PATCH ${at('')}`, { name: 'Acme Secret GmbH' });
    await remove(owner, 'Acme Secret GmbH');
    expect(await eraseDeletedWorkspaces(tested.service.conversions)).toBeGreaterThan(0);
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
    expect([await count('usage_events'), before]).toEqual([1, 1]);
    expect(await count('billing_events')).toBeGreaterThan(0);
    for (const table of ['member', 'invitation', 'mail_messages', 'idempotency_keys']) {
      expect([table, await count(table)]).toEqual([table, 0]);
    }
    const rows = await tested.database.owner.query<{ text: string }>(
      sql`SELECT string_agg(t, ' ') AS text FROM (
        SELECT j::text FROM jobs j WHERE organization_id = ${scene.organizationId}
        UNION ALL SELECT o::text FROM organization o WHERE id = ${scene.organizationId}
        UNION ALL SELECT a::text FROM audit_log a WHERE chain_id = ${scene.organizationId}
        UNION ALL SELECT k::text FROM api_keys k WHERE organization_id = ${scene.organizationId}
      ) x (t)`,
    );
    for (const word of ['salaries', 'confidential', 'Acme']) {
      expect(rows[0]?.text).not.toContain(word);
    }
    const chain = await tested.fetch(
      `/v1/admin/audit-log/verification?chain_id=${scene.organizationId}`,
      { key: testAdminKey },
    );
    expect(await chain.json()).toMatchObject({ intact: true, broken: null });
    await expectInvariants(tested.database.db, scene.organizationId);
    // A second round finds nothing to do.
    const [left] = await tested.database.owner.query<{ erased: boolean }>(
      sql`SELECT erased_at IS NOT NULL AS erased FROM organization
        WHERE id = ${scene.organizationId}`,
    );
    expect(left?.erased).toBe(true);
  });

  test('is the only one whose audit log the application can erase', async () => {
    const [entry] = await tested.database.owner.query<{ id: string }>(
      sql`SELECT id FROM audit_log WHERE chain_id = ${scene.organizationId} LIMIT 1`,
    );
    const erase = tested.database.db.query(
      sql`SELECT erase_deleted_audit(${scene.organizationId}::text, ${entry?.id}::text,
        'aud_x'::text, now())`,
    );
    await expect(erase).rejects.toThrow('is not deleted');
  });
});

describe('somebody who deletes their account', () => {
  test('hands on or deletes their workspaces first; then nothing of them is left', async () => {
    const alone = await owner.call('DELETE /v1/me');
    expect(alone.body).toMatchObject({ status: 409, code: 'conflict' });
    await signedIn(tested, { member: [scene.organizationId, 'owner'] });
    expect((await owner.call('DELETE /v1/me')).status).toBe(204);
    await expect
      .poll(async () => (await owner.call('GET /v1/me')).status, { timeout: 30_000 })
      .toBe(401);
    for (const table of ['member', 'session', 'account']) {
      const rows = await tested.database.owner.query({
        text: `SELECT 1 FROM ${table} WHERE user_id = $1`,
        values: [ownerId],
        name: `left in ${table}`,
      });
      expect([table, rows]).toEqual([table, []]);
    }
  });

  test('has signed in a moment ago', async () => {
    const { browser, userId } = await signedIn(tested);
    await tested.database.owner.query(sql`UPDATE session
      SET created_at = created_at - interval '11 minutes' WHERE user_id = ${userId}`);
    expect((await browser.call('DELETE /v1/me')).body).toMatchObject({
      status: 403,
      reason: 'sign_in_again',
    });
  });
});
