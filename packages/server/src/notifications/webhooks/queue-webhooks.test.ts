import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import type { Context } from '../../context.ts';
import { sql } from '../../db/sql.ts';
import { RefusalRecorder } from '../../metering/refusals.ts';
import type { RefusedDecision } from '../../metering/refusal.ts';
import { admitCall, completeCall, meteringOn, releaseCall } from '../../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { notificationsOn } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import { quietLog } from '../../test/server.ts';
import type { NotificationDeps } from '../deps.ts';
import { fanOut } from '../fan-out.ts';
import { announce } from '../outbox.ts';
import { deleteOldAnnouncements } from '../sql.ts';
import { createEndpoint, updateEndpoint } from './endpoints.ts';
import { forgetWebhooks } from './forget.ts';
import type { WebhookEventType } from './events.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let deps: NotificationDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = notificationsOn(database.db, clock);
});
afterAll(() => database.close());

const url = 'https://hooks.example.com/';

const endpointFor = (ctx: Context, events: WebhookEventType[] | null) =>
  createEndpoint(ctx, deps, { url, events });

const bodiesOf = async (endpointId: string) => {
  const rows = await database.db.query<{ body: string }>(sql`SELECT v.body
    FROM webhook_deliveries d
    JOIN webhook_events v ON v.organization_id = d.organization_id AND v.id = d.event_id
    WHERE d.endpoint_id = ${endpointId} ORDER BY d.id`);
  return rows.map(({ body }) => JSON.parse(body) as { type: string; data: object });
};

const topicsOf = async (organizationId: string) => {
  const rows = await database.db.query<{ topic: string }>(sql`SELECT topic FROM outbox
    WHERE organization_id = ${organizationId} ORDER BY id`);
  return rows.map(({ topic }) => topic);
};

describe('an event', () => {
  test('goes to the endpoints that want it, as one and the same event', async () => {
    const { ctx } = await scenario(database.db, clock).organization().create();
    const all = await endpointFor(ctx, null);
    const some = await endpointFor(ctx, ['invoice.paid']);
    const others = await endpointFor(ctx, ['invoice.finalized']);
    const off = await endpointFor(ctx, null);
    await updateEndpoint(ctx, deps, off.id, { active: false });
    const payload = {
      invoice_id: 'inv_1',
      number: 'M-1',
      total_minor: 0,
      amount_due_minor: 0,
      currency: 'usd',
      hosted_invoice_url: null,
    };
    await announce(database.db, ctx, { topic: 'invoice.paid', dedupeKey: 'a', payload });
    await Promise.all([fanOut(deps), fanOut(deps), fanOut(deps)]);
    const wanted = {
      type: 'invoice.paid',
      timestamp: '2027-01-31T10:00:00.000Z',
      data: { workspace_id: ctx.organization.id, ...payload },
    };
    expect(await bodiesOf(all.id)).toEqual([wanted]);
    expect(await bodiesOf(some.id)).toEqual([wanted]);
    expect(await bodiesOf(others.id)).toEqual([]);
    expect(await bodiesOf(off.id)).toEqual([]);
    const [row] = await database.db.query<{ events: number }>(sql`SELECT count(*)::integer AS events
      FROM webhook_events WHERE organization_id = ${ctx.organization.id}`);
    expect(row?.events).toBe(1);
  });

  test('waits for no endpoint that is switched off at the same moment', async () => {
    const { ctx, organizationId } = await scenario(database.db, clock).organization().create();
    const { id } = await endpointFor(ctx, null);
    const payload = { limit: 1, used: 1, resets_at: '2027-02-28T10:00:00.000Z' };
    await announce(database.db, ctx, { topic: 'quota.exceeded', dedupeKey: 'a', payload });
    const [told] = await database.db.transaction(async (tx) => {
      await tx.query(sql`UPDATE webhook_endpoints SET active = false
        WHERE organization_id = ${organizationId} AND id = ${id}`);
      const running = [fanOut(deps)];
      await setTimeout(200);
      return running;
    });
    expect(await told).toBe(1);
    expect(await bodiesOf(id)).toEqual([]);
  });

  test('of a plan that changed brings the subscription as the API shows it', async () => {
    const { ctx } = await scenario(database.db, clock).organization().plan('pro').create();
    const { id } = await endpointFor(ctx, ['subscription.changed']);
    await announce(database.db, ctx, {
      topic: 'subscription.changed',
      dedupeKey: 'a',
      payload: {
        change: 'plan_assigned',
        plan_id: 'plan_pro',
        plan_name: 'Pro',
        previous_plan_id: 'plan_free',
        interval: null,
        status: 'active',
        effective_at: '2027-01-31T10:00:00.000Z',
      },
    });
    await fanOut(deps);
    expect((await bodiesOf(id))[0]?.data).toMatchObject({
      change: 'plan_assigned',
      subscription: { object: 'subscription', status: 'active', plan: { id: 'plan_pro' } },
    });
  });
});

test('an event that no delivery is left of is forgotten 30 days after it happened', async () => {
  const { ctx, organizationId } = await scenario(database.db, clock).organization().create();
  const { id } = await endpointFor(ctx, null);
  for (const [event, days] of [
    ['evt_orphan', 31],
    ['evt_sent', 31],
    ['evt_young', 29],
  ] as const) {
    await database.db.query(sql`INSERT INTO webhook_events (organization_id, id, type, body,
        created_at) VALUES (${organizationId}, ${event}, 'invoice.paid', '{}',
        ${clock.now()}::timestamptz - make_interval(days => ${days}::integer))`);
  }
  await database.db.query(sql`INSERT INTO webhook_deliveries (organization_id, id, endpoint_id,
      event_id, status) VALUES (${organizationId}, 'dlv_1', ${id}, 'evt_sent', 'succeeded')`);
  await forgetWebhooks(deps);
  const left = await database.db.query(sql`SELECT id FROM webhook_events
    WHERE organization_id = ${organizationId} ORDER BY id`);
  expect(left).toEqual([{ id: 'evt_sent' }, { id: 'evt_young' }]);
});

