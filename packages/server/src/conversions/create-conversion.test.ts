import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { scenario } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const scene = () => scenario(tested.database.db, systemClock).organization();

describe('a conversion', () => {
  it('is refused with metadata that jsonb does not take, and leaves no file behind', async () => {
    const { organizationId, apiKey } = await scene().create();
    const deep = `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
    for (const metadata of [String.raw`{"a":"\u0000"}`, String.raw`{"\ud800":1}`, deep]) {
      const response = await tested.fetch(`/v1/workspaces/${organizationId}/conversions`, {
        method: 'POST',
        key: apiKey,
        // Queued: its input would have been stored before admission.
        headers: { prefer: 'respond-async' },
        body: form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json', metadata }),
      });
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { errors: [{ pointer: '/metadata' }] },
      ]);
    }
    const files = join(tested.dataFolder, 'files');
    expect(await readdir(files).catch(() => [])).not.toContain(organizationId);
  });

  it('gives its output a name that any file system takes, also where the extension grows', async () => {
    const { organizationId, apiKey } = await scene().create();
    const response = await tested.fetch(`/v1/workspaces/${organizationId}/conversions`, {
      method: 'POST',
      key: apiKey,
      body: form({ name: `${'é'.repeat(125)}x.csv`, content: 'a\n1\n' }, { to: 'parquet' }),
    });
    expect(response.status).toBe(201);
    const { output } = (await response.json()) as { output: { filename: string } };
    expect(output.filename).toBe(`${'é'.repeat(123)}.parquet`);
  });

  it('is told that its body is neither form nor JSON before it is told of limits', async () => {
    const { organizationId, apiKey } = await scene().suspended().create();
    const response = await tested.fetch(`/v1/workspaces/${organizationId}/conversions`, {
      method: 'POST',
      key: apiKey,
      headers: { 'content-type': 'text/plain' },
      body: 'a,b',
    });
    expect(response.status).toBe(400);
  });
});
