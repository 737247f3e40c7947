import { afterAll, beforeAll, expect, it } from 'vitest';

import { systemClock } from '../../server/src/clock.ts';
import { until } from '../../server/src/test/notifications.ts';
import { scenario, type Scene } from '../../server/src/test/scenario.ts';
import { startTestService, type TestService } from '../../server/src/test/service.ts';
import {
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../server/src/test/webhook-receiver.ts';
import { verifyWebhook } from '../../sdk/src/client.ts';
import { exitCodes } from './exit-codes.ts';
import { runCaptured } from './test/run.ts';

let receiver: WebhookReceiver;
let tested: TestService;
let owner: Scene;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  tested = await startTestService({ env: { WEBHOOK_ALLOWED_HOSTS: receiver.host } });
  owner = await scenario(tested.database.db, systemClock).organization().create();
});
afterAll(async () => {
  await tested.close();
  await receiver.close();
});

const run = (...args: string[]) =>
  runCaptured(args, { MUTATE_API_KEY: owner.apiKey, MUTATE_URL: tested.url });

it('makes an endpoint, tests it, shows what came of it, exchanges its secret, deletes it', async () => {
  expect((await run('webhooks')).stdout).toBe('There are no webhook endpoints.\n');
  const url = `${receiver.url}/in`;
  const made = await run('webhooks', '--create', url, '--events', 'invoice.paid, quota.exceeded');
  expect(made).toMatchObject({ code: exitCodes.ok, stderr: '' });
  const [id = '', secret = ''] = /(whk_\w+)[^]*?(whsec_\S+)/.exec(made.stdout)?.slice(1) ?? [];
  const list = await run('webhooks');
  expect(list.stdout).toMatch(`${id}  on  ${url}  invoice.paid, quota.exceeded`);
  expect(list.stdout).not.toContain('whsec_');
  expect((await run('webhooks', id, '--test')).stdout).toContain(`mutate webhooks ${id}`);
  const webhook = await until(() => receiver.received[0]);
  const event = await verifyWebhook({ ...webhook, secret });
  expect(event.type).toBe('webhook.test');
  const row = await until(async () => {
    const { stdout } = await run('webhooks', id);
    return stdout.includes('succeeded') && stdout;
  });
  const [deliveryId = ''] = /dlv_\w+/.exec(row) ?? [];
  await run('webhooks', id, '--redeliver', deliveryId);
  const again = await until(() => receiver.received[1]);
  expect(again.headers['webhook-id']).toBe(webhook.headers['webhook-id']);
  const rotated = await run('webhooks', id, '--rotate-secret', '--json');
  expect(JSON.parse(rotated.stdout)).toMatchObject({
    id,
    secret: expect.stringMatching(/^whsec_/),
  });
  expect((await run('webhooks', id, '--delete')).stdout).toBe(`Deleted ${id}.\n`);
  expect((await run('webhooks')).stdout).toBe('There are no webhook endpoints.\n');
});

it.each([
  [['--test'], '--test needs the id of an endpoint'],
  [['whk_1', '--create', 'https://a.example'], '--create takes no id'],
  [['--events', 'invoice.paid'], '--events needs --create'],
  [['whk_1', '--test', '--delete'], 'only one of --test and --delete'],
  [['whk_1', 'whk_2'], 'at most one endpoint id'],
])('webhooks %j says what is right', async (args, message) => {
  const { code, stderr } = await run('webhooks', ...args);
  expect(code).toBe(exitCodes.usage);
  expect(stderr).toContain(message);
});

it('tells what the server refuses', async () => {
  const refused = await run('webhooks', '--create', 'https://169.254.169.254/');
  expect(refused.code).not.toBe(exitCodes.ok);
  expect(refused.stderr).toContain('public host');
  const unknown = await run('webhooks', 'whk_none');
  expect(unknown.stderr).toContain('no such webhook endpoint');
});
