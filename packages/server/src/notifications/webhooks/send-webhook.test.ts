import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { until } from '../../test/notifications.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../test/webhook-receiver.ts';
import { WebhookWorld } from '../../test/webhooks.ts';
import { findDelivery, redeliver } from './deliveries.ts';
import { findEndpoint, rotateSecret } from './endpoints.ts';
import { webhookRetrySchedule } from './send-webhook.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let receiver: WebhookReceiver;
let world: WebhookWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  const webhooks = { allowedHosts: [receiver.host], resolve: () => Promise.resolve([]) };
  world = new WebhookWorld(database, clock, { webhooks });
  world.start();
});
afterEach(async () => {
  await world.stop();
  await receiver.close();
});

const refuseWith =
  (status: number, headers: Record<string, string> = {}): WebhookReceiver['answer'] =>
  (_request, response) => {
    response.writeHead(status, headers).end('no');
  };

/** Queues an event for the endpoint that is sent by the whole schedule, as tests are not. */
async function queueEvent(organizationId: string, endpointId: string, id: string) {
  await database.db.query(sql`INSERT INTO webhook_events
    VALUES (${organizationId}, ${`evt_${id}`}, NULL, 'quota.exceeded', '{"n":1}', now())`);
  await database.db.query(sql`INSERT INTO webhook_deliveries
      (organization_id, id, endpoint_id, event_id)
    VALUES (${organizationId}, ${`dlv_${id}`}, ${endpointId}, ${`evt_${id}`})`);
}

let queued = 0;

async function sent() {
  const made = await world.endpoint({ url: `${receiver.url}/in` });
  queued += 1;
  await queueEvent(made.organizationId, made.endpoint.id, `n${queued}`);
  return { ...made, eventId: `evt_n${queued}`, deliveryId: `dlv_n${queued}` };
}

