import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { admitCall, meteringOn } from '../test/calls.ts';
import { startReservationBench, type ReservationBench } from '../test/reservations.ts';
import { scenario } from '../test/scenario.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let bench: ReservationBench;
beforeAll(async () => {
  bench = await startReservationBench(clock);
});
afterAll(() => bench.close());

const make = () => scenario(bench.database.db, clock).organization();

describe('races', () => {
  test('of many completes on two servers one counts, and all are told the same', async () => {
    const workspace = await make().plan('enterprise').create();
    for (let round = 0; round < 5; round++) {
      const id = await bench.reserveId(workspace);
      const replies = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          bench.send(workspace, id, 'complete', { server: index % 2 === 0 ? 0 : 1 }),
        ),
      );
      for (const reply of replies) expect(reply.body).toEqual(replies[0]?.body);
    }
    expect(await bench.counters(workspace)).toEqual({ used: 5, reserved: 0, active: 0 });
  });

  test('complete against release: the first wins, the other is told 409', async () => {
    const workspace = await make().plan('enterprise').create();
    let completed = 0;
    for (let round = 0; round < 10; round++) {
      const id = await bench.reserveId(workspace);
      const [done, released] = await Promise.all([
        bench.send(workspace, id, 'complete'),
        bench.send(workspace, id, 'release', { server: 1 }),
      ]);
      expect([done.status, released.status].toSorted((a, b) => a - b)).toEqual([200, 409]);
      if (done.status === 200) completed += 1;
    }
    expect(await bench.counters(workspace)).toEqual({ used: completed, reserved: 0, active: 0 });
  });

  test('complete against lapse: counted once, no slot is given back twice', async () => {
    const workspace = await make().plan('enterprise').create();
    for (let round = 0; round < 10; round++) {
      const id = await bench.reserveId(workspace);
      await bench.age(workspace, 'lease');
      const [done] = await Promise.all([bench.send(workspace, id, 'complete'), bench.sweep()]);
      expect(done.status).toBe(200);
      expect(await bench.counters(workspace)).toEqual({ used: round + 1, reserved: 0, active: 0 });
    }
  });

  test('heartbeats against the sweep: whoever was told "active" has a slot', async () => {
    const workspace = await make().plan('enterprise').create();
    for (let round = 0; round < 10; round++) {
      const id = await bench.reserveId(workspace);
      await bench.age(workspace, 'lease');
      await Promise.all([
        bench.send(workspace, id, 'heartbeat'),
        bench.sweep(),
        bench.send(workspace, id, 'heartbeat', { server: 1 }),
      ]);
      expect((await bench.get(workspace, id)).body).toMatchObject({ status: 'active' });
      expect(await bench.counters(workspace)).toEqual({ used: round, reserved: 1, active: 1 });
      await bench.send(workspace, id, 'complete');
    }
  });

  test('heartbeats of many lapsed ones never take more slots than there are', async () => {
    const workspace = await make().overrides({ concurrent_limit: 4 }).create();
    const ids = await Promise.all(Array.from({ length: 4 }, () => bench.reserveId(workspace)));
    await bench.age(workspace, 'lease');
    await bench.sweep();
    await bench.database.db.query(sql`UPDATE organization_subscriptions
      SET override_concurrent_limit = 2 WHERE organization_id = ${workspace.organizationId}`);
    const replies = await Promise.all(
      ids.map((id, index) =>
        bench.send(workspace, id, 'heartbeat', { server: index % 2 === 0 ? 0 : 1 }),
      ),
    );
    const statuses = replies.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect(await bench.counters(workspace)).toEqual({ used: 0, reserved: 4, active: 2 });
  });

  test('reservations and conversions share one limit', async () => {
    const workspace = await make()
      .overrides({ monthly_limit: 10, concurrent_limit: 'unlimited' })
      .create();
    const metering = meteringOn(bench.database.db, clock);
    const [replies, decisions] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => bench.reserve(workspace))),
      Promise.all(
        Array.from({ length: 10 }, () => metering.admit(admitCall(workspace.organizationId))),
      ),
    ]);
    const passed =
      replies.filter(({ status }) => status === 201).length +
      decisions.filter(({ verdict }) => verdict === 'allowed').length;
    expect(passed).toBe(10);
    expect(await bench.counters(workspace)).toMatchObject({ reserved: 10 });
  });
});
