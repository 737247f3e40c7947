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

describe('leases', () => {
  test('a heartbeat holds the slot as long again, and the unit too', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace, { ...input, lease_seconds: 1 });
    const before = (await bench.get(workspace, id)).body;
    const { status, body } = await bench.send(workspace, id, 'heartbeat', {
      body: { lease_seconds: 600 },
    });
    expect(status).toBe(200);
    expect(Date.parse(String(body.expires_at))).toBeGreaterThan(Date.now() + 500_000);
    expect(String(body.unit_expires_at) > String(before.unit_expires_at)).toBe(true);
    expect(await bench.sweep()).toBe(0);
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 1, active: 1 });
  });

  test('a lapsed one frees its slot for the next and keeps its unit; complete still counts', async () => {
    const workspace = await make().overrides({ monthly_limit: 3 }).create();
    const first = await bench.reserveId(workspace);
    await bench.age(workspace, 'lease');
    // Before anybody is refused, what the dead hold is freed.
    const second = await bench.reserveId(workspace);
    expect((await bench.get(workspace, first)).body).toMatchObject({
      status: 'lapsed',
      expires_at: null,
    });
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 2, active: 1 });
    expect((await bench.send(workspace, first, 'complete')).body).toMatchObject({
      status: 'completed',
      usage: { counted: true },
    });
    // The slot is the other one's: the limit of one still holds.
    expect(await bench.counters(workspace)).toEqual({ used: 1, reserved: 1, active: 1 });
    expect((await bench.reserve(workspace)).body).toMatchObject({ code: 'concurrency_limited' });
    await bench.send(workspace, second, 'complete');
    expect(await bench.counters(workspace)).toEqual({ used: 2, reserved: 0, active: 0 });
  });

  test('a lapsed one that is released gives back its unit and no slot', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace);
    await bench.age(workspace, 'lease');
    expect(await bench.sweep()).toBe(1);
    await bench.send(workspace, id, 'release');
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 0, active: 0 });
  });

  test('a heartbeat takes a slot again where there is room, and says 429 where there is none', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace);
    await bench.age(workspace, 'lease');
    const other = await bench.reserveId(workspace);
    const refused = await bench.send(workspace, id, 'heartbeat');
    expect(refused.body).toMatchObject({ code: 'concurrency_limited', limit: 1, active: 1 });
    expect(refused.status).toBe(429);
    await bench.send(workspace, other, 'complete');
    expect((await bench.send(workspace, id, 'heartbeat')).body).toMatchObject({ status: 'active' });
    expect(await bench.counters(workspace)).toEqual({ used: 1, reserved: 1, active: 1 });
    await bench.send(workspace, id, 'complete');
    expect(await bench.counters(workspace)).toEqual({ used: 2, reserved: 0, active: 0 });
  });

  test('a lapsed one gets no slot from a suspended workspace; complete still counts', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace);
    await bench.age(workspace, 'lease');
    await bench.sweep();
    await bench.database.db.query(sql`UPDATE organization SET suspended_at = ${clock.now()}
      WHERE id = ${workspace.organizationId}`);
    expect((await bench.send(workspace, id, 'heartbeat')).body).toMatchObject({
      code: 'workspace_suspended',
    });
    expect((await bench.send(workspace, id, 'complete')).status).toBe(200);
    expect(await bench.counters(workspace)).toEqual({ used: 1, reserved: 0, active: 0 });
  });

  test.each([0, 1])(
    'after the time of its unit it is too late: 409, nothing is counted (swept %i times)',
    async (sweeps) => {
      const workspace = await make().overrides({ monthly_limit: 1 }).create();
      const id = await bench.reserveId(workspace);
      await bench.age(workspace, 'lease');
      await bench.age(workspace, 'unit');
      for (let sweep = 0; sweep < sweeps; sweep++) await bench.sweep();
      const late = await bench.send(workspace, id, 'complete');
      expect(late.body).toMatchObject({ status: 409, code: 'conflict' });
      expect((await bench.get(workspace, id)).body).toMatchObject({ status: 'expired' });
      expect((await bench.send(workspace, id, 'heartbeat')).status).toBe(409);
      expect((await bench.send(workspace, id, 'release')).status).toBe(409);
      expect((await bench.reserve(workspace)).status).toBe(201);
      expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 1, active: 1 });
    },
  );

  test('one that lapsed long ago is swept when its unit expires', async () => {
    const workspace = await make().create();
    const id = await bench.reserveId(workspace);
    await bench.age(workspace, 'lease');
    expect(await bench.sweep()).toBe(1);
    await bench.age(workspace, 'unit');
    expect(await bench.sweep()).toBe(1);
    expect((await bench.get(workspace, id)).body).toMatchObject({ status: 'expired' });
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 0, active: 0 });
  });
});
