import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { BatchService, csv, formOf, type File } from '../../test/batches.ts';

let service: BatchService;
beforeAll(async () => {
  service = await BatchService.start();
});
afterAll(() => service.tested.close());

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

describe('what is wrong with the whole request', () => {
  test.each<[string, () => FormData | string]>([
    ['no file', () => formOf([])],
    ['no target', () => formOf([['a.csv', csv]], {})],
    ['a target with U+0000', () => formOf([['a.csv', csv]], { to: 'json\0' })],
    ['the same in JSON', () => JSON.stringify({ source_urls: ['http://x/'], to: 'json\0' })],
    ['options that are no object', () => formOf([['a.csv', csv]], { to: 'json', options: '[]' })],
    ['an unknown field', () => formOf([['a.csv', csv]], { to: 'json', colour: 'red' })],
    ['101 files', () => formOf(Array.from({ length: 101 }, (): File => ['a.csv', csv]))],
    ['no URLs', () => JSON.stringify({ source_urls: [], to: 'json' })],
    ['a URL of a single conversion', () => JSON.stringify({ source_url: 'http://x/', to: 'json' })],
  ])('%s is 400', async (_what, body) => {
    const owner = await service.scene().create();
    const response = await service.post(owner, body());
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await service.leftovers()).toEqual([]);
  });

  it('a suspended workspace is 403, a key without the scope 403', async () => {
    const suspended = await service.scene().suspended().create();
    const body = () => formOf([['a.csv', csv]]);
    expect(await service.refusal(suspended, body())).toMatchObject({
      code: 'workspace_suspended',
    });
    const reader = await service
      .scene()
      .key({ scopes: ['conversions:read'] })
      .create();
    expect(await service.refusal(reader, body())).toMatchObject({ code: 'forbidden' });
  });
});

describe('a batch', () => {
  it('of another workspace is not found, nor is its output', async () => {
    const [owner, stranger] = [await service.scene().create(), await service.scene().create()];
    const { batch } = await service.send(owner, formOf([['a.csv', csv]]));
    for (const path of ['', '/output']) {
      const url = `/v1/workspaces/${stranger.organizationId}/conversions/batch/${batch.id}${path}`;
      const response = await service.tested.fetch(url, { key: stranger.apiKey });
      expect(await problemOf(response)).toMatchObject({ status: 404, code: 'not_found' });
    }
    const foreign = `/v1/workspaces/${owner.organizationId}/conversions/batch/${batch.id}`;
    expect((await service.tested.fetch(foreign, { key: stranger.apiKey })).status).toBe(404);
  });

  it('has no output while its jobs run, where none succeeded, and once they are deleted', async () => {
    const owner = await service.scene().create();
    const none = await service.send(owner, formOf([['a.bin', '\0\0']]));
    expect(none.batch.output).toBeNull();
    expect(await problemOf(await service.download(owner, none.batch))).toMatchObject({
      code: 'conflict',
    });
    const { batch } = await service.send(owner, formOf([['a.csv', csv]]));
    const job = batch.data[0]?.job?.id ?? '';
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${job}`;
    await service.tested.fetch(path, { method: 'DELETE', key: owner.apiKey });
    expect(await problemOf(await service.download(owner, batch))).toMatchObject({
      code: 'expired',
    });
    expect((await service.read(owner, batch)).counts).toMatchObject({ expired: 1 });
    const busy = await service.scene().running(1).create();
    const waiting = await service.send(busy, formOf([['a.csv', csv]]), {
      headers: { prefer: 'respond-async' },
    });
    expect(waiting.batch.status).toBe('processing');
    expect(await problemOf(await service.download(busy, waiting.batch))).toMatchObject({
      code: 'conflict',
    });
  });
});

it('fetches nothing more once the files are larger than a batch together', async () => {
  let requests = 0;
  const source = createServer((_request, response) => {
    requests += 1;
    response.end(Buffer.alloc(600_000, 'a,b\n'));
  });
  await new Promise<void>((resolve) => {
    source.listen(0, '127.0.0.1', resolve);
  });
  const origin = `127.0.0.1:${(source.address() as AddressInfo).port}`;
  const narrow = await BatchService.start({ IMPORT_ALLOWED_HOSTS: origin, MAX_UPLOAD_MB: '1' });
  try {
    const owner = await narrow.scene().create();
    const urls = Array.from({ length: 20 }, (_, index) => `http://${origin}/${index}.csv`);
    const body = JSON.stringify({ source_urls: urls, to: 'json' });
    const { batch } = await narrow.send(owner, body);
    const { counts, data } = await narrow.completed(owner, batch);
    expect(counts).toMatchObject({ total: 20, succeeded: 1, refused: 19 });
    expect(new Set(data.map(({ error }) => error?.code ?? null))).toEqual(
      new Set([null, 'file_too_large']),
    );
    // Four at once, and one more may begin before the second is here.
    expect(requests).toBeLessThanOrEqual(5);
    expect(await narrow.leftovers()).toEqual([]);
  } finally {
    await narrow.tested.close();
    source.close();
  }
});
