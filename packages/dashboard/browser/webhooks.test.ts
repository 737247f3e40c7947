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
