import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import type { Context } from '../../context.ts';
import { sql } from '../../db/sql.ts';
import { createTestApi, type TestApi } from '../../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { addMember } from '../../test/members.ts';
import { notificationsOn } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import type { NotificationDeps } from '../deps.ts';
import { fanOut } from '../fan-out.ts';
import { announce } from '../outbox.ts';
import { mailRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let deps: NotificationDeps;
let api: TestApi;
let withSmtp: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = notificationsOn(database.db, clock);
  api = createTestApi(database.db, clock, mailRoutes(deps));
  const mail = { ...deps.mail, smtpUrl: 'smtp://127.0.0.1:1' };
  withSmtp = createTestApi(database.db, clock, mailRoutes({ ...deps, mail }));
});
afterAll(async () => {
  await api.close();
  await withSmtp.close();
  await database.close();
});

let links = 0;

async function invite(ctx: Context, email: string) {
  links += 1;
  await announce(database.db, ctx, {
    topic: 'auth.invitation',
    dedupeKey: `auth.invitation:${links}`,
    payload: {
      recipient_email: email,
      url: 'https://mutate.test/join?token=one-time',
      name: null,
      workspace_name: 'Acme',
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    },
  });
}

/** A workspace whose owner was told that it is suspended, and that somebody is invited. */
async function told() {
  const scene = await scenario(database.db, clock).organization().create();
  const owner = await addMember(database.db, scene.organizationId, 'owner');
  const payload = { reason: 'Abuse' };
  await announce(database.db, scene.ctx, { topic: 'workspace.suspended', dedupeKey: 'x', payload });
  await invite(scene.ctx, 'ada@example.com');
  await fanOut(deps);
  return { ...scene, owner, url: `/v1/workspaces/${scene.organizationId}/outbox` };
}

type Listed = { id: string; topic: string; recipient_email: string }[];

describe('the outbox', () => {
  test('200: without SMTP a workspace reads its mails where they stand', async () => {
    const { url, apiKey, owner, organizationId } = await told();
    const list = await api.call(`GET ${url}`, { as: apiKey });
    expect(list.status).toBe(200);
    const [invitation, suspension] = list.body.data as Listed;
    expect(suspension).toMatchObject({
      object: 'mail',
      workspace_id: organizationId,
      topic: 'workspace.suspended',
      category: 'security',
      recipient_email: owner.email,
      subject: 'Acme is suspended',
      status: 'waiting',
      attempts: 0,
      next_attempt_at: null,
    });
    const one = await api.call(`GET ${url}/${suspension?.id}`, { as: apiKey });
    expect(one.body).toMatchObject({ subject: 'Acme is suspended' });
    expect(one.body.text).toContain('Abuse');
    expect(one.body.html).toContain('<!doctype html>');
    const link = await api.call(`GET ${url}/${invitation?.id}`, { as: apiKey });
    expect(JSON.stringify(link.body)).not.toContain('one-time');
  });

  test('a link that is good once is shown to the operator, and only without SMTP', async () => {
    const { url } = await told();
    const [invitation] = (await api.call(`GET ${url}?topic=auth.invitation`)).body.data as Listed;
    const mine = await api.call(`GET /v1/admin/outbox/${invitation?.id}`);
    expect(mine.body.text).toContain('https://mutate.test/join?token=one-time');
    const sent = await withSmtp.call(`GET /v1/admin/outbox/${invitation?.id}`);
    expect(sent.status).toBe(200);
    expect(JSON.stringify(sent.body)).not.toContain('one-time');
    expect(sent.body.next_attempt_at).not.toBeNull();
  });

  test('lists page by page and by status, topic and workspace', async () => {
    const { organizationId } = await told();
    const admin = `/v1/admin/outbox?workspace_id=${organizationId}`;
    const first = await api.call(`GET ${admin}&limit=1`);
    expect(first.body).toMatchObject({ has_more: true });
    const next = await api.call(`GET ${admin}&starting_after=${String(first.body.next_cursor)}`);
    expect((next.body.data as Listed).map(({ topic }) => topic)).toEqual(['workspace.suspended']);
    expect((await api.call(`GET ${admin}&status=sent`)).body.data).toEqual([]);
    expect((await api.call(`GET ${admin}&topic=workspace.suspended`)).body.data).toHaveLength(1);
    expect((await api.call(`GET ${admin}&status=lost`)).status).toBe(400);
  });

  test('401, 403 and 404: nobody reads the mails of others', async () => {
    const { url } = await told();
    const other = await told();
    const [mail] = (await api.call(`GET ${other.url}`)).body.data as Listed;
    expect((await api.call(`GET ${url}/${mail?.id}`)).status).toBe(404);
    expect((await api.call(`GET ${url}`, { as: other.apiKey })).status).toBe(404);
    expect((await api.call(`GET ${url}`, { as: null })).status).toBe(401);
    expect((await api.call('GET /v1/admin/outbox', { as: other.apiKey })).status).toBe(403);
    const reader = await scenario(database.db, clock)
      .organization()
      .key({ scopes: ['usage:read'] })
      .create();
    const refused = await api.call(`GET /v1/workspaces/${reader.organizationId}/outbox`, {
      as: reader.apiKey,
    });
    expect(refused.body).toMatchObject({ status: 403, required_scope: 'audit:read' });
  });
});

describe('POST /v1/admin/outbox/:mailId/resend', () => {
  test('200 for a mail that was given up, 409 for any other, 404 for none', async () => {
    const { url } = await told();
    const [, suspension] = (await api.call(`GET ${url}`)).body.data as Listed;
    const resend = `/v1/admin/outbox/${suspension?.id}/resend`;
    expect((await api.call(`POST ${resend}`)).status).toBe(409);
    await database.db.query(sql`UPDATE mail_messages SET status = 'failed', attempts = 9,
      last_error = 'refused' WHERE id = ${suspension?.id ?? ''}`);
    expect((await api.call(`POST ${resend}`)).body).toMatchObject({
      status: 'waiting',
      attempts: 0,
      last_error: null,
    });
    expect((await api.call('POST /v1/admin/outbox/msg_none/resend')).status).toBe(404);
  });
});
