import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { billingRoutes } from '../billing/routes.ts';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { organizationRoutes } from '../organizations/routes.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { findUsage } from './usage.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...billingRoutes(null), ...organizationRoutes]);
});
afterAll(async () => {
  await api.close();
  await database.close();
});

interface Message {
  topic: string;
  payload: { thresholds?: number[] };
}

const messagesOf = (id: string) =>
  database.db.query<Message>(
    sql`SELECT topic, payload FROM outbox WHERE organization_id = ${id} ORDER BY id`,
  );
const topics = async (id: string) => (await messagesOf(id)).map((message) => message.topic);
const change = (id: string, part: string, body: object) =>
  api.call(`PATCH /v1/workspaces/${id}${part}`, { body });

/** A workspace that charges 1.00 for each conversion past its limit. */
const charging = (limit: number, spendCapMinor: number | null, price = '1.00') =>
  scenario(database.db, clock)
    .organization()
    .plan('starter')
    .overrides({ monthly_limit: limit, overage_price: price, concurrent_limit: 'unlimited' })
    .overage('charge', spendCapMinor);

async function convert(id: string, count: number): Promise<void> {
  const metering = meteringOn(database.db, clock);
  for (let index = 0; index < count; index++) {
    const call = admitCall(id);
    await metering.admit(call);
    await metering.complete(completeCall(id, call.jobId));
  }
}

describe('alerts', () => {
  it('tell of the first conversion past the limit once, and again in the next period', async () => {
    const { organizationId: id } = await charging(2, null).used(2).create();
    expect(await topics(id)).toEqual(['usage.threshold_reached']);
    await convert(id, 3);
    const overage = (await messagesOf(id)).filter(({ topic }) => topic === 'overage.first');
    expect(overage).toEqual([
      {
        topic: 'overage.first',
        payload: {
          period_start: '2027-01-31T10:00:00.000Z',
          policy: 'charge',
          used: 3,
          limit: 2,
          unit_amount: '1.00',
          currency: 'usd',
        },
      },
    ]);
    clock.set('2027-03-01T00:00:00Z');
    await convert(id, 3);
    clock.set('2027-01-31T10:00:00Z');
    expect((await topics(id)).filter((topic) => topic === 'overage.first')).toHaveLength(2);
  });

  it('tell of overage where there are no thresholds, and where the limit is zero', async () => {
    const silent = await charging(1, null).used(1).create();
    await change(silent.organizationId, '', { alert_thresholds: [] });
    await convert(silent.organizationId, 1);
    expect((await topics(silent.organizationId)).at(-1)).toBe('overage.first');
    const zero = await charging(0, null).create();
    await convert(zero.organizationId, 1);
    expect(await topics(zero.organizationId)).toEqual(['overage.first']);
  });

  it('tell of the spend cap at 80 and at 100 %, each once', async () => {
    const { organizationId: id } = await charging(0, 500).create();
    await convert(id, 7);
    const cap = (await messagesOf(id)).filter(({ topic }) => topic.startsWith('spend_cap'));
    expect(cap).toEqual([
      {
        topic: 'spend_cap.threshold_reached',
        payload: expect.objectContaining({ thresholds: [80], amount_minor: 400, cap_minor: 500 }),
      },
      {
        topic: 'spend_cap.reached',
        payload: expect.objectContaining({ thresholds: [100], amount_minor: 500 }),
      },
    ]);
    await expectInvariants(database.db, id);
  });

  it('call a cap reached when what is left pays for no further conversion', async () => {
    const { organizationId: id } = await charging(0, 500, '1.20').create();
    await convert(id, 3);
    expect((await topics(id)).filter((topic) => topic.startsWith('spend_cap'))).toEqual([]);
    await convert(id, 2);
    const cap = (await messagesOf(id)).filter(({ topic }) => topic.startsWith('spend_cap'));
    expect(cap).toMatchObject([
      { topic: 'spend_cap.reached', payload: { thresholds: [80, 100], amount_minor: 480 } },
    ]);
  });

  it('tell at once of a cap that is set below what is accrued; none for a cap of zero', async () => {
    const { organizationId: id } = await charging(0, null).create();
    await convert(id, 4);
    await change(id, '/billing', { spend_cap_minor: 0 });
    expect(await topics(id)).toEqual(['overage.first']);
    await change(id, '/billing', { spend_cap_minor: 300 });
    expect((await messagesOf(id)).at(-1)).toMatchObject({
      topic: 'spend_cap.reached',
      payload: { thresholds: [80, 100], amount_minor: 400, cap_minor: 300 },
    });
  });

  it('show the thresholds of the monthly limit alone in usage.alerts', async () => {
    const { organizationId: id, ctx } = await charging(1, 100).create();
    await convert(id, 2);
    const { alerts } = await findUsage(ctx);
    expect(alerts.map(({ threshold }) => threshold)).toEqual([80, 90, 100]);
  });

  it('are not raised for a limit of zero or for none', async () => {
    const none = { monthly_limit: 'unlimited' } as const;
    const { organizationId: id } = await scenario(database.db, clock)
      .organization()
      .plan('starter')
      .overrides(none)
      .used(5)
      .create();
    expect(await topics(id)).toEqual([]);
  });

  it('are one message where usage jumps from 70 to 101 %, and nothing is repeated later', async () => {
    const { organizationId: id } = await charging(100, null).used(70).create();
    const metering = meteringOn(database.db, clock);
    const calls = Array.from({ length: 31 }, () => admitCall(id));
    await Promise.all(calls.map((call) => metering.admit(call)));
    await Promise.all(calls.map((call) => metering.complete(completeCall(id, call.jobId))));
    await convert(id, 3);
    const messages = await messagesOf(id);
    const reached = messages.filter(({ topic }) => topic === 'usage.threshold_reached');
    expect(reached.map(({ payload }) => payload.thresholds)).toEqual([[80, 90, 100]]);
  });

  it('name each threshold once, however many completions cross it at once', async () => {
    const { organizationId: id } = await charging(10, 500).used(7).create();
    const servers = [meteringOn(database.db, clock), meteringOn(database.db, clock)] as const;
    const calls = Array.from({ length: 8 }, () => admitCall(id));
    await Promise.all(calls.map((call) => servers[0].admit(call)));
    await Promise.all(
      calls.map((call, index) =>
        servers[index % 2 === 0 ? 0 : 1].complete(completeCall(id, call.jobId)),
      ),
    );
    const messages = await messagesOf(id);
    const named = messages.flatMap(({ topic, payload }) =>
      (payload.thresholds ?? [0]).map((threshold) => `${topic.split('.')[0]} ${threshold}`),
    );
    expect(named.toSorted()).toEqual(
      [
        'overage 0',
        'spend_cap 100',
        'spend_cap 80',
        'usage 100',
        'usage 80',
        'usage 90',
      ].toSorted(),
    );
    await expectInvariants(database.db, id);
  });
});

