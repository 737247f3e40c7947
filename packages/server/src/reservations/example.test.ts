import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { startTestService, type TestService } from '../test/service.ts';

const folder = fileURLToPath(
  new URL('../../../../examples/reservations-express/', import.meta.url),
);

let tested: TestService;
let scene: Scene;
let service: ChildProcess;
let serviceUrl: string;

beforeAll(async () => {
  tested = await startTestService();
  scene = await scenario(tested.database.db, systemClock)
    .organization()
    .overrides({ monthly_limit: 2 })
    .create();
  ({ service, serviceUrl } = await startExample());
});
afterAll(async () => {
  const ended = once(service, 'exit');
  service.kill();
  await ended;
  await tested.close();
});

/** The example as its README starts it: Express, in a process of its own. */
async function startExample() {
  const child = spawn(process.execPath, ['service.mjs'], {
    cwd: folder,
    env: { PORT: '0', MUTATE_API_KEY: scene.apiKey, MUTATE_URL: tested.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]: unknown[]): never => {
    throw new Error(`the example ended with ${String(code)}`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [
    string,
  ];
  ended.catch(() => undefined);
  return { service: child, serviceUrl: line.replace('POST a CSV to ', '') };
}

const convert = (csv: string) => fetch(serviceUrl, { method: 'POST', body: csv });

test("a service with its own converter is counted and held to the workspace's quota", async () => {
  const first = await convert('name,size\nA4,210\n');
  expect(first.status).toBe(200);
  expect(first.headers.get('x-powered-by')).toBe('Express');
  expect(await first.text()).toBe('| name | size |\n| --- | --- |\n| A4 | 210 |\n');
  // One that fails costs nothing.
  const failed = await convert('a,b\n1\n');
  expect(failed.status).toBe(422);
  expect(await failed.json()).toMatchObject({ detail: 'rows of different lengths' });
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
