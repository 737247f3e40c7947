import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import {
  reservationInput as input,
  startReservationBench,
  type ReservationBench,
} from '../test/reservations.ts';
import { scenario } from '../test/scenario.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let bench: ReservationBench;
beforeAll(async () => {
  bench = await startReservationBench(clock);
});
afterAll(() => bench.close());

const make = () => scenario(bench.database.db, clock).organization();

describe('POST …/reservations', () => {
  test('201: takes a unit and a slot, and says what is left', async () => {
    const workspace = await make().create();
    const { status, body } = await bench.reserve(workspace);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^res_[0-9a-z]{26}$/),
      object: 'reservation',
      workspace_id: workspace.organizationId,
      status: 'active',
      type: 'DOCX_TO_PDF',
      size_bytes: 1_000,
      verdict: 'allowed',
      remaining: 99,
      usage: { counted: false, billed_as: 'none' },
      api_key_id: workspace.apiKeyId,
    });
    const leftMs = Date.parse(String(body.expires_at)) - Date.now();
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThan(70_000);
    const unitMs = Date.parse(String(body.unit_expires_at)) - Date.now();
    expect(Math.round(unitMs / 3_600_000)).toBe(24);
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 1, active: 1 });
  });

  test('is refused as a conversion would be: 402, 403, 413, 429', async () => {
    const full = await make().overrides({ monthly_limit: 0 }).create();
    expect((await bench.reserve(full)).body).toMatchObject({ status: 402, code: 'quota_exceeded' });
    const suspended = await make().suspended().create();
    expect((await bench.reserve(suspended)).body).toMatchObject({
      status: 403,
      code: 'workspace_suspended',
    });
    const small = await make().create();
    const large = { ...input, size_bytes: 10 * 1_048_576 + 1 };
    expect((await bench.reserve(small, large)).body).toMatchObject({
      status: 413,
      code: 'file_too_large',
    });
    await bench.reserve(small);
    const busy = await bench.reserve(small);
    expect(busy.body).toMatchObject({ code: 'concurrency_limited', limit: 1, active: 1 });
    expect(busy.status).toBe(429);
    expect(busy.headers['retry-after']).toBeDefined();
    expect(await bench.counters(small)).toEqual({ used: 0, reserved: 1, active: 1 });
  });

  test('past the limit it says so, and is charged like a conversion', async () => {
    const workspace = await make()
      .plan('starter')
      .overrides({ monthly_limit: 1, overage_price: '0.25' })
      .overage('charge')
      .used(1)
      .create();
    const { body } = await bench.reserve(workspace);
    expect(body).toMatchObject({ verdict: 'allowed_overage', remaining: 0 });
    const done = await bench.send(workspace, String(body.id), 'complete');
    expect(done.body.usage).toMatchObject({
      counted: true,
      billed_as: 'overage',
      unit_amount: '0.25',
      currency: 'usd',
    });
  });

  test('the reply warns past 80 % of the limit', async () => {
    const workspace = await make().overrides({ monthly_limit: 5 }).used(3).create();
    expect((await bench.reserve(workspace)).headers['mutate-usage-warning']).toMatch(/^80% of 5 /);
  });

  test('a repeat under the same idempotency key takes one unit', async () => {
    const workspace = await make().plan('pro').create();
    const headers = { 'idempotency-key': 'once' };
    const first = await bench.reserve(workspace, input, headers);
    const again = await bench.reserve(workspace, input, headers);
    expect(again.body).toEqual(first.body);
    expect(await bench.counters(workspace)).toMatchObject({ reserved: 1 });
  });

  test('a repeat after its server died finds the unit that was taken', async () => {
    const workspace = await make().plan('pro').create();
    const headers = { 'idempotency-key': 'crash' };
    const first = await bench.reserve(workspace, input, headers);
    await bench.database.owner.query(sql`UPDATE idempotency_keys
      SET response_status = NULL, lease_expires_at = now() - interval '1 second'
      WHERE organization_id = ${workspace.organizationId}`);
    const again = await bench.reserve(workspace, input, headers);
    expect(again.body).toMatchObject({ id: first.body.id, verdict: 'allowed', remaining: 9_999 });
    expect(await bench.counters(workspace)).toMatchObject({ reserved: 1 });
  });

  test.each<[object, string]>([
    [{ size_bytes: 1 }, '/body/type'],
    [{ type: 'docx', size_bytes: 1 }, '/body/type'],
    [{ type: 'A'.repeat(65), size_bytes: 1 }, '/body/type'],
    [{ type: 'A' }, '/body/size_bytes'],
    [{ type: 'A', size_bytes: -1 }, '/body/size_bytes'],
    [{ type: 'A', size_bytes: 1.5 }, '/body/size_bytes'],
    [{ type: 'A', size_bytes: 2 ** 41 }, '/body/size_bytes'],
    [{ type: 'A', size_bytes: 1, lease_seconds: 0 }, '/body/lease_seconds'],
    [{ type: 'A', size_bytes: 1, lease_seconds: 3601 }, '/body/lease_seconds'],
    [{ type: 'A', size_bytes: 1, units: 5 }, '/body/units'],
  ])('400: %j names %s', async (body, pointer) => {
    const reply = await bench.reserve(await make().create(), body);
    expect(reply.body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });
});

