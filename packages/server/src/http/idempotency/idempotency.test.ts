import { systemClock } from '../../clock.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { createTestDatabase } from '../../test/database.ts';
import type { TestDatabase } from '../../test/database.ts';
import { canonicalJson, createIdempotency, fingerprintOf } from './idempotency.ts';
import type { FreshClaim, Idempotency } from './idempotency.ts';

let database: TestDatabase;
let idempotency: Idempotency;
beforeAll(async () => {
  database = await createTestDatabase();
  idempotency = createIdempotency(database.db, systemClock);
});
afterAll(async () => {
  idempotency.close();
  await database.close();
});

let keys = 0;
function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

const route = 'POST /v1/things';
const reply = { status: 201, headers: { location: '/x' }, body: '{"a":1}' };

async function claimFresh(key: string): Promise<FreshClaim> {
  const claim = await idempotency.claim('org_a', key, route, 'req_a');
  if (claim.kind !== 'fresh') throw new Error('expected a fresh claim');
  return claim;
}

async function lapse(key: string): Promise<void> {
  await database.owner.query(
    sql`UPDATE idempotency_keys SET lease_expires_at = now() - interval '1 s' WHERE key = ${key}`,
  );
}

const inProgress = expect.objectContaining({ code: 'idempotency_in_progress' });
const mismatch = expect.objectContaining({ code: 'idempotency_mismatch' });

describe('a claim', () => {
  test('is had by one of many who want it at once', async () => {
    const key = newKey();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => idempotency.claim('org_a', key, route, 'req_a')),
    );
    const fresh = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(fresh).toHaveLength(1);
    expect(refused.map((outcome) => outcome.reason as unknown)).toEqual(
      Array.from({ length: 19 }, () => inProgress),
    );
  });

  test('of one workspace is not in the way of another', async () => {
    const key = newKey();
    const claims = await Promise.all([
      idempotency.claim('org_a', key, route, 'req_a'),
      idempotency.claim('org_b', key, route, 'req_a'),
      idempotency.claim('platform', key, route, 'req_a'),
    ]);
    expect(claims.map((claim) => claim.kind)).toEqual(['fresh', 'fresh', 'fresh']);
  });

  test('that is finished replays its reply to the same request only', async () => {
    const key = newKey();
    const claim = await claimFresh(key);
    await claim.settle('one');
    await claim.finish(reply);
    const again = await idempotency.claim('org_a', key, route, 'req_a');
    if (again.kind !== 'stored') throw new Error('expected the stored reply');
    expect(again.jobId).toBe(claim.jobId);
    expect(again.replay('one')).toEqual(reply);
    expect(() => again.replay('two')).toThrow(mismatch);
    await expect(idempotency.claim('org_a', key, 'POST /v1/others', 'req_a')).rejects.toEqual(
      mismatch,
    );
  });

  test('that is dropped is as if it had never been', async () => {
    const key = newKey();
    const claim = await claimFresh(key);
    await claim.settle('one');
    await claim.drop();
    const again = await claimFresh(key);
    expect(again.jobId).not.toBe(claim.jobId);
    expect(again.takenOver).toBe(false);
    await again.settle('two');
  });

  test('that lapsed or was released is taken over with its job id and fingerprint', async () => {
    const key = newKey();
    const claim = await claimFresh(key);
    await claim.settle('one');
    await lapse(key);
    const second = await claimFresh(key);
    expect(second).toMatchObject({ jobId: claim.jobId, takenOver: true });
    await second.settle('one');
    await second.release();
    const third = await claimFresh(key);
    expect(third).toMatchObject({ jobId: claim.jobId, takenOver: true });
    await expect(third.settle('two')).rejects.toEqual(mismatch);
  });

  test('that was taken over cannot be ended by whoever lost it', async () => {
    const key = newKey();
    const lost = await claimFresh(key);
    await lapse(key);
    const held = await claimFresh(key);
    await expect(lost.settle('one')).rejects.toEqual(inProgress);
    await lost.drop();
    await held.settle('one');
    await held.finish(reply);
    const again = await idempotency.claim('org_a', key, route, 'req_a');
    expect(again.kind).toBe('stored');
  });

  test('older than a day begins anew and is purged', async () => {
    const [aged, purged] = [newKey(), newKey()];
    const jobIds = [];
    for (const key of [aged, purged]) {
      const claim = await claimFresh(key);
      jobIds.push(claim.jobId);
      await claim.finish(reply);
      await database.owner.query(
        sql`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'
            WHERE key = ${key}`,
      );
    }
    const again = await claimFresh(aged);
    expect(jobIds).not.toContain(again.jobId);
    expect(await idempotency.purge()).toBe(1);
    await expect(idempotency.claim('org_a', aged, route, 'req_a')).rejects.toEqual(inProgress);
  });
});

test('the fingerprint of JSON is that of its value', () => {
  expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: 'x' })).toBe('{"a":"x","b":[1,{"c":2,"d":1}]}');
  expect(canonicalJson(undefined)).toBe('');
  expect(fingerprintOf('ab', 'c')).not.toBe(fingerprintOf('a', 'bc'));
});