describe('the spend cap', () => {
  it('holds to the cent whichever of the running ones finish first', async () => {
    const { organizationId: id, ctx } = await charging(5, 500).used(4).create();
    const metering = meteringOn(database.db, clock);
    const admitted = Array.from({ length: 6 }, () => admitCall(id));
    for (const call of admitted) expect((await metering.admit(call)).verdict).toMatch(/^allowed/);
    // One past the limit ends first and is included: its money is still needed by another.
    for (const call of admitted.toReversed()) {
      expect((await metering.admit(admitCall(id))).verdict).toBe('spend_cap_reached');
      await metering.complete(completeCall(id, call.jobId));
    }
    expect((await metering.admit(admitCall(id))).verdict).toBe('spend_cap_reached');
    expect(await findUsage(ctx)).toMatchObject({
      overage: { amount_minor: 500 },
      conversions: { overage: 5 },
    });
    await expectInvariants(database.db, id);
  });

  it('gives the money of a conversion that failed to the next', async () => {
    const { organizationId: id, ctx } = await charging(1, 100).create();
    const metering = meteringOn(database.db, clock);
    const [included, overage, next] = [admitCall(id), admitCall(id), admitCall(id)];
    await metering.admit(included);
    await metering.admit(overage);
    expect((await metering.admit(next)).verdict).toBe('spend_cap_reached');
    await metering.release({
      ...completeCall(id, included.jobId),
      status: 'failed',
      error: null,
      reason: 'document_invalid',
    });
    expect((await metering.admit(next)).verdict).toBe('allowed_overage');
    for (const call of [overage, next]) await metering.complete(completeCall(id, call.jobId));
    expect(await findUsage(ctx)).toMatchObject({ overage: { amount_minor: 100 } });
    await expectInvariants(database.db, id);
  });
});