describe('complete and release', () => {
  test('complete counts once; a second one changes nothing and answers the same', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace);
    const body = { bytes_out: 77, duration_ms: 1_234 };
    const first = await bench.send(workspace, id, 'complete', { body });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({
      id,
      status: 'completed',
      expires_at: null,
      usage: { counted: true, billed_as: 'included' },
    });
    const second = await bench.send(workspace, id, 'complete', { body: { bytes_out: 9 } });
    expect(second.body).toEqual(first.body);
    const [event] = await bench.database.db.query(sql`SELECT type, bytes_in, bytes_out, duration_ms,
        api_key_id FROM usage_events WHERE organization_id = ${workspace.organizationId}`);
    expect(event).toEqual({
      type: 'DOCX_TO_PDF',
      bytes_in: 1_000,
      bytes_out: 77,
      duration_ms: 1_234,
      api_key_id: workspace.apiKeyId,
    });
    expect(await bench.counters(workspace)).toEqual({ used: 1, reserved: 0, active: 0 });
  });

  test('release gives back unit and slot; a reason is counted as a failure', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace);
    const first = await bench.send(workspace, id, 'release', {
      body: { reason: 'document_invalid' },
    });
    expect(first.body).toMatchObject({ status: 'released', usage: { counted: false } });
    expect((await bench.send(workspace, id, 'release')).body).toEqual(first.body);
    await bench.send(workspace, await bench.reserveId(workspace), 'release');
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 0, active: 0 });
    const outcomes = await bench.database.db.query(sql`SELECT outcome, reason FROM usage_outcomes
      WHERE organization_id = ${workspace.organizationId} ORDER BY outcome`);
    expect(outcomes).toEqual([
      { outcome: 'cancelled', reason: 'released' },
      { outcome: 'failed', reason: 'document_invalid' },
    ]);
  });

  test('409 for a complete after a release, a release after a complete, a heartbeat after both', async () => {
    const workspace = await make().plan('pro').create();
    const [released, completed] = [
      await bench.reserveId(workspace),
      await bench.reserveId(workspace),
    ];
    await bench.send(workspace, released, 'release');
    await bench.send(workspace, completed, 'complete');
    for (const [id, verb] of [
      [released, 'complete'],
      [completed, 'release'],
      [released, 'heartbeat'],
      [completed, 'heartbeat'],
    ] as const) {
      const reply = await bench.send(workspace, id, verb);
      expect(reply.body).toMatchObject({ status: 409, code: 'conflict' });
    }
    expect(await bench.counters(workspace)).toEqual({ used: 1, reserved: 0, active: 0 });
  });

  test('404 for ids that are not, that are foreign, and for conversions of our own', async () => {
    const workspace = await make().running(1).create();
    const other = await make().create();
    const foreign = await bench.reserveId(other);
    const ids = ['res_none', foreign, ...workspace.jobIds];
    expect(ids).toHaveLength(3);
    for (const id of ids) {
      expect((await bench.get(workspace, id)).status).toBe(404);
      for (const verb of ['heartbeat', 'complete', 'release'] as const) {
        expect((await bench.send(workspace, id, verb)).status).toBe(404);
      }
    }
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 1, active: 1 });
    expect((await bench.get(other, foreign)).body).toMatchObject({ status: 'active' });
  });

  test.each<['heartbeat' | 'complete' | 'release', object, string]>([
    ['heartbeat', { lease_seconds: 3601 }, '/body/lease_seconds'],
    ['complete', { bytes_out: -1 }, '/body/bytes_out'],
    ['complete', { duration_ms: 2 ** 31 }, '/body/duration_ms'],
    ['complete', { units: 2 }, '/body/units'],
    ['release', { reason: 'Because!' }, '/body/reason'],
  ])('%s 400: %j names %s', async (verb, body, pointer) => {
    const workspace = await make().create();
    const reply = await bench.send(workspace, await bench.reserveId(workspace), verb, { body });
    expect(reply.body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  test('401 for nobody, 403 for a key that may only read', async () => {
    const workspace = await make()
      .key({ scopes: ['conversions:read'] })
      .create();
    expect((await bench.reserve(workspace)).body).toMatchObject({
      status: 403,
      required_scope: 'conversions:write',
    });
    expect((await bench.reserve(workspace, input, {}, null)).status).toBe(401);
  });
});
