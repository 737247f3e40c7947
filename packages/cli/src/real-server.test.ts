import { createServer, type Server } from 'node:http';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { Mutate } from '@mutate/sdk';

import { systemClock } from '../../server/src/clock.ts';
import { scenario, type Scene } from '../../server/src/test/scenario.ts';
import { startTestService, type TestService } from '../../server/src/test/service.ts';
import { readZip } from '../../server/src/test/zip.ts';
import { runCaptured } from './test/run.ts';

const csv = 'name,age\r\nAda,36\r\n';

let tested: TestService;
let source: Server;
let sourceUrl: string;
let owner: Scene;
let folder: string;

beforeAll(async () => {
  source = createServer((request, response) => {
    if (request.url === '/people.csv') response.end(csv);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    source.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(source.address() as AddressInfo).port}`;
  sourceUrl = `http://${host}/people.csv`;
  tested = await startTestService({ env: { IMPORT_ALLOWED_HOSTS: host } });
});
afterAll(async () => {
  await tested.close();
  source.close();
});
beforeEach(async () => {
  owner = await scenario(tested.database.db, systemClock).organization().create();
  folder = await mkdtemp(join(tmpdir(), 'mutate-cli-'));
  await writeFile(join(folder, 'a.csv'), csv);
  await writeFile(join(folder, 'b.csv'), 'x\n1\n');
  await writeFile(join(folder, 'bad.csv'), Buffer.from([0, 1, 2, 3]));
});
afterEach(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);

const run = (...args: string[]) =>
  runCaptured(args, { MUTATE_API_KEY: owner.apiKey, MUTATE_URL: tested.url });

async function used(): Promise<unknown> {
  const response = await tested.fetch(`/v1/workspaces/${owner.organizationId}/usage`, {
    key: owner.apiKey,
  });
  return ((await response.json()) as { conversions: { used: number } }).conversions.used;
}

describe('mutate convert', () => {
  it('--zip sends all files at once and writes one ZIP', async () => {
    const args = ['convert', path('a.csv'), path('b.csv'), sourceUrl, '--to', 'json', '--zip'];
    const ran = await run(...args, '-o', path('out.zip'));
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    const zip = await readZip(await readFile(path('out.zip')));
    expect([...zip.keys()]).toEqual(['a.json', 'b.json', 'people.json']);
    expect(await used()).toBe(3);
    expect(await run(...args, '-o', folder)).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toContain('converted.zip');
    expect(await run(...args, '-o', folder)).toMatchObject({ code: 2 });
    expect(await used()).toBe(6);
  });

  it('--zip tells what failed file by file, and keeps what succeeded', async () => {
    const args = ['convert', path('a.csv'), path('bad.csv'), '--to', 'json', '--zip', '--json'];
    const ran = await run(...args, '-o', path('out.zip'));
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('mutate: bad.csv: ');
    expect(ran.stderr).toContain('(unsupported_format)');
    expect(JSON.parse(ran.stdout)).toMatchObject({ object: 'batch', counts: { succeeded: 1 } });
    const zip = await readZip(await readFile(path('out.zip')));
    expect([...zip.keys()]).toEqual(['a.json', 'batch-results.json']);
  });

  it('takes a URL, and writes what comes of it into a folder or to stdout', async () => {
    expect(await run('convert', sourceUrl, '--to', 'json', '-o', folder)).toMatchObject({
      code: 0,
    });
    expect(await readFile(path('people.json'), 'utf8')).toContain('Ada');
    expect((await run('convert', sourceUrl, '--to', 'json', '-o', '-')).stdout).toContain('Ada');
    const refused = await run('convert', 'http://127.0.0.1:1/x.csv', '--to', 'json', '-o', folder);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('public host');
    const missing = await run(
      'convert',
      new URL('/missing.csv', sourceUrl).href,
      '--to',
      'json',
      '-o',
      folder,
    );
    expect(missing).toMatchObject({ code: 4 });
    expect(missing.stderr).toContain('source_unavailable');
  });

  it('sends options by their schema: a text that looks like a number stays a text', async () => {
    const json = path('data.json');
    await writeFile(json, '[{"a":1}]');
    const args = ['convert', json, '--to', 'csv', '-o', '-', '--option'];
    expect((await run(...args, 'delimiter=;', '--option', 'bom=false')).code).toBe(0);
    expect(await used()).toBe(1);
  });

  test.each([
    ['colour=red', 'has no option "colour"; there are: '],
    ['indent=deep', 'must be a whole number from 0 to 8'],
    ['indent=99', 'must be a whole number from 0 to 8'],
    ['types=maybe', 'must be string, infer'],
    ['header=perhaps', 'must be true or false'],
  ])('--option %s is a usage error before anything is sent', async (option, words) => {
    const ran = await run('convert', path('a.csv'), '--to', 'json', '--option', option, '-o', '-');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(words);
    expect(await used()).toBe(0);
  });
});

describe('mutate formats', () => {
  it('with a conversion named tells each option with what it may be', async () => {
    const byPair = await run('formats', 'csv', 'json');
    expect(byPair.code).toBe(0);
    expect(byPair.stdout).toContain('CSV_TO_JSON: CSV to JSON, by csv-json\n');
    expect(byPair.stdout).toContain('  indent: a whole number from 0 to 8 (default 0)\n');
    expect((await run('formats', 'CSV_TO_JSON')).stdout).toBe(byPair.stdout);
    expect((await run('formats', '.tsv', 'json')).stdout).toBe(byPair.stdout);
    expect((await run('formats', 'csv')).stdout).toContain('json');
    const unknown = await run('formats', 'csv', 'mp3');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('no conversion csv to mp3');
  });
});

describe('the SDK', () => {
  const client = () => new Mutate({ apiKey: owner.apiKey, baseUrl: tested.url });

  it('makes a batch of paths, bytes and URLs, waits for it and opens its ZIP', async () => {
    const batch = await client().batches.convert({
      files: [path('a.csv'), { file: Buffer.from('x\n1\n'), filename: 'bytes.csv' }],
      sourceUrls: [sourceUrl],
      to: 'json',
      metadata: { order: 7 },
      respondAsync: true,
    });
    expect(batch).toMatchObject({ status: 'completed', counts: { total: 3, succeeded: 3 } });
    expect(batch.data[0]?.job?.metadata).toEqual({ order: 7 });
    const bytes = await new Response(await client().batches.output(batch.id)).arrayBuffer();
    expect([...(await readZip(Buffer.from(bytes))).keys()]).toEqual([
      'a.json',
      'bytes.json',
      'people.json',
    ]);
    expect(await client().batches.get(batch.id)).toEqual(batch);
  });

  it('sends an archive, and a URL in place of a file', async () => {
    const batch = await client().batches.convert({
      files: [path('a.csv'), path('b.csv')],
      to: 'json',
    });
    const zip = await new Response(await client().batches.output(batch.id)).bytes();
    const again = await client().batches.convert({ archive: zip, to: 'csv' });
    expect(again.data.map(({ filename }) => filename)).toEqual(['a.json', 'b.json']);
    expect(again.counts.succeeded).toBe(2);
    const { output } = await client().conversions.convert({ sourceUrl, to: 'json' });
    expect(await new Response(output).text()).toContain('Ada');
    await expect(client().conversions.create({ to: 'json' })).rejects.toThrow(TypeError);
  });

  it('shows of each conversion what a dashboard needs', async () => {
    const formats = await client().formats.list();
    expect(formats.find(({ type }) => type === 'CSV_TO_JSON')).toMatchObject({
      source: { title: 'CSV', media_type: 'text/csv', extensions: ['csv', 'tsv', 'tab'] },
      target: { title: 'JSON', media_type: 'application/json', extensions: ['json'] },
      via: [],
    });
  });
});
