import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestApi, type TestApi } from '../../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { hostileTargets } from '../../test/hostile-targets.ts';
import { notificationsOn } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import { webhookEventTypes } from './events.ts';
import { webhookRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  const deps = notificationsOn(database.db, clock);
  const webhooks = { ...deps.webhooks, allowedHosts: ['hooks.internal:9000'] };
  api = createTestApi(database.db, clock, webhookRoutes({ ...deps, webhooks }));
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const url = 'https://hooks.example.com/mutate';

async function workspace() {
  const scene = await scenario(database.db, clock).organization().create();
  return { ...scene, path: `/v1/workspaces/${scene.organizationId}/webhook-endpoints` };
}

async function endpoint(given: object = {}) {
  const place = await workspace();
  const { body } = await api.call(`POST ${place.path}`, { body: { url, ...given } });
  const id = String(body.id);
  return { ...place, id, secret: String(body.secret), one: `${place.path}/${id}` };
}

describe('webhook endpoints', () => {
  test('201: the secret is shown once, and stands in the database sealed', async () => {
    const { path, apiKey, organizationId } = await workspace();
    const made = await api.call(`POST ${path}`, {
      as: apiKey,
      body: { url, description: ' Billing ', events: ['invoice.paid', 'invoice.paid'] },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      object: 'webhook_endpoint',
      workspace_id: organizationId,
      url,
      description: 'Billing',
      events: ['invoice.paid'],
      active: true,
      disabled_reason: null,
      failing_since: null,
      previous_secret_until: null,
    });
    const secret = String(made.body.secret);
    expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
    const one = await api.call(`GET ${path}/${String(made.body.id)}`, { as: apiKey });
    expect(one.status).toBe(200);
    expect(one.body).not.toHaveProperty('secret');
    const list = await api.call(`GET ${path}`, { as: apiKey });
    expect(list.body.data).toEqual([one.body]);
    const rows = await database.db.query<{ text: string }>(sql`
      SELECT e::text AS text FROM webhook_endpoints e UNION ALL SELECT l::text FROM audit_log l`);
    for (const { text } of rows) expect(text).not.toContain(secret.slice(6, 30));
  });

  test('a reply repeated for an idempotency key comes without the secret', async () => {
    const { path } = await workspace();
    const send = () =>
      api.call(`POST ${path}`, { body: { url }, headers: { 'idempotency-key': 'once' } });
    const [first, again] = [await send(), await send()];
    expect(first.body.secret).toMatch(/^whsec_/);
    expect(again.body).toEqual({ ...first.body, secret: undefined });
  });

  test('200: what is given changes, the rest stays', async () => {
    const { one } = await endpoint({ events: ['quota.exceeded'], description: 'A' });
    const changed = await api.call(`PATCH ${one}`, { body: { events: null } });
    expect(changed.body).toMatchObject({ events: null, description: 'A', url, active: true });
    const off = await api.call(`PATCH ${one}`, { body: { active: false, description: null } });
    expect(off.body).toMatchObject({ active: false, description: null });
  });

  test('200: deleted, it is gone', async () => {
    const { one, id } = await endpoint();
    const gone = await api.call(`DELETE ${one}`);
    expect(gone.body).toEqual({ id, object: 'webhook_endpoint', deleted: true });
    expect((await api.call(`GET ${one}`)).status).toBe(404);
    expect((await api.call(`DELETE ${one}`)).status).toBe(404);
  });

  test('what was sent goes with the last endpoint that it was sent to', async () => {
    const { one, id, path, organizationId } = await endpoint();
    const { body: other } = await api.call(`POST ${path}`, { body: { url } });
    await api.call(`POST ${one}/test`);
    await database.db.query(sql`INSERT INTO webhook_events (organization_id, id, type, body,
        created_at) VALUES (${organizationId}, 'evt_both', 'invoice.paid', '{}', now())`);
    for (const endpointId of [id, String(other.id)]) {
      await database.db.query(sql`INSERT INTO webhook_deliveries (organization_id, id, endpoint_id,
          event_id) VALUES (${organizationId}, ${`dlv_${endpointId}`}, ${endpointId}, 'evt_both')`);
    }
    const events = () =>
      database.db.query<{ id: string }>(sql`SELECT id FROM webhook_events
        WHERE organization_id = ${organizationId}`);
    await api.call(`DELETE ${one}`);
    expect(await events()).toEqual([{ id: 'evt_both' }]);
    await api.call(`DELETE ${path}/${String(other.id)}`);
    expect(await events()).toEqual([]);
  });

  test('every change is audited, without the path of the URL, which may hold a token', async () => {
    const { one, organizationId } = await endpoint({ url: `${url}?token=theirs` });
    await api.call(`PATCH ${one}`, { body: { events: ['quota.exceeded'] } });
    await api.call(`POST ${one}/rotate-secret`);
    await api.call(`DELETE ${one}`);
    const log = await database.db.query<{ action: string; payload: object }>(sql`
      SELECT action, payload FROM audit_log WHERE organization_id = ${organizationId}
        AND action LIKE 'webhook%' ORDER BY sequence`);
    expect(log.map(({ action }) => action)).toEqual([
      'webhook_endpoint.created',
      'webhook_endpoint.updated',
      'webhook_endpoint.secret_rotated',
      'webhook_endpoint.deleted',
    ]);
    expect(JSON.stringify(log)).not.toContain('theirs');
  });

  test('409: a workspace has at most 20, also when many are made at once', async () => {
    const { path } = await workspace();
    const replies = await Promise.all(
      Array.from({ length: 25 }, () => api.call(`POST ${path}`, { body: { url } })),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(5);
  });

  test.each<[object, string]>([
    [{}, '/body/url'],
    [{ url, events: [] }, '/body/events'],
    [{ url, events: ['conversion.started'] }, '/body/events/0'],
    [{ url, active: 'yes' }, '/body/active'],
    [{ url, secret: 'whsec_mine' }, '/body/secret'],
    [{ url, description: 'a\nb' }, '/body/description'],
  ])('400: %j names %s', async (body, pointer) => {
    const { path } = await workspace();
    const reply = await api.call(`POST ${path}`, { body });
    expect(reply.body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  test('401, 403 without webhooks:write, 404 for what is of another workspace', async () => {
    const { path, one } = await endpoint();
    const other = await endpoint();
    const reader = await scenario(database.db, clock)
      .organization()
      .key({ scopes: ['billing:write'] })
      .create();
    expect((await api.call(`GET ${path}`, { as: null })).status).toBe(401);
    const refused = await api.call(
      `GET /v1/workspaces/${reader.organizationId}/webhook-endpoints`,
      { as: reader.apiKey },
    );
    expect(refused.body).toMatchObject({ status: 403, required_scope: 'webhooks:write' });
    expect((await api.call(`GET ${path}/${other.id}`)).status).toBe(404);
    expect((await api.call(`GET ${one}`, { as: other.apiKey })).status).toBe(404);
    for (const request of [
      `PATCH ${path}/${other.id}`,
      `DELETE ${path}/${other.id}`,
      `POST ${path}/${other.id}/test`,
      `POST ${path}/${other.id}/rotate-secret`,
      `GET ${path}/${other.id}/deliveries`,
      `GET ${path}/${other.id}/deliveries/dlv_1`,
      `POST ${path}/${other.id}/deliveries/dlv_1/redeliver`,
    ] as const) {
      const body = request.startsWith('PATCH') ? { body: { active: true } } : {};
      expect((await api.call(request, body)).status).toBe(404);
    }
  });
});

describe('a URL', () => {
  test.each(hostileTargets)('%s is refused', async (hostile) => {
    const { path } = await workspace();
    const made = await api.call(`POST ${path}`, { body: { url: hostile } });
    expect(made.body).toMatchObject({ status: 400, errors: [{ pointer: '/body/url' }] });
    const { one } = await endpoint();
    expect((await api.call(`PATCH ${one}`, { body: { url: hostile } })).status).toBe(400);
  });

  test.each([url, 'https://hooks.example.com:8443/a?b=c#d', 'http://hooks.internal:9000/in'])(
    '%s is taken',
    async (good) => {
      const { path } = await workspace();
      expect((await api.call(`POST ${path}`, { body: { url: good } })).status).toBe(201);
    },
  );
});

test('the events of the filter are those that the document of the API names', async () => {
  const { one } = await endpoint({ events: [...webhookEventTypes] });
  expect((await api.call(`GET ${one}`)).body.events).toEqual(webhookEventTypes);
});