describe('a conversion', () => {
  async function convert(organizationId: string) {
    const metering = meteringOn(database.db, clock);
    const [good, bad, external] = [
      admitCall(organizationId),
      admitCall(organizationId),
      admitCall(organizationId, { kind: 'external', unitSeconds: 600 }),
    ];
    for (const call of [good, bad, external]) {
      await metering.admit(call);
    }
    for (const call of [good, external]) {
      await metering.complete(completeCall(organizationId, call.jobId));
    }
    await metering.complete(completeCall(organizationId, good.jobId));
    await metering.release(
      releaseCall(organizationId, bad.jobId, {
        status: 'failed',
        error: { code: 'document_invalid', detail: 'No.', retryable: false },
      }),
    );
    await expectInvariants(database.db, organizationId);
    return { good: good.jobId, bad: bad.jobId };
  }

  const workspace = () =>
    scenario(database.db, clock)
      .organization()
      .plan('pro')
      .overrides({ concurrent_limit: 'unlimited' })
      .create();

  test('is announced once, as the job that the API shows, where an endpoint wants it', async () => {
    const { ctx, organizationId } = await workspace();
    const both = await endpointFor(ctx, null);
    const failures = await endpointFor(ctx, ['conversion.failed']);
    const { good, bad } = await convert(organizationId);
    await fanOut(deps);
    expect(await bodiesOf(both.id)).toMatchObject([
      {
        type: 'conversion.succeeded',
        data: { id: good, object: 'job', status: 'succeeded', workspace_id: organizationId },
      },
      { type: 'conversion.failed', data: { id: bad, error: { code: 'document_invalid' } } },
    ]);
    expect(await bodiesOf(failures.id)).toMatchObject([{ type: 'conversion.failed' }]);
  });

  test('is not announced where none does: no endpoint, another filter, switched off, deleted', async () => {
    const silent = await workspace();
    const filtered = await workspace();
    await endpointFor(filtered.ctx, ['invoice.paid']);
    const off = await workspace();
    const { id } = await endpointFor(off.ctx, null);
    await updateEndpoint(off.ctx, deps, id, { active: false });
    for (const { organizationId } of [silent, filtered, off]) {
      await convert(organizationId);
      expect(await topicsOf(organizationId)).toEqual([]);
    }
  });

  test('that is completed again, when its announcement is forgotten, is told no second time', async () => {
    const { ctx, organizationId } = await workspace();
    const { id } = await endpointFor(ctx, null);
    const { good } = await convert(organizationId);
    await fanOut(deps);
    await database.db.query(sql`UPDATE outbox SET processed_at = processed_at - interval '25 hours'
      WHERE organization_id = ${organizationId}`);
    await database.db.query(deleteOldAnnouncements(100));
    expect(await topicsOf(organizationId)).toEqual([]);
    await meteringOn(database.db, clock).complete(completeCall(organizationId, good));
    await fanOut(deps);
    expect(await bodiesOf(id)).toHaveLength(2);
  });
});

describe('quota.exceeded', () => {
  test('is told at the first refusal of a period, once, by whichever process', async () => {
    const { organizationId } = await scenario(database.db, clock).organization().used(100).create();
    const recorders = [1, 2].map(
      () => new RefusalRecorder({ db: database.db, clock, log: quietLog }),
    );
    const refuse = async () => {
      const metering = meteringOn(database.db, clock);
      const decision = (await metering.admit(admitCall(organizationId))) as RefusedDecision;
      expect(decision.verdict).toBe('quota_exceeded');
      for (const recorder of recorders) {
        recorder.add({ decision, requestId: `req_${Math.random()}`, slotSeconds: null });
        await recorder.flush();
      }
    };
    const told = async () =>
      (await topicsOf(organizationId)).filter((topic) => topic.startsWith('q'));
    expect(await told()).toEqual([]);
    await refuse();
    await refuse();
    expect(await told()).toEqual(['quota.exceeded']);
    const [row] = await database.db.query<{ payload: object }>(sql`SELECT payload FROM outbox
      WHERE organization_id = ${organizationId} AND topic = 'quota.exceeded'`);
    expect(row?.payload).toEqual({
      limit: 100,
      used: 100,
      resets_at: '2027-02-28T10:00:00.000Z',
    });
  });

  test("is not told where an API key's own limit is used up", async () => {
    const { organizationId, apiKeyId } = await scenario(database.db, clock)
      .organization()
      .key({ monthlyLimit: 0 })
      .create();
    const recorder = new RefusalRecorder({ db: database.db, clock, log: quietLog });
    const metering = meteringOn(database.db, clock);
    const decision = (await metering.admit(
      admitCall(organizationId, { apiKeyId }),
    )) as RefusedDecision;
    expect(decision.verdict).toBe('quota_exceeded');
    recorder.add({ decision, requestId: 'req_1', slotSeconds: null });
    await recorder.flush();
    expect(await topicsOf(organizationId)).toEqual([]);
  });
});
