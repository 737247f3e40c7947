import { mkdir, rmdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../db/sql.ts';
import { derivedId, newId } from '../../ids.ts';
import { admitCall } from '../../test/calls.ts';
import { inputKey } from '../files/storage.ts';
import { parseOptions } from '../registry/options.ts';
import { BatchService, csv, formOf, megabyte, outcomesOf, type File } from '../../test/batches.ts';
import { batchSchema } from './schema.ts';
import { readZip } from '../../test/zip.ts';

let service: BatchService;
let source: Server;
let origin: string;
beforeAll(async () => {
  source = createServer((request, response) => {
    if (request.url === '/one.csv') response.end('a\n1\n');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    source.listen(0, '127.0.0.1', resolve);
  });
  origin = `127.0.0.1:${(source.address() as AddressInfo).port}`;
  service = await BatchService.start({ IMPORT_ALLOWED_HOSTS: origin });
  for (const statement of [
    sql`CREATE FUNCTION refuse_job() RETURNS trigger LANGUAGE plpgsql AS
      $$BEGIN RAISE EXCEPTION 'refused for the test'; END$$`,
    sql`CREATE TRIGGER refuse_job BEFORE INSERT ON jobs FOR EACH ROW
      WHEN (NEW.input ->> 'filename' = 'refused-by-the-database.csv')
      EXECUTE FUNCTION refuse_job()`,
  ]) {
    await service.tested.database.owner.query(statement);
  }
});
afterAll(async () => {
  await service.tested.close();
  source.close();
});

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

describe('a batch of files', () => {
  it('converts each by itself on a plan with one slot, and tells of each in order', async () => {
    const owner = await service.scene().create();
    const files: File[] = [
      ['a.csv', csv],
      ['broken.json', '{'],
      ['b.csv', csv],
      ['c.csv', 'x\n1\n'],
    ];
    const { status, batch } = await service.send(owner, formOf(files));
    expect(status).toBe(201);
    expect(batch).toMatchObject({ object: 'batch', status: 'completed', to: 'json' });
    expect(batch.data.map(({ filename }) => filename)).toEqual(files.map(([name]) => name));
    expect(outcomesOf(batch)).toEqual([
      'succeeded',
      'unsupported_conversion',
      'succeeded',
      'succeeded',
    ]);
    expect(batch.counts).toMatchObject({ total: 4, succeeded: 3, refused: 1 });
    expect(new Set(batch.data.map(({ job }) => job?.id)).size).toBe(4);
    expect(await service.used(owner)).toBe(3);
    expect(await service.read(owner, batch)).toEqual(batch);
    expect(await service.leftovers()).toEqual([]);
  });

  it('gives its outputs in one ZIP with unique names, and says who has none', async () => {
    const owner = await service.scene().create();
    const files: File[] = [
      ['../../a.csv', csv],
      ['A.csv', 'x\n2\n'],
      ['a.csv', 'x\n3\n'],
      ['no.bin', '\0\0\0'],
    ];
    const response = await service.post(owner, formOf(files), { query: '?response=zip' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/zip');
    expect(response.headers.get('content-disposition')).toContain('attachment');
    expect(response.headers.get('batch-failed')).toBe('1');
    const id = response.headers.get('batch-id') ?? '';
    const zip = await readZip(Buffer.from(await response.arrayBuffer()));
    expect([...zip.keys()]).toEqual(['a.json', 'A (2).json', 'a (3).json', 'batch-results.json']);
    expect(JSON.parse(zip.get('A (2).json') ?? '')).toEqual([{ x: '2' }]);
    expect(JSON.parse(zip.get('batch-results.json') ?? '')).toMatchObject([
      { filename: 'a.csv', status: 'succeeded', error: null },
      { filename: 'A.csv' },
      { filename: 'a.csv' },
      { filename: 'no.bin', job_id: null, error: { code: 'unsupported_format' } },
    ]);
    const again = await service.download(owner, { id });
    expect([...(await readZip(Buffer.from(await again.arrayBuffer()))).keys()]).toHaveLength(4);
  });

  it('past the quota runs the first ones and refuses the rest, each with its code', async () => {
    const owner = await service.scene().used(98).create();
    const files = ['1', '2', '3', '4'].map((name): File => [`${name}.csv`, csv]);
    const { batch } = await service.send(owner, formOf(files));
    expect(outcomesOf(batch)).toEqual([
      'succeeded',
      'succeeded',
      'quota_exceeded',
      'quota_exceeded',
    ]);
    expect(batch.data[2]?.error).toMatchObject({ status: 402, limit: 100, retryable: false });
    expect(await service.used(owner)).toBe(100);
    const whole = await service.post(owner, formOf(files));
    expect(await problemOf(whole)).toMatchObject({ status: 402, code: 'quota_exceeded' });
  });

  it('refuses a file above the plan’s limit by itself', async () => {
    const owner = await service.scene().create();
    const large = Buffer.alloc(10 * megabyte + 1, 'a,b\n');
    const { batch } = await service.send(
      owner,
      formOf([
        ['a.csv', csv],
        ['l.csv', large],
        ['b.csv', csv],
      ]),
    );
    const done = await service.completed(owner, batch);
    expect(outcomesOf(done)).toEqual(['succeeded', 'file_too_large', 'succeeded']);
    expect(done.data[1]?.error).toMatchObject({ status: 413, limit_bytes: 10 * megabyte });
    expect(await service.used(owner)).toBe(2);
    expect(await service.leftovers()).toEqual([]);
  });

  it('is queued with respond-async, and can be polled', async () => {
    const owner = await service.scene().create();
    const response = await service.post(
      owner,
      formOf([
        ['a.csv', csv],
        ['b.csv', csv],
      ]),
      {
        headers: { prefer: 'respond-async' },
      },
    );
    expect(response.status).toBe(202);
    expect(response.headers.get('retry-after')).toBe('1');
    const batch = batchSchema.parse(await response.json());
    expect(response.headers.get('location')).toContain(batch.id);
    expect((await service.completed(owner, batch)).counts.succeeded).toBe(2);
    expect(await service.used(owner)).toBe(2);
  });

  it('under an idempotency key is made once: a repeat gives the same jobs', async () => {
    const owner = await service.scene().create();
    const headers = { 'idempotency-key': 'batch-1' };
    const body = () =>
      formOf([
        ['a.csv', csv],
        ['b.csv', csv],
      ]);
    const first = await service.send(owner, body(), { headers });
    const again = await service.send(owner, body(), { headers });
    expect(again).toEqual(first);
    const zip = await service.post(owner, body(), { headers, query: '?response=zip' });
    expect(zip.headers.get('idempotent-replayed')).toBe('true');
    expect((await readZip(Buffer.from(await zip.arrayBuffer()))).size).toBe(2);
    const other = await service.post(owner, formOf([['a.csv', csv]]), { headers });
    expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    expect(await service.used(owner)).toBe(2);
  });

  it('whose server died half-way is finished by the repeat: nothing is made or counted twice', async () => {
    const owner = await service.scene().create();
    const { organizationId } = owner;
    const { metering, registry, storage } = service.tested.service.conversions;
    // As a kill between the first admission and the reply leaves it: one job of three, no batch, and
    // a claim that lapsed.
    const seedId = newId('job', Date.now());
    const jobIds = [1, 2, 3].map((index) => derivedId('job', seedId, index));
    const [jobId = ''] = jobIds;
    await service.tested.database.db.query(sql`INSERT INTO idempotency_keys
        (organization_id, key, route, job_id, lease_expires_at, created_at)
      VALUES (${organizationId}, 'batch-killed', ${`POST ${service.url(owner)}`}, ${seedId},
              clock_timestamp(), clock_timestamp())`);
    await storage.put(inputKey(organizationId, jobId), { bytes: Buffer.from(csv) }, null);
    const offer = registry.find('csv', 'json');
    const options = offer === null ? {} : parseOptions(offer, {});
    await metering.admitDurably(admitCall(organizationId, { jobId, mode: 'async', options }));
    const body = formOf([
      ['a.csv', csv],
      ['b.csv', csv],
      ['c.csv', csv],
    ]);
    const headers = { 'idempotency-key': 'batch-killed' };
    const { status, batch } = await service.send(owner, body, { headers });
    expect(status).toBe(201);
    expect(batch.data.map(({ job }) => job?.id)).toEqual(jobIds);
    expect(outcomesOf(batch)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await service.used(owner)).toBe(3);
  });

  it('tells of a file that could not be admitted, and runs the others', async () => {
    const owner = await service.scene().create();
    const files = ['a.csv', 'refused-by-the-database.csv', 'b.csv'].map((name): File => [
      name,
      csv,
    ]);
    const { batch } = await service.send(owner, formOf(files));
    expect(outcomesOf(batch)).toEqual(['succeeded', 'internal_error', 'succeeded']);
    expect(batch.data[1]?.error).toMatchObject({ status: 500, retryable: true });
    expect(await service.used(owner)).toBe(2);
    expect(await service.storedInputs(owner)).toEqual([]);
    const alone = await service.post(owner, formOf(files.slice(1, 2)));
    expect(await problemOf(alone)).toMatchObject({ status: 500, code: 'internal_error' });
    expect(await service.storedInputs(owner)).toEqual([]);
    expect(await service.leftovers()).toEqual([]);
  });

  it('whose inputs cannot all be stored is refused whole, and leaves none of them', async () => {
    const owner = await service.scene().create();
    const { organizationId } = owner;
    const seedId = newId('job', Date.now());
    await service.tested.database.db.query(sql`INSERT INTO idempotency_keys
        (organization_id, key, route, job_id, lease_expires_at, created_at)
      VALUES (${organizationId}, 'batch-full', ${`POST ${service.url(owner)}`}, ${seedId},
              clock_timestamp(), clock_timestamp())`);
    const blocked = derivedId('job', seedId, 2);
    const folder = join(service.filesFolder(owner), blocked.slice(4, 9));
    await mkdir(join(folder, `${blocked}.input`), { recursive: true });
    const headers = { 'idempotency-key': 'batch-full' };
    const body = () =>
      formOf([
        ['a.csv', csv],
        ['b.csv', csv],
      ]);
    const refused = await service.post(owner, body(), { headers });
    expect(await problemOf(refused)).toMatchObject({ status: 500 });
    expect(await service.storedInputs(owner)).toEqual([`${blocked}.input`]);
    await rmdir(join(folder, `${blocked}.input`));
    const { batch } = await service.send(owner, body(), { headers });
    expect(outcomesOf(batch)).toEqual(['succeeded', 'succeeded']);
    expect(await service.used(owner)).toBe(2);
  });

  it('fetches URLs beside files, and tells of those that fail', async () => {
    const owner = await service.scene().create();
    const form = formOf([['a.csv', csv]]);
    form.append('source_url', `http://${origin}/one.csv`);
    form.append('source_url', `http://${origin}/missing.csv`);
    form.append('source_url', 'http://169.254.169.254/latest.csv');
    const { batch } = await service.send(owner, form);
    expect(batch.data.map(({ filename }) => filename)).toEqual([
      'a.csv',
      'one.csv',
      'missing.csv',
      'latest.csv',
    ]);
    expect(outcomesOf(batch)).toEqual([
      'succeeded',
      'succeeded',
      'source_unavailable',
      'invalid_request',
    ]);
    const json = JSON.stringify({ source_urls: [`http://${origin}/one.csv`], to: 'json' });
    expect((await service.send(owner, json)).batch.counts).toMatchObject({
      total: 1,
      succeeded: 1,
    });
  });
});
