import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { until } from '../../test/notifications.ts';
import { Obstacle } from '../../test/obstacle.ts';
import { startSilentServer } from '../../test/silent-server.ts';
import { Teller } from '../../test/teller.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../test/webhook-receiver.ts';
import { WebhookWorld } from '../../test/webhooks.ts';
import { announce } from '../outbox.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
/** Longer than an attempt's lease in fixtures/teller.ts: what would come again has come. */
const leaseMs = 6_000;
let database: TestDatabase;
let receiver: WebhookReceiver;
let world: WebhookWorld;
let obstacle: Obstacle;
let teller: Teller;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  const webhooks = { allowedHosts: ['127.0.0.1'], resolve: () => Promise.resolve([]) };
  world = new WebhookWorld(database, clock, { webhooks });
  obstacle = await Obstacle.open(database);
});
afterEach(async () => {
  await teller.kill();
  await obstacle.close();
  await receiver.close();
});

const start = () => {
  teller = new Teller(database, 'smtp://127.0.0.1:1', '127.0.0.1');
};

let told = 0;

async function tell(url = `${receiver.url}/in`) {
  const made = await world.endpoint({ url });
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

describe('a process that is killed with kill -9', () => {
  test.each([
    ['while it makes the event', 'INSERT ON webhook_events', 'true'],
    ['while it makes the delivery', 'INSERT ON webhook_deliveries', 'true'],
    ['when it is made and the announcement is not marked', 'UPDATE ON outbox', 'true'],
    ['while it takes it to send', 'UPDATE ON webhook_deliveries', 'NEW.attempts > OLD.attempts'],
  ] as const)('%s: it arrives once', async (_, write, when) => {
    await obstacle.before(write, when);
    const { endpoint } = await tell();
    start();
    await obstacle.isReached();
    await teller.kill();
    await obstacle.remove();
    start();
    expect(await arrived(endpoint.id)).toHaveLength(1);
  });

  test('when it has taken it and sent nothing of it: it arrives once', async () => {
    const silent = await startSilentServer();
    // No handshake, so no request.
    const { endpoint } = await tell(`https://127.0.0.1:${silent.port}/in`);
    start();
    await silent.reached;
    await teller.kill();
    await silent.close();
    await database.db.query(sql`UPDATE webhook_endpoints SET url = ${`${receiver.url}/in`}
      WHERE id = ${endpoint.id}`);
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
    await obstacle.before('UPDATE ON webhook_deliveries', "NEW.status = 'succeeded'");
    const { endpoint } = await tell();
    start();
    await until(() => receiver.received.length === 1);
    await obstacle.isReached();
    await teller.kill();
    await obstacle.remove();
    start();
    expect(await arrived(endpoint.id)).toHaveLength(2);
  });

  test('when all is written down: nothing arrives again', async () => {
    const { endpoint } = await tell();
    start();
    await arrived(endpoint.id);
    await teller.kill();
    start();
    await sleep(leaseMs);
    expect(await arrived(endpoint.id)).toHaveLength(1);
  });
});
