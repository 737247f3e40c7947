import { afterEach, beforeEach, expect, test } from 'vitest';

import { isFinal, Mutate, MutateError, type ConvertProgress } from './client.ts';
import { conversions, makeJob, Peer, sendJson } from './test/peer.ts';

let peer: Peer;
let mutate: Mutate;
const file = Buffer.from('abc');

beforeEach(async () => {
  peer = await Peer.start();
  mutate = new Mutate({ apiKey: 'mk_live_peer', baseUrl: peer.url, retries: 1 });
});

afterEach(async () => {
  await peer.close();
});

test('a small file is converted within one request and its download', async () => {
  const { job, output } = await mutate.conversions.convert({ file, to: 'csv' });
  expect(await new Response(output).text()).toBe('ABC');
  expect(job.status).toBe('succeeded');
  expect(peer.requests.map(({ route }) => route)).toEqual([
    'GET /v1/workspaces',
    `POST ${conversions}`,
    `GET ${conversions}/job_1/output`,
  ]);
});

test('a long conversion is followed by its events, upload and progress in order', async () => {
  peer.isSlow = true;
  const seen: ConvertProgress[] = [];
  await mutate.conversions.convert({ file, to: 'csv', onProgress: (now) => seen.push(now) });
  const kinds = seen.map(({ kind }) => kind);
  expect(kinds.lastIndexOf('upload')).toBeLessThan(kinds.indexOf('conversion'));
  const percents = seen.map((now) => (now.kind === 'conversion' ? now.job.progress.percent : -1));
  expect(percents).toEqual(expect.arrayContaining([10, 60]));
});

test('an event stream that breaks off is resumed after the last event', async () => {
  peer.isSlow = true;
  peer.intercept(`GET ${conversions}/job_1/events`, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const job = { ...makeJob('job_1', 'processing'), progress: { percent: 5, phase: 'a' } };
    response.write(`id: seven\ndata: ${JSON.stringify(job)}\n\n`, () => response.socket?.destroy());
  });
  const { job } = await mutate.conversions.convert({ file, to: 'csv' });
  expect(job.status).toBe('succeeded');
  const [, second] = peer.requestsTo(`GET ${conversions}/job_1/events`);
  expect(second?.headers['last-event-id']).toBe('seven');
});

test('where events are blocked, the job is polled', async () => {
  peer.isSlow = true;
  const route = `GET ${conversions}/job_1/events`;
  peer.intercept(route, (_request, response) => void response.writeHead(501).end('no'));
  peer.intercept(`GET ${conversions}/job_1`, (_request, response) =>
    sendJson(response, 200, makeJob('job_1', 'processing')),
  );
  peer.intercept(`GET ${conversions}/job_1`, (_request, response) =>
    sendJson(response, 200, makeJob('job_1', 'succeeded')),
  );
  const { job } = await mutate.conversions.convert({ file, to: 'csv' });
  expect(job.status).toBe('succeeded');
});

test('a job that fails later throws its error with its id', async () => {
  peer.isSlow = true;
  peer.intercept(`GET ${conversions}/job_1/events`, (_request, response) => {
    const error = { code: 'document_encrypted', detail: 'It has a password.', retryable: false };
    const job = { ...makeJob('job_1', 'failed'), error };
    response.end(`data: ${JSON.stringify(job)}\n\n`);
  });
  await expect(mutate.conversions.convert({ file, to: 'csv' })).rejects.toMatchObject({
    code: 'document_encrypted',
    detail: 'It has a password.',
    jobId: 'job_1',
    status: 200,
  });
});

test('a wait that runs out leaves the job alone', async () => {
  peer.isSlow = true;
  peer.eventDelayMs = 5_000;
  const promise = mutate.conversions.convert({ file, to: 'csv', timeoutSeconds: 0.3 });
  await expect(promise).rejects.toMatchObject({ code: 'wait_timed_out', jobId: 'job_1' });
  expect(peer.requestsTo(`POST ${conversions}/job_1/cancel`)).toHaveLength(0);
  expect(peer.requestsTo(`POST ${conversions}`)[0]?.headers.prefer).toBe('wait=1');
});

test('an abort while the job runs cancels it', async () => {
  peer.isSlow = true;
  peer.eventDelayMs = 5_000;
  const abort = new AbortController();
  const promise = mutate.conversions.convert({
    file,
    to: 'csv',
    signal: abort.signal,
    onProgress: (now) => {
      if (now.kind === 'conversion' && now.job.status === 'processing') abort.abort();
    },
  });
  await expect(promise).rejects.toMatchObject({ name: 'AbortError' });
  expect(peer.jobs.get('job_1')?.job.status).toBe('cancelled');
});

test('an abort between upload and reply waits for the id, then cancels', async () => {
  peer.isSlow = true;
  const abort = new AbortController();
  peer.intercept(`POST ${conversions}`, async () => {
    abort.abort();
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    return false;
  });
  const promise = mutate.conversions.convert({ file, to: 'csv', signal: abort.signal });
  await expect(promise).rejects.toMatchObject({ name: 'AbortError' });
  expect(peer.jobs.get('job_1')?.job.status).toBe('cancelled');
});

test('events end with the final state, and stopping early closes the stream', async () => {
  const created = await mutate.conversions.create({ file, to: 'csv', respondAsync: true });
  const states: string[] = [];
  for await (const { job } of mutate.conversions.events(created.id)) states.push(job.status);
  expect(states).toEqual(['processing', 'processing', 'succeeded']);

  peer.eventDelayMs = 60_000;
  const closed = new Promise((resolve) => {
    peer.intercept(`GET ${conversions}/${created.id}/events`, (_request, response) => {
      response.on('close', resolve);
      response.write(`data: ${JSON.stringify(makeJob(created.id, 'processing'))}\n\n`);
    });
  });
  for await (const { job } of mutate.conversions.events(created.id)) {
    if (!isFinal(job.status)) break;
  }
  await closed;
});

test('cancel, delete and an unknown id', async () => {
  const { id } = await mutate.conversions.create({ file, to: 'csv', respondAsync: true });
  expect((await mutate.conversions.cancel(id)).status).toBe('cancelled');
  await mutate.conversions.delete(id);
  const error: unknown = await mutate.conversions.get('job_404').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(MutateError);
  expect(error).toMatchObject({ code: 'not_found', status: 404 });
});
