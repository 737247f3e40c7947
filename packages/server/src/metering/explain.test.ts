import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { quietLog } from '../test/server.ts';
import { type Scene, scenario } from '../test/scenario.ts';
import { form, startTestService, testAdminKey, type TestService } from '../test/service.ts';
import type { UsageDecision } from './explain.ts';
import type { RefusedDecision } from './refusal.ts';
import { RefusalRecorder } from './refusals.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const scene = () => scenario(tested.database.db, systemClock).organization();

function convert(
  { organizationId, apiKey }: Scene,
  given: { content?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return tested.fetch(`/v1/workspaces/${organizationId}/conversions`, {
    method: 'POST',
    key: apiKey,
    headers: given.headers ?? {},
    body: form({ name: 'a.csv', content: given.content ?? 'a\n1\n' }, { to: 'json' }),
  });
}

async function explain(
  organizationId: string,
  requestId: string | null,
): Promise<{ status: number; body: UsageDecision }> {
  const path = `/v1/workspaces/${organizationId}/usage/decisions/${requestId}`;
  const response = await tested.fetch(path, { key: testAdminKey });
  return { status: response.status, body: (await response.json()) as UsageDecision };
}

async function explainRefused(made: Scene, status: number): Promise<UsageDecision> {
  const response = await convert(made);
  expect(response.status).toBe(status);
  const explained = await explain(made.organizationId, response.headers.get('request-id'));
  expect(explained.status).toBe(200);
  return explained.body;
}

describe('the explanation of a refusal', () => {
  it('names plan, numbers and the next unit, at once', async () => {
    const made = await scene().used(100).create();
    const explained = await explainRefused(made, 402);
    expect(explained).toMatchObject({
      outcome: 'refused',
      verdict: 'quota_exceeded',
      rule: { name: 'monthly_limit', source: 'plan' },
      plan: { id: 'plan_free', name: 'Free', version: 1 },
      override: null,
      numbers: { limit: 100, used: 100, reserved: 0 },
      next_free: { kind: 'unit', at: explained.period.end },
    });
    expect(explained.detail).toContain("100 conversions a month are the Free plan's limit");
  });

  it('names the override, who set it and until when, even when it is gone', async () => {
    const expiresAt = '2099-01-01T00:00:00.000Z';
    const overrides = { monthly_limit: 0, reason: 'Abuse', expires_at: expiresAt };
    const made = await scene().overrides(overrides).create();
    const response = await convert(made);
    const path = `/v1/admin/workspaces/${made.organizationId}/overrides`;
    await tested.fetch(path, { method: 'DELETE', key: testAdminKey });
    const requestId = response.headers.get('request-id');
    const { body } = await explain(made.organizationId, requestId);
    expect(body).toMatchObject({
      rule: { name: 'monthly_limit', source: 'override' },
      override: {
        reason: 'Abuse',
        author: { kind: 'super_admin', id: 'operator' },
        expires_at: expiresAt,
      },
      numbers: { limit: 0 },
    });
  });

  it('says when the next slot is expected', async () => {
    const made = await scene().running(1).create();
    const explained = await explainRefused(made, 429);
    expect(explained).toMatchObject({
      rule: { name: 'concurrent_limit', source: 'plan' },
      numbers: { concurrent_limit: 1, active: 1 },
      next_free: { kind: 'slot' },
    });
    const waitMs = Date.parse(explained.next_free?.at ?? '') - Date.parse(explained.decided_at);
    expect(waitMs).toBeGreaterThanOrEqual(1_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  it("tells a key's own limit and a file's limit from the plan's", async () => {
    const capped = await scene().key({ monthlyLimit: 0 }).create();
    expect(await explainRefused(capped, 402)).toMatchObject({
      rule: { name: 'key_monthly_limit', source: 'api_key' },
      numbers: { key_limit: 0, key_used: 0 },
    });
    const small = await scene().overrides({ max_file_size_mb: 0 }).create();
    expect(await explainRefused(small, 413)).toMatchObject({
      rule: { name: 'max_file_size', source: 'override' },
      numbers: { file_bytes_max: 0 },
      next_free: null,
    });
    const suspended = await scene().suspended().create();
    expect(await explainRefused(suspended, 403)).toMatchObject({
      verdict: 'suspended',
      rule: { name: 'suspension', source: 'operator' },
    });
  });

  it('is nobody else’s, and 404 for what was admitted or never asked', async () => {
    const [made, stranger] = [await scene().used(100).create(), await scene().create()];
    const refused = (await convert(made)).headers.get('request-id');
    const admitted = (await convert(stranger)).headers.get('request-id');
    expect((await explain(stranger.organizationId, refused)).status).toBe(404);
    expect((await explain(stranger.organizationId, admitted)).status).toBe(404);
    for (const id of ['nonsense', 'req_', newId('req', Date.now()), newId('job', Date.now())]) {
      expect((await explain(made.organizationId, id)).status).toBe(404);
    }
  });
});

describe('the explanation of a charge', () => {
  it('names the limit that was passed and the price with its source', async () => {
    const made = await scene()
      .plan('starter')
      .overrides({ monthly_limit: 3, overage_price: '0.50', reason: 'Trial' })
      .overage('charge')
      .used(2)
      .create();
    const included = (await convert(made)).headers.get('request-id');
    const response = await convert(made);
    expect(response.status).toBe(201);
    expect((await explain(made.organizationId, included)).status).toBe(404);
    const requestId = response.headers.get('request-id');
    const { status, body } = await explain(made.organizationId, requestId);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outcome: 'charged',
      verdict: 'allowed_overage',
      job_id: response.headers.get('job-id'),
      plan: { id: 'plan_starter', version: 1 },
      rule: { name: 'monthly_limit', source: 'override' },
      override: { reason: 'Trial' },
      numbers: { limit: 3, used: 3 },
      price: { unit_amount: '0.5', currency: 'usd', source: 'override' },
    });
  });

  it('is found by the request that took over the key of one that was never answered', async () => {
    const made = await scenario(tested.database.db, systemClock)
      .organization()
      .plan('starter')
      .overrides({ monthly_limit: 1 })
      .overage('charge')
      .used(1)
      .create();
    // Its server died an hour ago, before it admitted anything.
    const jobId = newId('job', Date.now() - 3_600_000);
    await tested.database.db.query(sql`INSERT INTO idempotency_keys (organization_id, key, route,
        job_id, lease_expires_at, created_at)
      VALUES (${made.organizationId}, 'left', ${`POST /v1/workspaces/${made.organizationId}/conversions`},
        ${jobId}, now() - interval '1 hour', now() - interval '1 hour')`);
    const response = await convert(made, { headers: { 'idempotency-key': 'left' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('job-id')).toBe(jobId);
    const { status, body } = await explain(made.organizationId, response.headers.get('request-id'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'charged', job_id: jobId, numbers: { used: 1 } });
  });

  it('counts those before it exactly, also when one batch passes the limit', async () => {
    const { db } = tested.database;
    const clock = new ManualClock(new Date(Date.now() + 1_000));
    const { organizationId } = await scenario(db, clock)
      .organization()
      .plan('starter')
      .overrides({ monthly_limit: 5, concurrent_limit: 8 })
      .overage('charge')
      .create();
    const metering = meteringOn(db, clock);
    const calls = Array.from({ length: 8 }, () => {
      const atMs = clock.now().getTime();
      const ids = { jobId: newId('job', atMs), requestId: newId('req', atMs) };
      return admitCall(organizationId, ids);
    });
    await Promise.all(calls.map((call) => metering.admit(call)));
    clock.advance(20);
    await Promise.all(
      calls.map((call) => metering.complete(completeCall(organizationId, call.jobId))),
    );
    const told: number[] = [];
    for (const { requestId } of calls) {
      const { status, body } = await explain(organizationId, requestId);
      told.push(status === 200 ? (body.numbers.used ?? -1) : status);
    }
    expect(told.toSorted((a, b) => a - b)).toEqual([5, 6, 7, 404, 404, 404, 404, 404]);
  });
});

describe('the record of refusals', () => {
  const recorderAt = (clock: ManualClock) =>
    new RefusalRecorder({ db: tested.database.db, clock, log: quietLog });
  const decision = (organizationId: string) =>
    ({ organization_id: organizationId, verdict: 'queue_full' }) as RefusedDecision;
  const kept = async (organizationId: string) => {
    const [row] = await tested.database.db.query<{ rows: number; refused: number }>(
      sql`SELECT (SELECT count(*) FROM usage_decisions WHERE organization_id = ${organizationId})
          AS rows, (SELECT sum(count)::bigint FROM usage_outcomes
          WHERE organization_id = ${organizationId}) AS refused`,
    );
    return row;
  };
  const addMany = (recorder: RefusalRecorder, organizationId: string, count: number) => {
    for (let n = 0; n < count; n += 1) {
      const requestId = newId('req', Date.now());
      recorder.add({ decision: decision(organizationId), requestId, slotSeconds: 1 });
    }
  };

  it('keeps a hundred an organization a minute, of all processes together; counts all', async () => {
    const { organizationId } = await scene().create();
    const clock = new ManualClock('2027-05-01T10:00:10Z');
    const recorders = [recorderAt(clock), recorderAt(clock)];
    for (const recorder of recorders) addMany(recorder, organizationId, 80);
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    expect(await kept(organizationId)).toEqual({ rows: 100, refused: 160 });
    for (const recorder of recorders) addMany(recorder, organizationId, 80);
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    expect(await kept(organizationId)).toEqual({ rows: 100, refused: 320 });
    clock.set('2027-05-01T10:01:00Z');
    for (const recorder of recorders) addMany(recorder, organizationId, 10);
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    expect(await kept(organizationId)).toEqual({ rows: 120, refused: 340 });
  });

  it('forgets after seven days, not before', async () => {
    const { organizationId } = await scene().create();
    const clock = new ManualClock('2027-06-01T10:00:00Z');
    const recorder = recorderAt(clock);
    addMany(recorder, organizationId, 3);
    await recorder.flush();
    clock.set('2027-06-08T10:00:00Z');
    await recorder.purge();
    expect((await kept(organizationId))?.rows).toBe(3);
    clock.advance(1);
    await recorder.purge();
    expect((await kept(organizationId))?.rows).toBe(0);
  });
});
