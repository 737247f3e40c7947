import type { Socket } from 'node:net';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { hostileTargets } from '../../test/hostile-targets.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../test/webhook-receiver.ts';
import { WebhookWorld } from '../../test/webhooks.ts';
import { sendTest } from './deliveries.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let receiver: WebhookReceiver;
let world: WebhookWorld;
/** Whom this process began to connect to, the database apart. */
const connections: string[] = [];
const note = (message: unknown) => {
  const { socket } = message as { socket: Socket };
  socket.on('connectionAttempt', (address: string, port?: number) => {
    const isDatabase = port === undefined || port === database.connection.port;
    if (!isDatabase) connections.push(`${address}:${port}`);
  });
};
beforeAll(async () => {
  database = await createTestDatabase();
  subscribe('net.client.socket', note);
});
afterAll(async () => {
  unsubscribe('net.client.socket', note);
  await database.close();
});
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  connections.length = 0;
});
afterEach(async () => {
  await world.stop();
  await receiver.close();
});

/** Every name there is leads to this machine. */
function startWorld(allowedHosts: readonly string[]): void {
  const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }] as const);
  world = new WebhookWorld(database, clock, { webhooks: { allowedHosts, resolve } });
  world.start();
}

/** Past the check that looks at a URL when it is given: rules and names change afterwards. */
async function sendTo(url: string) {
  const { ctx, endpoint } = await world.endpoint({ url: 'https://hooks.example.com/' });
  await database.db.query(sql`UPDATE webhook_endpoints SET url = ${url}
    WHERE id = ${endpoint.id}`);
  await sendTest(ctx, endpoint.id);
  return world.delivery(endpoint.id, ({ status }) => status !== 'waiting');
}

describe('the sender', () => {
  test('refuses each of more than 30 hostile targets itself, and connects to none', async () => {
    startWorld([receiver.host]);
    expect(hostileTargets.length).toBeGreaterThan(30);
    for (const url of hostileTargets) {
      const { status, last_error: error, response_status: answer } = await sendTo(url);
      expect([url, status, answer]).toEqual([url, 'failed', null]);
      expect(error).toMatch(/^the URL must be the http or https URL of a public host/);
    }
    expect(connections).toEqual([]);
    expect(receiver.received).toEqual([]);
  });

  test('goes to what the operator allows, to just that, by name or with its port', async () => {
    const [, port] = receiver.host.split(':');
    startWorld([receiver.host, `hooks.internal:${port}`, 'files.internal']);
    for (const host of [receiver.host, `hooks.internal:${port}`, `files.internal:${port}`]) {
      expect(await sendTo(`http://${host}/in`)).toMatchObject({ status: 'succeeded' });
    }
    expect(receiver.received).toHaveLength(3);
    for (const host of ['127.0.0.1:8080', 'hooks.internal:8080', `a.files.internal:${port}`]) {
      const { last_error: error } = await sendTo(`http://${host}/in`);
      expect(error).toMatch(/^the URL must be/);
    }
    expect(connections).toEqual(Array.from({ length: 3 }, () => receiver.host));
  });
});
