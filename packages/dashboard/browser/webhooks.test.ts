import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook } from '@mutate/sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import { startWorld, type World } from './world.ts';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const received: Received[] = [];
let receiver: Server;
let world: World;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray()).toString();
      received.push({ headers: request.headers as Record<string, string>, body });
      response.end('thank you');
    })();
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  const { port } = receiver.address() as AddressInfo;
  world = await startWorld({ env: { WEBHOOK_ALLOWED_HOSTS: `127.0.0.1:${port}` } });
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(async () => {
  await world.close();
  receiver.close();
});

test('an endpoint is set up, tried out, and its deliveries are seen', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  const address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  await visitor.open('webhooks');
  await page.getByRole('button', { name: 'New endpoint' }).click();
  await page.getByLabel('Address').fill(address);
  await page.getByRole('button', { name: 'Create endpoint' }).click();
  const secret = await page.getByLabel('Signing secret', { exact: true }).innerText();
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByRole('link', { name: address }).click();
  await page.getByRole('button', { name: 'Send a test' }).click();
  const row = page.getByRole('row', { name: 'webhook.test' });
  await row.getByText('succeeded').waitFor();
  await row.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('dialog').getByText('thank you').waitFor();

  const [first] = received;
  const event = await verifyWebhook({ ...(first ?? { headers: {}, body: '' }), secret });
  expect(event.type).toBe('webhook.test');
  const rows = await world.tested.database.owner.query<object>(
    sql`SELECT status, attempts FROM webhook_deliveries
      WHERE organization_id = ${scene.organizationId}`,
  );
  expect(rows).toEqual([{ status: 'succeeded', attempts: 1 }]);

  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Description').fill('Books');
  await page.getByRole('combobox', { name: 'Events' }).click();
  await page.getByRole('option', { name: 'invoice.paid' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Books').waitFor();
  const kept = await world.tested.database.owner.query<object>(
    sql`SELECT url, events FROM webhook_endpoints WHERE organization_id = ${scene.organizationId}`,
  );
  expect(kept).toEqual([{ url: address, events: ['invoice.paid'] }]);
});

test('an address inside our own network is refused, in words', async () => {
  const visitor = await world.visit();
  const { page } = visitor;
  await visitor.open('webhooks');
  await page.getByRole('button', { name: 'New endpoint' }).click();
  await page.getByLabel('Address').fill('http://169.254.169.254/latest');
  await page.getByRole('button', { name: 'Create endpoint' }).click();
  await page.getByRole('dialog').getByRole('alert').waitFor();
  expect(await page.getByRole('row').count()).toBe(0);
});

test('what was sent is seen to its beginning, by state too', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  const { organizationId: id } = scene;
  await world.tested.database.owner.query(sql`INSERT INTO webhook_endpoints
      (organization_id, id, url, secret_sealed, active, created_by, created_at, updated_at)
    VALUES (${id}, 'whk_many', 'https://hooks.example.com/', 'v1.', false, '{}', now(), now())`);
  await world.tested.database.owner.query(sql`WITH made AS (
      INSERT INTO webhook_events (organization_id, id, type, body, created_at)
      SELECT ${id}, 'evt_' || n, 'conversion.failed', '{}', now()
      FROM generate_series(100, 159) n RETURNING id)
    INSERT INTO webhook_deliveries (organization_id, id, endpoint_id, event_id, status)
    SELECT ${id}, 'dlv_' || id, 'whk_many', id,
      CASE WHEN id = 'evt_100' THEN 'failed' ELSE 'succeeded' END FROM made`);
  await visitor.open('webhooks/whk_many');
  const rows = page.getByRole('row', { name: 'conversion.failed' });
  const more = page.getByRole('button', { name: 'Show more' });
  await expect.poll(() => rows.count()).toBe(25);
  await more.click();
  await expect.poll(() => rows.count()).toBe(50);
  await more.click();
  await expect.poll(() => rows.count()).toBe(60);
  expect(await more.count()).toBe(0);
  await page.getByRole('combobox', { name: 'State' }).click();
  await page.getByRole('option', { name: 'failed' }).click();
  await expect.poll(() => rows.count()).toBe(1);
});

test('the mails of a workspace are seen to the first', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  await world.tested.database.owner.query(sql`INSERT INTO mail_messages (organization_id, id,
      outbox_id, topic, category, recipient_email, payload, context, status, created_at)
    SELECT ${scene.organizationId}, 'msg_' || n, n, 'workspace.suspended', 'security',
      'ada@example.com', '{"reason": "Abuse"}', '{"workspace": "Acme", "time_zone": "UTC"}',
      'sent', now() FROM generate_series(100, 129) n`);
  await visitor.open('notifications');
  const rows = page.getByRole('row', { name: 'ada@example.com' });
  await expect.poll(() => rows.count()).toBe(25);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => rows.count()).toBe(30);
});
