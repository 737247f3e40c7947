import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { until } from '../../test/notifications.ts';
import { Teller } from '../../test/teller.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../test/webhook-receiver.ts';
import { WebhookWorld } from '../../test/webhooks.ts';
import { announce } from '../outbox.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let receiver: WebhookReceiver;
let world: WebhookWorld;
/** Stands in the way of the process that is to be killed. */
let obstacle: pg.Client;
let teller: Teller;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  const webhooks = { allowedHosts: [receiver.host], resolve: () => Promise.resolve([]) };
  world = new WebhookWorld(database, clock, { webhooks });
  obstacle = new pg.Client(database.connection);
  await obstacle.connect();
});
afterEach(async () => {
  await teller.kill();
  await obstacle.end();
  await receiver.close();
});

const start = () => {
  teller = new Teller(database, 'smtp://127.0.0.1:1', receiver.host);
};

let told = 0;

async function tell() {
  const made = await world.endpoint({ url: `${receiver.url}/in` });
  told += 1;
  await announce(database.db, made.ctx, {
    topic: 'quota.exceeded',
    dedupeKey: `quota.exceeded:${told}`,
    payload: { limit: 1, used: 1, resets_at: '2027-02-28T10:00:00.000Z' },
  });
  return made;
}

/** The delivery has succeeded; answers the ids that arrived. */
async function arrived(endpointId: string): Promise<string[]> {
  const delivery = await world.delivery(endpointId, ({ status }) => status === 'succeeded');
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'] ?? '');
  expect(new Set(ids)).toEqual(new Set([delivery.event_id]));
  return ids;
}

const waitsForLock = () =>
  until(async () => {
    const [row] = await database.owner.query<{ waiting: number }>(sql`
      SELECT count(*)::integer AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    return (row?.waiting ?? 0) > 0;
  });

describe('a process that is killed with kill -9', { timeout: 60_000 }, () => {
  test('in mid-fan-out: the webhook arrives once', async () => {
    await obstacle.query('BEGIN; LOCK TABLE webhook_deliveries IN SHARE ROW EXCLUSIVE MODE');
    const { endpoint } = await tell();
    start();
    await waitsForLock();
    await teller.kill();
    await obstacle.query('ROLLBACK');
    start();
    expect(await arrived(endpoint.id)).toHaveLength(1);
  });

  test('while the endpoint works on it: it arrives again, under the same id', async () => {
    const killed = Promise.withResolvers<void>();
    receiver.answer = async (_request, response) => {
      await teller.kill();
      killed.resolve();
      response.destroy();
    };
    const { endpoint } = await tell();
    start();
    await killed.promise;
    receiver.answer = (_request, response) => {
      response.writeHead(204).end();
    };
    start();
    expect(await arrived(endpoint.id)).toHaveLength(2);
  });

  test('between the answer and our commit: it arrives again, under the same id', async () => {
    await obstacle.query(`CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END'`);
    await obstacle.query(`CREATE TRIGGER wait_here BEFORE UPDATE ON webhook_deliveries FOR EACH ROW
      WHEN (NEW.status = 'succeeded') EXECUTE FUNCTION wait_here()`);
    await obstacle.query('SELECT pg_advisory_lock(7)');
    const { endpoint } = await tell();
    start();
    await until(() => receiver.received.length === 1);
    await waitsForLock();
    await teller.kill();
    // PostgreSQL has not heard of the kill yet, and would carry the update out.
    await obstacle.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    await obstacle.query('SELECT pg_advisory_unlock(7)');
    await obstacle.query('DROP FUNCTION wait_here CASCADE');
    start();
    expect(await arrived(endpoint.id)).toHaveLength(2);
  });
});
