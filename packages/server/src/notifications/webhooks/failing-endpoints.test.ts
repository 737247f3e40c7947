import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import type { Address } from '../../http/outbound/outbound-target.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { addMember } from '../../test/members.ts';
import { until } from '../../test/notifications.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../test/webhook-receiver.ts';
import { WebhookWorld } from '../../test/webhooks.ts';
import { sendTest } from './deliveries.ts';
import { updateEndpoint } from './endpoints.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let receiver: WebhookReceiver;
let world: WebhookWorld;
/** What a name stands for, in turn. */
const names = new Map<string, string[]>();
const resolve = (name: string): Promise<readonly Address[]> => {
  const addresses = names.get(name) ?? [];
  const address = addresses.length > 1 ? addresses.shift() : addresses[0];
  return Promise.resolve(address === undefined ? [] : [{ address, family: 4 }]);
};
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  const webhooks = { allowedHosts: [receiver.host], resolve };
  world = new WebhookWorld(database, clock, { webhooks });
  world.start();
});
afterEach(async () => {
  await world.stop();
  await receiver.close();
});

const refuseWith =
  (status: number): WebhookReceiver['answer'] =>
  (_request, response) => {
    response.writeHead(status).end('no');
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
  return { ...made, deliveryId: `dlv_n${queued}` };
}

describe('an endpoint', () => {
  const isOff = (id: string) =>
    until(async () => {
      const [row] = await database.db.query<{ active: boolean; disabled_reason: string }>(
        sql`SELECT active, disabled_reason FROM webhook_endpoints WHERE id = ${id}`,
      );
      return row?.active === false && row.disabled_reason;
    });

  test('that answers 410 is switched off at once, what waits is cancelled, its people are told', async () => {
    receiver.answer = refuseWith(410);
    const made = await world.endpoint({ url: `${receiver.url}/in` });
    const owner = await addMember(database.db, made.organizationId, 'owner');
    await queueEvent(made.organizationId, made.endpoint.id, 'gone');
    expect(await isOff(made.endpoint.id)).toBe('gone');
    const [delivery] = await world.deliveriesOf(made.endpoint.id);
    expect(delivery).toMatchObject({ status: 'failed', attempts: 1, response_status: 410 });
    const [mail] = await until(async () => {
      const mails = await database.db.query<{ recipient_email: string }>(sql`
        SELECT recipient_email FROM mail_messages
        WHERE organization_id = ${made.organizationId} AND topic = 'webhook_endpoint.disabled'`);
      return mails.length > 0 && mails;
    });
    expect(mail?.recipient_email).toBe(owner.email);
  });

  test('that fails for five days is switched off, by an event that was tried often enough', async () => {
    receiver.answer = refuseWith(500);
    const { endpoint, deliveryId } = await sent();
    await world.delivery(endpoint.id, (row) => row.last_error !== null);
    await database.db.query(sql`UPDATE webhook_endpoints
      SET failing_since = now() - interval '121 hours' WHERE id = ${endpoint.id}`);
    await database.db.query(sql`UPDATE webhook_deliveries SET attempts = 3,
      next_attempt_at = now() WHERE id = ${deliveryId}`);
    await world.delivery(endpoint.id, (row) => row.attempts === 4 && row.seconds > 3_600);
    await world.makeDue(endpoint.id);
    expect(await isOff(endpoint.id)).toBe('failing');
  });

  test('that is switched on again begins without a past', async () => {
    receiver.answer = refuseWith(410);
    const { ctx, endpoint } = await sent();
    await isOff(endpoint.id);
    const on = await updateEndpoint(ctx, world.deps, endpoint.id, { active: true });
    expect(on).toMatchObject({ active: true, disabled_reason: null, failing_since: null });
  });

  test('that is tried out gets the test once, whatever it answers', async () => {
    receiver.answer = refuseWith(500);
    const { ctx, endpoint } = await world.endpoint({ url: `${receiver.url}/in` });
    await sendTest(ctx, endpoint.id);
    const failed = await world.delivery(endpoint.id, ({ status }) => status === 'failed');
    expect(failed).toMatchObject({ attempts: 1, type: 'webhook.test' });
  });

  test('that hangs, with much waiting for it, holds up no other', async () => {
    receiver.answer = (request, response) => {
      if (request.path.startsWith('/good')) response.writeHead(204).end();
    };
    const bad = await Promise.all(
      Array.from({ length: 12 }, () => world.endpoint({ url: `${receiver.url}/hang` })),
    );
    for (const [index, { organizationId, endpoint }] of bad.entries()) {
      for (let event = 0; event < 20; event++) {
        await queueEvent(organizationId, endpoint.id, `hang${index}_${event}`);
      }
    }
    await until(() => receiver.received.length >= 32);
    const good = await world.endpoint({ url: `${receiver.url}/good` });
    for (let event = 0; event < 20; event++) {
      await queueEvent(good.organizationId, good.endpoint.id, `good${event}`);
    }
    await until(async () => {
      const deliveries = await world.deliveriesOf(good.endpoint.id);
      return deliveries.every(({ status }) => status === 'succeeded');
    });
    // Some of the 240 for the hanging ones have not been tried: nobody stood in their queue.
    const [waiting] = await database.db.query<{ untried: number }>(
      sql`SELECT count(*)::integer AS untried FROM webhook_deliveries
        WHERE endpoint_id = ANY (${bad.map(({ endpoint }) => endpoint.id)}::text[])
          AND status = 'waiting' AND attempts = 0`,
    );
    expect(waiting?.untried).toBeGreaterThan(0);
    await Promise.all(
      bad.map(({ ctx, endpoint }) =>
        updateEndpoint(ctx, world.deps, endpoint.id, { active: false }),
      ),
    );
  });
});