describe('a delivery', () => {
  test('is signed as an independent library verifies it, and its answer is kept', async () => {
    receiver.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`thanks\0${'x'.repeat(5_000)}`);
    };
    const { ctx, endpoint, eventId, deliveryId } = await sent();
    const delivery = await world.delivery(endpoint.id, ({ status }) => status === 'succeeded');
    expect(delivery).toMatchObject({ attempts: 1, response_status: 200, last_error: null });
    const [webhook] = receiver.received;
    expect(webhook?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': eventId,
      'user-agent': 'Mutate',
    });
    const verifier = new Webhook(endpoint.secret);
    expect(verifier.verify(webhook?.body ?? '', webhook?.headers ?? {})).toEqual({ n: 1 });
    expect(() => verifier.verify('{"n":2}', webhook?.headers ?? {})).toThrow();
    const detail = await findDelivery(ctx, endpoint.id, deliveryId);
    expect(detail.request_body).toBe('{"n":1}');
    expect(detail.tries).toMatchObject([{ attempt: 1, response_status: 200, error: null }]);
    expect(detail.tries[0]?.response_excerpt).toHaveLength(1_024);
  });

  test('is signed with both secrets for 24 hours after a rotation, then with the new one', async () => {
    const { ctx, endpoint, organizationId } = await sent();
    await world.delivery(endpoint.id, ({ status }) => status === 'succeeded');
    const rotated = await rotateSecret(ctx, world.deps, endpoint.id);
    await queueEvent(organizationId, endpoint.id, 'both');
    const both = await until(() => receiver.received[1]);
    for (const secret of [endpoint.secret, rotated.secret]) {
      expect(new Webhook(secret).verify(both.body, both.headers)).toEqual({ n: 1 });
    }
    await database.db.query(sql`UPDATE webhook_endpoints
      SET previous_secret_until = previous_secret_until - interval '24 hours 1 second'
      WHERE id = ${endpoint.id}`);
    await queueEvent(organizationId, endpoint.id, 'one');
    const one = await until(() => receiver.received[2]);
    expect(new Webhook(rotated.secret).verify(one.body, one.headers)).toEqual({ n: 1 });
    expect(() => new Webhook(endpoint.secret).verify(one.body, one.headers)).toThrow();
  });

  test('is tried ten times by the schedule, under the same id, and then given up', async () => {
    receiver.answer = refuseWith(500);
    const { ctx, endpoint, deliveryId, eventId } = await sent();
    // The second attempt comes by itself; of the others the plan is read, and time moved.
    for (const [index, wanted] of [...webhookRetrySchedule.entries()].slice(1)) {
      const { seconds } = await world.delivery(
        endpoint.id,
        (row) => row.attempts === index + 1 && row.seconds > 60,
      );
      expect(seconds).toBeLessThanOrEqual(wanted * 1.1);
      expect(seconds).toBeGreaterThan(wanted * 0.9 - 30);
      await world.makeDue(endpoint.id);
    }
    const last = await world.delivery(endpoint.id, ({ status }) => status === 'failed');
    expect(last).toMatchObject({ attempts: 10, response_status: 500 });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([eventId]),
    );
    const { tries } = await findDelivery(ctx, endpoint.id, deliveryId);
    expect(tries).toHaveLength(10);
    expect((await findEndpoint(ctx, endpoint.id)).active).toBe(true);
  });

  test('that is sent again has the same id and the whole schedule before it', async () => {
    receiver.answer = refuseWith(500);
    const { ctx, endpoint, deliveryId, eventId } = await sent();
    await database.db.query(
      sql`UPDATE webhook_deliveries SET attempts = 9 WHERE id = ${deliveryId}`,
    );
    await world.delivery(endpoint.id, ({ attempts }) => attempts >= 9);
    await world.makeDue(endpoint.id);
    await world.delivery(endpoint.id, ({ status }) => status === 'failed');
    await redeliver(ctx, endpoint.id, deliveryId);
    await until(() => receiver.received.length >= 3);
    receiver.answer = refuseWith(204);
    await redeliver(ctx, endpoint.id, deliveryId);
    await world.delivery(endpoint.id, ({ status }) => status === 'succeeded');
    expect(receiver.received.at(-1)?.headers['webhook-id']).toBe(eventId);
  });

  test('waits for as long as the endpoint asks', async () => {
    receiver.answer = refuseWith(429, { 'retry-after': '90' });
    const { endpoint } = await sent();
    const { seconds } = await world.delivery(endpoint.id, (row) => row.last_error !== null);
    expect(seconds).toBeGreaterThan(80);
  });

  test('follows no redirect', async () => {
    receiver.answer = (request, response) => {
      if (request.path === '/in') response.writeHead(307, { location: '/other' }).end();
      else response.writeHead(204).end();
    };
    const { endpoint } = await sent();
    const failed = await world.delivery(endpoint.id, (row) => row.last_error !== null);
    expect(failed.last_error).toBe('it answered with status 307, and redirects are not followed');
    expect(receiver.received).toHaveLength(1);
  });

  test('does not wait for an answer for ever', async () => {
    receiver.answer = () => undefined;
    const { endpoint } = await sent();
    const failed = await world.delivery(endpoint.id, (row) => row.last_error !== null);
    expect(failed.last_error).toBe('it did not answer within 3 seconds');
  });

  test('is done with an endless answer after its beginning', async () => {
    receiver.answer = (_request, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => clearInterval(more));
    };
    const { ctx, endpoint, deliveryId } = await sent();
    await world.delivery(endpoint.id, ({ status }) => status === 'succeeded');
    const { tries } = await findDelivery(ctx, endpoint.id, deliveryId);
    expect(tries[0]?.response_excerpt).toHaveLength(1_024);
  });

  test('whose secret cannot be read fails visibly', async () => {
    const { endpoint, deliveryId } = await sent();
    await world.delivery(endpoint.id, ({ status }) => status === 'succeeded');
    await database.db.query(sql`UPDATE webhook_endpoints SET secret_sealed = 'v1.AAAA'
      WHERE id = ${endpoint.id}`);
    await database.db.query(sql`UPDATE webhook_deliveries SET status = 'waiting',
      next_attempt_at = now() WHERE id = ${deliveryId}`);
    const failed = await world.delivery(endpoint.id, (row) => row.last_error !== null);
    expect(failed.last_error).toContain('rotate it');
  });
});
