import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
import { jobSchema, type Job } from './schema.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const scene = () => scenario(tested.database.db, systemClock).organization();
const csv = { name: 'people.csv', content: 'name,age\r\nAda,36\r\n' };

function convert(
  { organizationId, apiKey }: Scene,
  body: FormData,
  init: RequestInit & { query?: string } = {},
): Promise<Response> {
  const { query = '', ...rest } = init;
  return tested.fetch(`/v1/workspaces/${organizationId}/conversions${query}`, {
    method: 'POST',
    key: apiKey,
    body,
    ...rest,
  });
}

async function readJob(response: Response): Promise<Job> {
  return jobSchema.parse(await response.json());
}

async function used({ organizationId, apiKey }: Scene): Promise<number> {
  const response = await tested.fetch(`/v1/workspaces/${organizationId}/usage`, { key: apiKey });
  const usage = (await response.json()) as { conversions: { used: number; reserved: number } };
  expect(usage.conversions.reserved).toBe(0);
  return usage.conversions.used;
}

async function waitForJob(owner: Scene, id: string): Promise<Job> {
  for (let round = 0; round < 100; round++) {
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${id}`;
    const job = await readJob(await tested.fetch(path, { key: owner.apiKey }));
    if (job.status !== 'queued' && job.status !== 'processing') return job;
    await sleep(50);
  }
  throw new Error(`job ${id} did not end`);
}

describe('POST conversions', () => {
  it('answers 201 with the job, counts it once, and serves the right bytes', async () => {
    const owner = await scene().create();
    const response = await convert(owner, form(csv, { to: 'json' }));
    expect(response.status).toBe(201);
    const job = await readJob(response);
    expect(job).toMatchObject({
      status: 'succeeded',
      type: 'CSV_TO_JSON',
      input: { filename: 'people.csv', size_bytes: 18 },
      usage: { counted: true, billed_as: 'included', unit_amount: null },
      api_key_id: owner.apiKeyId,
    });
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${job.id}`;
    const output = await tested.fetch(`${path}/output`, { key: owner.apiKey });
    expect(JSON.parse(await output.text())).toEqual([{ name: 'Ada', age: '36' }]);
    expect(output.headers.get('content-disposition')).toContain('attachment');
    expect(output.headers.get('content-security-policy')).toBe('sandbox');
    expect(await used(owner)).toBe(1);
    await expectInvariants(tested.database.db, owner.organizationId, new Date());
  });

  it('answers the same job to POST and to GET', async () => {
    const owner = await scene().create();
    const posted = await readJob(await convert(owner, form(csv, { to: 'json' })));
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${posted.id}`;
    expect(await readJob(await tested.fetch(path, { key: owner.apiKey }))).toEqual(posted);
  });

  it('answers the output itself where the caller asks for the file', async () => {
    const owner = await scene().create();
    const markdown = { name: 'a.md', content: '# Title\n' };
    const asked = await convert(owner, form(markdown, { to: 'html' }), { query: '?response=file' });
    expect(asked.status).toBe(201);
    expect(asked.headers.get('job-id')).toMatch(/^job_/);
    expect(await asked.text()).toMatch(/<h1[^>]*>Title<\/h1>/);
    const accepted = await convert(owner, form(markdown, { to: 'html' }), {
      headers: { accept: 'text/html' },
    });
    expect(await accepted.text()).toMatch(/<h1[^>]*>Title<\/h1>/);
  });

  it('queues with respond-async, runs it, and counts it once', async () => {
    const owner = await scene().create();
    const response = await convert(owner, form(csv, { to: 'json' }), {
      headers: { prefer: 'respond-async' },
    });
    expect(response.status).toBe(202);
    expect(response.headers.get('retry-after')).toBe('1');
    const job = await readJob(response);
    expect(response.headers.get('location')).toContain(job.id);
    expect((await waitForJob(owner, job.id)).status).toBe('succeeded');
    expect(await used(owner)).toBe(1);
    await expectInvariants(tested.database.db, owner.organizationId, new Date());
  });

  it('converts a file above 10 MB as a queued job', async () => {
    const owner = await scene().plan('pro').create();
    const content = `a,b\n${'1234567,abcdefg\n'.repeat(700_000)}`;
    const response = await convert(owner, form({ name: 'big.csv', content }, { to: 'json' }));
    expect(response.status).toBe(202);
    const job = await waitForJob(owner, (await readJob(response)).id);
    expect(job).toMatchObject({ status: 'succeeded', usage: { counted: true } });
  });

  it('replays the stored reply under the same idempotency key and counts once', async () => {
    const owner = await scene().create();
    const headers = { 'idempotency-key': 'order-17' };
    const first = await convert(owner, form(csv, { to: 'json' }), { headers });
    const again = await convert(owner, form(csv, { to: 'json' }), { headers });
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.json()).toEqual(await first.json());
    const other = { ...csv, content: 'name,age\r\nBob,1\r\n' };
    const mismatch = await convert(owner, form(other, { to: 'json' }), { headers });
    expect(mismatch.status).toBe(422);
    expect(await mismatch.json()).toMatchObject({ code: 'idempotency_mismatch' });
    expect(await used(owner)).toBe(1);
  });

  it('cancels a queued job, frees its unit, and refuses to cancel what has ended', async () => {
    const owner = await scene().overrides({ concurrent_limit: 0 }).queued(1).create();
    const [jobId = ''] = owner.jobIds;
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${jobId}`;
    const init = { method: 'POST', key: owner.apiKey };
    const cancelled = await tested.fetch(`${path}/cancel`, init);
    expect(await readJob(cancelled)).toMatchObject({ status: 'cancelled' });
    expect(await used(owner)).toBe(0);
    const done = await readJob(await convert(await scene().create(), form(csv, { to: 'json' })));
    expect(done.status).toBe('succeeded');
    const foreign = await tested.fetch(path.replace(jobId, done.id) + '/cancel', init);
    expect(foreign.status).toBe(404);
  });

  it('deletes the bytes of a job and keeps its usage', async () => {
    const owner = await scene().create();
    const job = await readJob(await convert(owner, form(csv, { to: 'json' })));
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${job.id}`;
    const deleted = await tested.fetch(path, { method: 'DELETE', key: owner.apiKey });
    expect(deleted.status).toBe(204);
    const output = await tested.fetch(`${path}/output`, { key: owner.apiKey });
    expect(output.status).toBe(410);
    expect(await output.json()).toMatchObject({ code: 'expired' });
    expect(await used(owner)).toBe(1);
  });

  it('streams events until the job is done', async () => {
    const owner = await scene().create();
    const job = await readJob(
      await convert(owner, form(csv, { to: 'json' }), { headers: { prefer: 'respond-async' } }),
    );
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${job.id}/events`;
    const events = await (await tested.fetch(path, { key: owner.apiKey })).text();
    expect(events).toMatch(/event: done\ndata: \{.*"status":"succeeded"/);
  });

  it('serves a range of the output, so that a broken download can go on', async () => {
    const owner = await scene().create();
    const job = await readJob(await convert(owner, form(csv, { to: 'json' })));
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${job.id}/output`;
    const ask = (headers: Record<string, string>) =>
      tested.fetch(path, { key: owner.apiKey, headers });
    const all = await ask({});
    const etag = all.headers.get('etag') ?? '';
    const whole = await all.text();
    const size = whole.length;
    expect(etag).toBe(`"${job.output?.sha256}"`);
    const ranges: [string, string, string][] = [
      ['bytes=2-5', `2-5`, whole.slice(2, 6)],
      ['bytes=3-', `3-${size - 1}`, whole.slice(3)],
      ['bytes=-4', `${size - 4}-${size - 1}`, whole.slice(-4)],
      ['bytes=0-999999', `0-${size - 1}`, whole],
    ];
    for (const [range, bytes, text] of ranges) {
      const part = await ask({ range, 'if-range': etag });
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes ${bytes}/${size}`,
      ]);
      expect(await part.text()).toBe(text);
    }
    for (const range of ['bytes=0-1,3-4', 'lines=1-2', 'bytes=5-2', 'bytes=-', 'bytes=x-']) {
      const answer = await ask({ range });
      expect([answer.status, answer.headers.get('content-range')]).toEqual([200, null]);
      expect(await answer.text()).toBe(whole);
    }
    const changed = await ask({ range: 'bytes=2-5', 'if-range': '"another"' });
    expect([changed.status, await changed.text()]).toEqual([200, whole]);
  });

  it('answers 416 with the size for a range behind the end', async () => {
    const owner = await scene().create();
    const job = await readJob(await convert(owner, form(csv, { to: 'json' })));
    const path = `/v1/workspaces/${owner.organizationId}/conversions/${job.id}/output`;
    for (const range of [`bytes=${job.output?.size_bytes}-`, 'bytes=-0', 'bytes=99999999-']) {
      const answer = await tested.fetch(path, { key: owner.apiKey, headers: { range } });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toBe(`bytes */${job.output?.size_bytes}`);
      expect(await answer.json()).toMatchObject({ code: 'range_not_satisfiable' });
    }
  });

  it('quotes what admission would say and reserves nothing', async () => {
    const owner = await scene().overrides({ monthly_limit: 1 }).create();
    const path = `/v1/workspaces/${owner.organizationId}/conversions/quote`;
    const ask = async (size: number) => {
      const response = await tested.fetch(path, {
        method: 'POST',
        key: owner.apiKey,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ from: 'csv', to: 'json', size_bytes: size }),
      });
      return (await response.json()) as { verdict: string; remaining: number };
    };
    expect(await ask(100)).toMatchObject({ verdict: 'allowed', remaining: 1 });
    expect(await ask(100)).toMatchObject({ verdict: 'allowed', remaining: 1 });
    expect(await ask(100_000_000)).toMatchObject({ verdict: 'file_too_large' });
    expect(await used(owner)).toBe(0);
  });
});
