import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { fastestOf } from '../test/fastest.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
import { descendantsOf, readProcessTable } from './runner/process-group.ts';
import { jobSchema, type Job } from './schema.ts';

let tested: TestService;
let owner: Scene;
beforeAll(async () => {
  tested = await startTestService();
  owner = await scenario(tested.database.db, systemClock)
    .organization()
    .plan('enterprise')
    .create();
});
afterAll(() => tested.close());

/** 30 MB; `bench/large-file.ts` does the same with 2 GB. */
const record = (id: number) =>
  `${id},"Customer ${id}",${id % 997}.25,2024-01-01 10:00:00,00${id}\n`;
const csv = () => {
  const block = Array.from({ length: 50_000 }, (_, index) => record(index + 1)).join('');
  return `id,name,amount,at,code\n${block.repeat(12)}`;
};

const base = () => `/v1/workspaces/${owner.organizationId}/conversions`;
const ask = (path: string, init: RequestInit = {}) =>
  tested.fetch(`${base()}${path}`, { key: owner.apiKey, ...init });
const readJob = async (id: string): Promise<Job> =>
  jobSchema.parse(await (await ask(`/${id}`)).json());

async function begin(): Promise<Job> {
  const body = form({ name: 'large.csv', content: csv() }, { to: 'parquet' });
  const response = await ask('', { method: 'POST', body });
  expect(response.status).toBe(202);
  return jobSchema.parse(await response.json());
}

function convertingPids(): number[] {
  const ours = descendantsOf(process.pid, readProcessTable()).slice(1);
  return ours.filter((pid) => commandOf(pid).includes('duckdbEngine'));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

async function filesLeft(): Promise<string[]> {
  const work = join(tested.dataFolder, 'work');
  const [folder = ''] = await readdir(work);
  return readdir(join(work, folder));
}

test('a large CSV becomes Parquet as a queued job, and its download can be resumed', async () => {
  let job = await begin();
  const percents: number[] = [];
  while (job.status === 'queued' || job.status === 'processing') {
    await sleep(100);
    job = await readJob(job.id);
    percents.push(job.progress.percent);
  }
  expect(job).toMatchObject({ status: 'succeeded', warnings: [], usage: { counted: true } });
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  const first = await ask(`/${job.id}/output`, { headers: { range: 'bytes=0-99999' } });
  const start = Buffer.from(await first.arrayBuffer());
  const ifRange = first.headers.get('etag') ?? '';
  const rest = await ask(`/${job.id}/output`, {
    headers: { range: 'bytes=100000-', 'if-range': ifRange },
  });
  expect([first.status, rest.status]).toEqual([206, 206]);
  const whole = Buffer.concat([start, Buffer.from(await rest.arrayBuffer())]);
  expect(createHash('sha256').update(whole).digest('hex')).toBe(job.output?.sha256);
  expect(await filesLeft()).toEqual([]);
}, 120_000);

test('a cancel ends every process of a conversion within a second, and nothing is left', async () => {
  const endedMs = await fastestOf(10, 1000, async () => {
    const job = await begin();
    while (convertingPids().length === 0) await sleep(20);
    const pids = convertingPids();
    const cancelled = await ask(`/${job.id}/cancel`, { method: 'POST' });
    expect(cancelled.status).toBe(200);
    const answeredMs = performance.now();
    while (pids.some((pid) => commandOf(pid) !== '')) await sleep(5);
    const tookMs = performance.now() - answeredMs;
    expect(await readJob(job.id)).toMatchObject({ status: 'cancelled', usage: { counted: false } });
    await expect.poll(filesLeft, { timeout: 30_000 }).toEqual([]);
    return tookMs;
  });
  expect(endedMs).toBeLessThan(1000);
  await expectInvariants(tested.database.db, owner.organizationId, new Date());
}, 120_000);
