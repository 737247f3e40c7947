import { afterEach, beforeEach, expect, test } from 'vitest';
import { Mutate } from './client.ts';
import { conversions, Peer, sendJson } from './test/peer.ts';

let peer: Peer;
let mutate: Mutate;
const path = `${conversions}/batch`;

beforeEach(async () => {
  peer = await Peer.start();
  mutate = new Mutate({ apiKey: 'mk_live_peer', baseUrl: peer.url, retries: 0 });
});
afterEach(() => peer.close());

const answer = (route: string, status: 'processing' | 'completed') =>
  peer.intercept(route, (_request, response) =>
    sendJson(response, status === 'completed' ? 200 : 202, { id: 'bat_1', status }),
  );

test('a batch is asked for until it is completed, and each state is told once', async () => {
  answer(`POST ${path}`, 'processing');
  answer(`GET ${path}/bat_1`, 'processing');
  answer(`GET ${path}/bat_1`, 'completed');
  const seen: string[] = [];
  const files = [Buffer.from('a')];
  const onBatch = ({ status }: { status: string }) => seen.push(status);
  const batch = await mutate.batches.convert({ files, to: 'csv', wait: 0.2, onBatch });
  expect(batch.status).toBe('completed');
  expect(seen).toEqual(['processing', 'processing', 'completed']);
  expect(peer.requestsTo(`POST ${path}`)[0]?.headers.prefer).toBe('wait=1');
});

test('a wait that runs out says so and leaves the batch alone', async () => {
  for (let index = 0; index < 3; index += 1) answer(`GET ${path}/bat_1`, 'processing');
  const waiting = mutate.batches.wait('bat_1', { timeoutSeconds: 0.6 });
  await expect(waiting).rejects.toMatchObject({ code: 'wait_timed_out', retryable: true });
  expect(peer.requests.filter(({ route }) => !route.startsWith('GET'))).toEqual([]);
});

test('an abort ends the wait with its own reason', async () => {
  answer(`GET ${path}/bat_1`, 'processing');
  const signal = AbortSignal.timeout(100);
  await expect(mutate.batches.wait('bat_1', { timeoutSeconds: 9, signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});
