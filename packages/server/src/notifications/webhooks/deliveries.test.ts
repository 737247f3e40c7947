import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestApi, type TestApi } from '../../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { notificationsOn } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import { webhookRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  const deps = notificationsOn(database.db, clock);
  api = createTestApi(database.db, clock, webhookRoutes(deps));
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const url = 'https://hooks.example.com/mutate';

async function endpoint(given: object = {}) {
  const { organizationId } = await scenario(database.db, clock).organization().create();
  const path = `/v1/workspaces/${organizationId}/webhook-endpoints`;
  const { body } = await api.call(`POST ${path}`, { body: { url, ...given } });
  const id = String(body.id);
  return { organizationId, id, one: `${path}/${id}` };
}

describe('a test event', () => {
  test('202: is queued for this endpoint, whatever its filter', async () => {
    const { one, id } = await endpoint({ events: ['invoice.paid'] });
    const sent = await api.call(`POST ${one}/test`);
    expect(sent.status).toBe(202);
    expect(sent.body).toMatchObject({
      object: 'webhook_delivery',
      endpoint_id: id,
      type: 'webhook.test',
      status: 'waiting',
      attempts: 0,
    });
    const list = await api.call(`GET ${one}/deliveries?status=waiting`);
    expect(list.body.data).toEqual([sent.body]);
    const detail = await api.call(`GET ${one}/deliveries/${String(sent.body.id)}`);
    expect(JSON.parse(String(detail.body.request_body))).toEqual({
      type: 'webhook.test',
      timestamp: '2027-01-31T10:00:00.000Z',
      data: { workspace_id: sent.body.workspace_id, endpoint_id: id },
    });
  });

  test('409 where the endpoint is off; what waited for it is cancelled', async () => {
    const { one } = await endpoint();
    const sent = await api.call(`POST ${one}/test`);
    await api.call(`PATCH ${one}`, { body: { active: false } });
    expect((await api.call(`POST ${one}/test`)).status).toBe(409);
    const delivery = `${one}/deliveries/${String(sent.body.id)}`;
    expect((await api.call(`GET ${delivery}`)).body).toMatchObject({ status: 'cancelled' });
    expect((await api.call(`POST ${delivery}/redeliver`)).status).toBe(409);
    await api.call(`PATCH ${one}`, { body: { active: true } });
    expect((await api.call(`POST ${delivery}/redeliver`)).body).toMatchObject({
      status: 'waiting',
    });
  });
});

describe('while an endpoint is being switched off', () => {
  test('409: neither a test nor a repeat is left waiting for it', async () => {
    const { one, id, organizationId } = await endpoint();
    const { body } = await api.call(`POST ${one}/test`);
    const again = `POST ${one}/deliveries/${String(body.id)}/redeliver` as const;
    const replies = await database.db.transaction(async (tx) => {
      await tx.query(sql`UPDATE webhook_endpoints SET active = false
        WHERE organization_id = ${organizationId} AND id = ${id}`);
      await tx.query(sql`UPDATE webhook_deliveries SET status = 'cancelled'
        WHERE organization_id = ${organizationId} AND endpoint_id = ${id}`);
      const calls = [api.call(`POST ${one}/test`), api.call(again)];
      await setTimeout(200);
      return calls;
    });
    for (const reply of replies) expect((await reply).status).toBe(409);
    const { body: waiting } = await api.call(`GET ${one}/deliveries?status=waiting`);
    expect(waiting.data).toEqual([]);
  });

  test('409: a delivery is not sent again while it is being sent', async () => {
    const { one, id, organizationId } = await endpoint();
    const { body } = await api.call(`POST ${one}/test`);
    const again = `POST ${one}/deliveries/${String(body.id)}/redeliver` as const;
    await database.db.query(sql`UPDATE webhook_deliveries SET attempts = 1,
        next_attempt_at = clock_timestamp() + interval '1 minute'
      WHERE organization_id = ${organizationId} AND endpoint_id = ${id}`);
    expect((await api.call(again)).status).toBe(409);
    await database.db.query(sql`INSERT INTO webhook_attempts (organization_id, delivery_id, attempt,
        started_at, duration_ms) VALUES (${organizationId}, ${String(body.id)}, 1, now(), 5)`);
    expect((await api.call(again)).status).toBe(202);
  });
});