describe('a name that resolves to a place of ours', () => {
  test.each([
    ['private', ['10.0.0.5']],
    ['loopback', ['127.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['unknown', []],
  ])('is not connected to: %s', async (label, addresses) => {
    const name = `${label}.example.com`;
    names.set(name, addresses);
    const made = await world.endpoint({ url: `https://${name}/in` });
    await queueEvent(made.organizationId, made.endpoint.id, label);
    const failed = await world.delivery(made.endpoint.id, (row) => row.last_error !== null);
    expect(failed.last_error).toContain('must be the http or https URL of a public host');
    expect(failed.response_status).toBeNull();
  });

  test('is not connected to when it changes its mind after it was looked at', async () => {
    // The first answer is public, the next one is ours: whoever asked twice would be led there.
    names.set('rebind.example.com', ['203.0.114.1', '127.0.0.1']);
    const made = await world.endpoint({ url: `https://rebind.example.com:8443/in` });
    await queueEvent(made.organizationId, made.endpoint.id, 'rebind');
    const failed = await world.delivery(made.endpoint.id, (row) => row.last_error !== null);
    expect(failed.last_error).not.toContain('must be');
    expect(names.get('rebind.example.com')).toEqual(['127.0.0.1']);
    expect(receiver.received).toEqual([]);
  });
});

test('switching endpoints off and on while much is sent to them meets no deadlock', async () => {
  receiver.answer = refuseWith(503);
  const made = await Promise.all(
    Array.from({ length: 4 }, () => world.endpoint({ url: `${receiver.url}/in` })),
  );
  for (let round = 0; round < 5; round++) {
    for (const [index, { organizationId, endpoint }] of made.entries()) {
      for (let event = 0; event < 4; event++) {
        await queueEvent(organizationId, endpoint.id, `lock${round}_${index}_${event}`);
      }
    }
    await Promise.all(
      made.map(({ ctx, endpoint }) =>
        updateEndpoint(ctx, world.deps, endpoint.id, { active: false }),
      ),
    );
    await Promise.all(
      made.map(({ ctx, endpoint }) =>
        updateEndpoint(ctx, world.deps, endpoint.id, { active: true }),
      ),
    );
  }
  const rows = await database.db.query<{ active: boolean }>(sql`SELECT active
    FROM webhook_endpoints WHERE id = ANY (${made.map(({ endpoint }) => endpoint.id)}::text[])`);
  expect(rows.every(({ active }) => active)).toBe(true);
});
