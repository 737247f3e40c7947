import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestApi, type TestApi } from '../../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { addMember } from '../../test/members.ts';
import { notificationsOn } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import type { NotificationDeps } from '../deps.ts';
import { findPreferences } from './preferences.ts';
import { preferenceRoutes } from './routes.ts';
import { unsubscribeToken } from './unsubscribe-token.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let deps: NotificationDeps;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = notificationsOn(database.db, clock);
  api = createTestApi(database.db, clock, preferenceRoutes(deps.secrets));
});
afterAll(async () => {
  await api.close();
  await database.close();
});

async function workspace(role: 'owner' | 'admin' | 'billing' | 'member' = 'owner') {
  const scene = await scenario(database.db, clock).organization('A <b>team</b>').create();
  const member = await addMember(database.db, scene.organizationId, role);
  const url = `/v1/workspaces/${scene.organizationId}/notifications`;
  return { ...scene, member, url, own: `${url}?member_id=${member.id}` };
}

describe('preferences', () => {
  test.each([
    ['owner', ['usage', 'billing', 'security']],
    ['admin', ['usage', 'security']],
    ['billing', ['billing']],
    ['member', []],
  ] as const)('by default a member who is %s is told of %j', async (role, receives) => {
    const { own, member } = await workspace(role);
    const { status, body } = await api.call(`GET ${own}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      object: 'notification_preferences',
      member_id: member.id,
      email: member.email,
      usage: true,
      billing: true,
      security: true,
      digest: false,
      receives,
    });
  });

  test('what is given changes, the rest stays, and the change is audited', async () => {
    const { own, apiKey, organizationId, member } = await workspace();
    const changed = await api.call(`PATCH ${own}`, {
      as: apiKey,
      body: { usage: false, digest: true },
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      usage: false,
      billing: true,
      digest: true,
      receives: ['billing', 'security', 'digest'],
    });
    await api.call(`PATCH ${own}`, { body: { usage: true } });
    expect((await api.call(`GET ${own}`)).body).toMatchObject({ usage: true, digest: true });
    const log = await database.db.query(sql`SELECT action, target_id, payload FROM audit_log
      WHERE organization_id = ${organizationId} AND action = 'notifications.updated'
      ORDER BY sequence`);
    expect(log).toMatchObject([
      { target_id: member.id, payload: { before: {}, after: { usage: false, digest: true } } },
      { payload: { after: { usage: true, digest: true } } },
    ]);
  });

  test.each([
    [{ security: false }, '/body/security'],
    [{ usage: 'no' }, '/body/usage'],
    [{ everything: false }, '/body/everything'],
  ])('400: %j is refused', async (body, pointer) => {
    const { own } = await workspace();
    const reply = await api.call(`PATCH ${own}`, { body });
    expect(reply.body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  test('400 where nobody is named, 404 for a member of another workspace, 401, 403', async () => {
    const { url, own } = await workspace();
    const other = await workspace();
    expect((await api.call(`GET ${url}`)).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/query/member_id' }],
    });
    const foreign = `${url}?member_id=${other.member.id}`;
    expect((await api.call(`GET ${foreign}`)).status).toBe(404);
    expect((await api.call(`PATCH ${foreign}`, { body: { usage: false } })).status).toBe(404);
    expect((await api.call(`GET ${own}`, { as: other.apiKey })).status).toBe(404);
    expect((await api.call(`GET ${own}`, { as: null })).status).toBe(401);
    const reader = await scenario(database.db, clock)
      .organization()
      .key({ scopes: ['billing:read'] })
      .create();
    const member = await addMember(database.db, reader.organizationId, 'owner');
    const patched = await api.call(
      `PATCH /v1/workspaces/${reader.organizationId}/notifications?member_id=${member.id}`,
      { as: reader.apiKey, body: { usage: false } },
    );
    expect(patched.body).toMatchObject({ status: 403, required_scope: 'billing:write' });
  });

  test('a member sees and changes their own alone', async () => {
    const { ctx, member, organizationId } = await workspace();
    const other = await addMember(database.db, organizationId, 'admin');
    const asMember = {
      ...ctx,
      actor: {
        kind: 'member',
        id: member.userId,
        role: 'owner',
        impersonatedBy: null,
      } as const,
    };
    expect(await findPreferences(asMember)).toMatchObject({ member_id: member.id });
    await expect(findPreferences(asMember, other.id)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the link that stops mails', () => {
  async function link(category = 'usage') {
    const place = await workspace();
    const { organizationId, member } = place;
    const token = unsubscribeToken(deps.secrets, {
      organizationId,
      userId: member.userId,
      category,
    });
    const isOn = async () => (await api.call(`GET ${place.own}`)).body[category];
    return { ...place, token, isOn };
  }

  const open = (method: 'GET' | 'POST', token: string, payload?: string) =>
    api.app.inject({
      method,
      url: `/v1/unsubscribe/${token}`,
      ...(payload === undefined ? {} : { payload }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

  test('asks when it is opened, and changes nothing: programs open links too', async () => {
    const { token, isOn, member } = await link();
    const page = await open('GET', token);
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("form-action 'self'");
    expect(page.body).toContain('<form method="post">');
    expect(page.body).toContain(member.email);
    expect(page.body).not.toContain('<b>team');
    expect(await isOn()).toBe(true);
  });

  test('stops them by one request of a mail program, without credentials', async () => {
    const { token, isOn } = await link();
    const page = await open('POST', token, 'List-Unsubscribe=One-Click');
    expect(page.statusCode).toBe(200);
    expect(await isOn()).toBe(false);
    expect((await open('POST', token)).statusCode).toBe(200);
  });

  test('is good for its kind of mail, its person and its workspace alone', async () => {
    const { token, isOn } = await link();
    const other = await link('billing');
    const [organizationId, userId, category, signature] = token.split('.');
    const forged = [
      `${organizationId}.${userId}.billing.${signature}`,
      `${organizationId}.${other.member.userId}.${category}.${signature}`,
      `${other.organizationId}.${userId}.${category}.${signature}`,
      `${organizationId}.${userId}.${category}`,
      `${token}.x`,
      'x',
    ];
    for (const wrong of forged) expect((await open('POST', wrong)).statusCode).toBe(404);
    expect(await isOn()).toBe(true);
    expect(await other.isOn()).toBe(true);
  });

  test('of somebody who left the workspace leads nowhere', async () => {
    const { token, organizationId, member } = await link();
    await database.db.query(sql`DELETE FROM member
      WHERE organization_id = ${organizationId} AND id = ${member.id}`);
    expect((await open('POST', token)).statusCode).toBe(404);
  });
});
