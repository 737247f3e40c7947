import { readdir, readlink } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { inputKey } from '../conversions/files/storage.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
import { readZip } from '../test/zip.ts';
import { exportWorkspaceAsZip } from './export-zip.ts';

let tested: TestService;
let scene: Scene;
beforeAll(async () => {
  // Without a worker: what is queued stays so.
  tested = await startTestService({ env: { MUTATE_ROLE: 'server' } });
});
afterAll(() => tested.close());
beforeEach(async () => {
  scene = await scenario(tested.database.db, systemClock).organization('Acme').queued(1).create();
});

const at = (rest: string) => `/v1/workspaces/${scene.organizationId}${rest}`;

async function convert(name: string): Promise<string> {
  const reply = await tested.fetch(at('/conversions'), {
    method: 'POST',
    key: scene.apiKey,
    body: form({ name, content: 'a\n1\n' }, { to: 'json' }),
  });
  expect(reply.status).toBe(201);
  return ((await reply.json()) as { id: string }).id;
}

const exported = () =>
  tested.fetch(at('/export?format=zip'), { method: 'POST', key: scene.apiKey });

test('has what the other form has, the outputs that are kept and the inputs that wait', async () => {
  const [kept, purged] = [await convert('../sales.csv'), await convert('gone.csv')];
  await tested.fetch(at(`/conversions/${purged}`), { method: 'DELETE', key: scene.apiKey });
  const [waiting = ''] = scene.jobIds;
  const key = inputKey(scene.organizationId, waiting);
  await tested.service.conversions.storage.put(key, { bytes: Buffer.from('b\n2\n') }, null);
  const reply = await exported();
  expect(reply.headers.get('content-type')).toBe('application/zip');
  const zip = await readZip(Buffer.from(await reply.arrayBuffer()));
  const names = [...zip.keys()];
  expect(names.slice(0, 1)).toEqual(['workspace.ndjson']);
  expect(names.filter((name) => name.startsWith('outputs/'))).toEqual([
    `outputs/${kept}/sales.json`,
  ]);
  expect(zip.get(`outputs/${kept}/sales.json`)?.toString()).toBe('[{"a":"1"}]\n');
  const [input = ''] = names.filter((name) => name.startsWith(`inputs/${waiting}/`));
  expect(zip.get(input)?.toString()).toBe('b\n2\n');
  expect(names).toHaveLength(3);
  const lines = await tested.fetch(at('/export'), { method: 'POST', key: scene.apiKey });
  const text = await lines.text();
  const zipped = zip.get('workspace.ndjson')?.toString() ?? 'nothing';
  expect(text.startsWith(zipped)).toBe(true);
  // What came in between is that it was exported.
  expect(JSON.parse(text.slice(zipped.length))).toMatchObject({
    action: 'workspace.exported',
    after: { format: 'ndjson' },
  });
  expect(text).not.toContain('"place"');
});

test('is refused to a key that may not read each part, and nothing of another is in it', async () => {
  const other = await scenario(tested.database.db, systemClock)
    .organization('Other')
    .key({ scopes: ['audit:read', 'conversions:read'] })
    .create();
  const path = `/v1/workspaces/${other.organizationId}/export?format=zip`;
  expect((await tested.fetch(path, { method: 'POST', key: other.apiKey })).status).toBe(403);
  expect((await tested.fetch(path, { method: 'POST', key: scene.apiKey })).status).toBe(404);
  const wrong = await tested.fetch(at('/export?format=tar'), { method: 'POST', key: scene.apiKey });
  expect([wrong.status, await wrong.json()]).toMatchObject([
    400,
    { errors: [{ pointer: '/query/format', detail: 'must be one of "ndjson", "zip"' }] },
  ]);
});

test('is refused past so many files, whose list would take too much memory', async () => {
  await convert('a.csv');
  await convert('b.csv');
  const { conversions } = tested.service;
  await expect(exportWorkspaceAsZip(scene.ctx, conversions, 2)).rejects.toMatchObject({
    code: 'conflict',
    message: 'More than 2 files are kept: export as ndjson, and fetch outputs one by one.',
  });
});

test('ends with its client: no file stays open', async () => {
  const name = 'large.csv';
  const body = form({ name, content: `a\n${'0123456789\n'.repeat(300_000)}` }, { to: 'json' });
  const made = await tested.fetch(at('/conversions'), {
    method: 'POST',
    key: scene.apiKey,
    body,
  });
  expect(made.status).toBe(201);
  const stop = new AbortController();
  const reply = await tested.fetch(at('/export?format=zip'), {
    method: 'POST',
    key: scene.apiKey,
    signal: stop.signal,
  });
  await reply.body?.getReader().read();
  await expect.poll(openFiles, { timeout: 30_000 }).toBe(1);
  stop.abort();
  await expect.poll(openFiles, { timeout: 30_000 }).toBe(0);
});

/** How many files of the workspace this process has open. */
async function openFiles(): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.includes(`/files/${scene.organizationId}/`)).length;
}
