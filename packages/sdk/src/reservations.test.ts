import { afterEach, beforeEach, expect, test } from 'vitest';
import { Mutate, MutateError } from './client.ts';
import { Peer, sendJson, workspace } from './test/peer.ts';

let peer: Peer;
beforeEach(async () => {
  peer = await Peer.start();
});
afterEach(() => peer.close());

const client = () =>
  new Mutate({ apiKey: 'mk_live_peer', baseUrl: peer.url, workspaceId: 'org_peer' });
const path = `POST ${workspace}/reservations`;
const reservation = { id: 'res_1', object: 'reservation', status: 'active' };
const answer = (route: string, status = 200) =>
  peer.intercept(route, (_request, response) => sendJson(response, status, reservation));
const bodyOf = (route: string) =>
  JSON.parse(peer.requestsTo(route)[0]?.body.toString() ?? 'null') as unknown;

test('work that succeeds is completed with what it measured', async () => {
  answer(path, 201);
  answer(`${path}/res_1/complete`);
  const input = { type: 'DOCX_TO_PDF', sizeBytes: 10, leaseSeconds: 30 };
  const result = await client().reservations.withReservation(input, async (held) => {
    expect(held.reservation.id).toBe('res_1');
    held.bytesOut = 7;
    return 'done';
  });
  expect(result).toBe('done');
  expect(bodyOf(path)).toEqual({ type: 'DOCX_TO_PDF', size_bytes: 10, lease_seconds: 30 });
  expect(bodyOf(`${path}/res_1/complete`)).toEqual({
    bytes_out: 7,
    duration_ms: expect.any(Number),
  });
});

test('work that throws is released, and its own error comes through', async () => {
  answer(path, 201);
  answer(`${path}/res_1/release`);
  const work = client().reservations.withReservation({ type: 'A', sizeBytes: 1 }, async () => {
    throw new Error('damaged');
  });
  await expect(work).rejects.toThrow('damaged');
  expect(bodyOf(`${path}/res_1/release`)).toEqual({ reason: 'failed' });
  expect(peer.requestsTo(`${path}/res_1/complete`)).toEqual([]);
});

test('what is refused never starts the work', async () => {
  peer.refuse(path, 402, { code: 'quota_exceeded', detail: 'All are used.' });
  let started = false;
  const refused = client().reservations.withReservation({ type: 'A', sizeBytes: 1 }, async () => {
    started = true;
  });
  await expect(refused).rejects.toMatchObject({ code: 'quota_exceeded', status: 402 });
  expect(started).toBe(false);
});

test('long work is kept alive three times a lease, and stopped when the reservation is over', async () => {
  answer(path, 201);
  answer(`${path}/res_1/heartbeat`);
  peer.refuse(`${path}/res_1/heartbeat`, 409, { code: 'conflict', detail: 'It has expired.' });
  answer(`${path}/res_1/release`);
  const input = { type: 'A', sizeBytes: 1, leaseSeconds: 1 };
  const work = client().reservations.withReservation(
    input,
    ({ signal }) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  );
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MutateError);
  expect(error).toMatchObject({ code: 'conflict' });
  expect(peer.requestsTo(`${path}/res_1/heartbeat`)).toHaveLength(2);
});
