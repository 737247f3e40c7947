import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Mutate } from '@mutate/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { convertRoute } from '../../../../examples/reservations-express/convert-route.ts';
import { systemClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
let scene: Scene;
let service: Server;

beforeAll(async () => {
  tested = await startTestService();
  scene = await scenario(tested.database.db, systemClock)
    .organization()
    .overrides({ monthly_limit: 2 })
    .create();
  const route = convertRoute(new Mutate({ apiKey: scene.apiKey, baseUrl: tested.url }));
  service = createServer((request, response) => {
    // What Express does with a handler that fails.
    route(request, response).catch(() => response.writeHead(422).end());
  });
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  service.close();
  await tested.close();
});

const convert = (csv: string) =>
  fetch(`http://127.0.0.1:${(service.address() as AddressInfo).port}/convert`, {
    method: 'POST',
    body: csv,
  });

test("a service with its own converter is counted and held to the workspace's quota", async () => {
  const first = await convert('name,size\nA4,210\n');
  expect(first.status).toBe(200);
  expect(await first.text()).toBe('| name | size |\n| --- | --- |\n| A4 | 210 |\n');
  // One that fails costs nothing.
  expect((await convert('a,b\n1\n')).status).toBe(422);
  expect((await convert('a\n1\n')).status).toBe(200);
  const refused = await convert('a\n1\n');
  expect(refused.status).toBe(402);
  expect(await refused.json()).toMatchObject({ code: 'quota_exceeded' });
  const path = `/v1/workspaces/${scene.organizationId}/usage`;
  const usage: unknown = await (await tested.fetch(path, { key: scene.apiKey })).json();
  expect(usage).toMatchObject({
    conversions: { used: 2, reserved: 0, remaining: 0 },
    concurrent: { active: 0 },
    breakdown: { CSV_TO_MD: 2 },
  });
  await expectInvariants(tested.database.db, scene.organizationId, systemClock.now());
});
