import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { adminRoutes } from '../../admin/routes.ts';
import { auditRoutes } from '../../audit/routes.ts';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { findUsage } from '../../metering/usage.ts';
import { createTestApi, type TestApi } from '../../test/api.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario, type Scene } from '../../test/scenario.ts';
import { billingRoutes } from '../routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...billingRoutes(null), ...adminRoutes, ...auditRoutes]);
});
beforeEach(() => clock.advance(5));
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();
const get = (id: string, as?: string | null) =>
  api.call(`GET /v1/workspaces/${id}/billing`, as === undefined ? {} : { as });
const patch = (id: string, body: object, as?: string | null) =>
  api.call(`PATCH /v1/workspaces/${id}/billing`, as === undefined ? { body } : { body, as });
const allowCharge = (id: string, overage_charge_allowed: unknown, as?: string) =>
  api.call(`PATCH /v1/admin/workspaces/${id}/billing`, {
    body: { overage_charge_allowed },
    ...(as === undefined ? {} : { as }),
  });
const policyInEffect = async ({ ctx }: Scene) => (await findUsage(ctx)).overage;

async function billingEvents(id: string): Promise<{ type: string; data: unknown }[]> {
  return database.db.query(
    sql`SELECT type, data FROM billing_events WHERE organization_id = ${id} ORDER BY id`,
  );
}

describe('GET …/billing', () => {
  test('200: a new workspace blocks, has no cap and nothing to pay', async () => {
    const { organizationId: id } = await make().plan('pro').create();
    const { status, body } = await get(id);
    expect(status).toBe(200);
    expect(body).toEqual({
      object: 'billing',
      workspace_id: id,
      status: 'ok',
      billing_email: null,
      currency: 'usd',
      balance_minor: 0,
      payment_method: null,
      payment_method_missing: false,
      next_invoice: null,
      overage_policy: 'block',
      spend_cap_minor: null,
    });
  });

  test('status tells of a debt and of a suspension, by whoever it is', async () => {
    const { organizationId: id } = await make().create();
    const set = (status: string) =>
      database.db.query(sql`UPDATE organization_subscriptions SET status = ${status}
        WHERE organization_id = ${id}`);
    await set('past_due');
    expect((await get(id)).body.status).toBe('past_due');
    await set('unpaid');
    expect((await get(id)).body.status).toBe('suspended');
    const suspended = await make().suspended().create();
    expect((await get(suspended.organizationId)).body.status).toBe('suspended');
  });

  test('401, 403 without billing:read, 404 for another workspace', async () => {
    const reader = await make()
      .key({ scopes: ['usage:read', 'billing:write'] })
      .create();
    const other = await make().create();
    expect((await get(reader.organizationId, null)).status).toBe(401);
    const refused = await get(reader.organizationId, reader.apiKey);
    expect(refused.body).toMatchObject({ status: 403, required_scope: 'billing:read' });
    expect((await get(other.organizationId, reader.apiKey)).status).toBe(404);
  });
});

describe('PATCH …/billing', () => {
  test('200: changes what is given, and writes down before and after of just that', async () => {
    const { organizationId: id, apiKey, apiKeyId } = await make().plan('starter').create();
    const { status, body } = await patch(id, { billing_email: 'Pay@Example.com' }, apiKey);
    expect(status).toBe(200);
    expect(body).toMatchObject({ billing_email: 'pay@example.com', overage_policy: 'block' });
    clock.advance(5);
    await patch(id, { overage_policy: 'warn', spend_cap_minor: 500 }, apiKey);
    expect((await get(id)).body).toMatchObject({
      billing_email: 'pay@example.com',
      overage_policy: 'warn',
      spend_cap_minor: 500,
    });
    const change = {
      before: { overage_policy: 'block', spend_cap_minor: null },
      after: { overage_policy: 'warn', spend_cap_minor: 500 },
    };
    const log = await api.call(`GET /v1/workspaces/${id}/audit-log?limit=1`);
    expect(log.body.data).toMatchObject([
      { action: 'billing.updated', actor: { kind: 'api_key', id: apiKeyId }, ...change },
    ]);
    expect((await billingEvents(id)).at(-1)).toEqual({ type: 'billing.updated', data: change });
  });

  test('null takes the cap and the address away; nothing given changes and tells nothing', async () => {
    const { organizationId: id } = await make().create();
    await patch(id, { billing_email: 'a@b.co', spend_cap_minor: 0 });
    await patch(id, { billing_email: null, spend_cap_minor: null });
    expect((await get(id)).body).toMatchObject({ billing_email: null, spend_cap_minor: null });
    const before = await billingEvents(id);
    await patch(id, {});
    await patch(id, { overage_policy: 'block', spend_cap_minor: null });
    expect(await billingEvents(id)).toEqual(before);
  });

  test('409 for a policy that the plan does not allow, with those that it does', async () => {
    const { organizationId: id } = await make().plan('free').create();
    await allowCharge(id, true);
    for (const overage_policy of ['warn', 'charge']) {
      const reply = await patch(id, { overage_policy, billing_email: 'x@example.com' });
      expect(reply.body).toMatchObject({
        status: 409,
        code: 'conflict',
        missing: ['plan'],
        overage_policies: ['block'],
      });
    }
    expect((await get(id)).body).toMatchObject({ overage_policy: 'block', billing_email: null });
  });

  test('409 for charge without a way to pay, until the operator gives his word', async () => {
    const scene = await make().plan('starter').create();
    const { organizationId: id } = scene;
    const refused = await patch(id, { overage_policy: 'charge' });
    expect(refused.body).toMatchObject({ status: 409, missing: ['payment_method'] });
    expect((await allowCharge(id, true)).body).toMatchObject({ overage_charge_allowed: true });
    expect((await patch(id, { overage_policy: 'charge' })).status).toBe(200);
    expect(await policyInEffect(scene)).toMatchObject({ policy: 'charge', unit_amount: '0.02' });
  });

  test('409 for charge without a price in the currency; an override is one', async () => {
    const { organizationId: id } = await make().plan('starter').create();
    await allowCharge(id, true);
    await database.db.query(sql`UPDATE organization_subscriptions SET currency = 'chf'
      WHERE organization_id = ${id}`);
    const refused = await patch(id, { overage_policy: 'charge' });
    expect(refused.body).toMatchObject({ status: 409, missing: ['overage_price'] });
    await api.call(`PUT /v1/admin/workspaces/${id}/overrides`, {
      body: { overage_price: '0.5', reason: 'Negotiated' },
    });
    expect((await patch(id, { overage_policy: 'charge' })).status).toBe(200);
  });

  test.each<[object, string]>([
    [{ spend_cap_minor: -1 }, '/body/spend_cap_minor'],
    [{ spend_cap_minor: 1.5 }, '/body/spend_cap_minor'],
    [{ spend_cap_minor: 1e300 }, '/body/spend_cap_minor'],
    [{ spend_cap_minor: '500' }, '/body/spend_cap_minor'],
    [{ spend_cap_minor: 'unlimited' }, '/body/spend_cap_minor'],
    [{ overage_policy: 'pay' }, '/body/overage_policy'],
    [{ overage_policy: null }, '/body/overage_policy'],
    [{ billing_email: 'nobody' }, '/body/billing_email'],
    [{ billing_email: `${'a'.repeat(250)}@b.co` }, '/body/billing_email'],
    [{ balance_minor: 1_000 }, '/body/balance_minor'],
    [{ overage_charge_allowed: true }, '/body/overage_charge_allowed'],
  ])('400: %j names %s', async (body, pointer) => {
    const { organizationId: id } = await make().plan('starter').create();
    const reply = await patch(id, body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errors: [{ pointer }] });
  });

  test('401, 403 without billing:write, 404 for another workspace', async () => {
    const reader = await make()
      .key({ scopes: ['billing:read'] })
      .create();
    const other = await make().create();
    const body = { spend_cap_minor: 1 };
    expect((await patch(reader.organizationId, body, null)).status).toBe(401);
    const refused = await patch(reader.organizationId, body, reader.apiKey);
    expect(refused.body).toMatchObject({ status: 403, required_scope: 'billing:write' });
    expect((await patch(other.organizationId, body, reader.apiKey)).status).toBe(404);
  });
});

describe('PATCH /v1/admin/workspaces/:workspaceId/billing', () => {
  test('200 and written down; taken back, a workspace that charges blocks again', async () => {
    const scene = await make().plan('pro').create();
    const { organizationId: id } = scene;
    await allowCharge(id, true);
    await patch(id, { overage_policy: 'charge' });
    const back = await allowCharge(id, false);
    expect(back.body).toMatchObject({ overage_charge_allowed: false, overage_policy: 'block' });
    expect(await policyInEffect(scene)).toMatchObject({ policy: 'block' });
    const log = await api.call(`GET /v1/workspaces/${id}/audit-log?limit=1`);
    expect(log.body.data).toMatchObject([
      {
        action: 'billing.overage_charge_allowed',
        actor: { kind: 'super_admin' },
        before: { overage_charge_allowed: true, overage_policy: 'charge' },
        after: { overage_charge_allowed: false, overage_policy: 'block' },
      },
    ]);
    const events = await billingEvents(id);
    await allowCharge(id, false);
    expect(await billingEvents(id)).toEqual(events);
  });

  test('400 for anything but a word, 403 for an API key, 404 for an unknown workspace', async () => {
    const { organizationId: id, apiKey } = await make().create();
    expect((await allowCharge(id, 'yes')).status).toBe(400);
    expect((await allowCharge(id, undefined)).status).toBe(400);
    expect((await allowCharge(id, true, apiKey)).status).toBe(403);
    expect((await allowCharge('org_none', true)).status).toBe(404);
  });
});

describe('a policy that changes while conversions are under way', () => {
  const limits = {
    monthly_limit: 1,
    overage_price: '1.00',
    concurrent_limit: 'unlimited',
  } as const;

  test('each keeps the policy and price of its admission; the next is decided by the new', async () => {
    const { organizationId: id } = await make().plan('starter').overrides(limits).used(1).create();
    const metering = meteringOn(database.db, clock);
    await allowCharge(id, true);
    const [charged, warned] = [admitCall(id), admitCall(id)];
    await patch(id, { overage_policy: 'charge' });
    expect((await metering.admit(charged)).verdict).toBe('allowed_overage');
    await patch(id, { overage_policy: 'warn' });
    expect((await metering.admit(warned)).verdict).toBe('allowed_overage');
    await patch(id, { overage_policy: 'block' });
    expect((await metering.admit(admitCall(id))).verdict).toBe('quota_exceeded');
    const stamps = await Promise.all(
      [charged, warned].map((call) => metering.complete(completeCall(id, call.jobId))),
    );
    expect(stamps.map((stamp) => stamp.unit_amount)).toEqual(['1.00', '0']);
    await expectInvariants(database.db, id);
  });

  test('no conversion is admitted past the limit once the change to block is answered', async () => {
    const { organizationId: id } = await make()
      .plan('starter')
      .overrides(limits)
      .overage('warn')
      .used(1)
      .create();
    const metering = meteringOn(database.db, clock);
    let answered = false;
    const change = patch(id, { overage_policy: 'block' }).then(() => (answered = true));
    const later: string[] = [];
    while (later.length < 5) {
      const isLater = answered;
      const { verdict } = await metering.admit(admitCall(id));
      if (isLater) later.push(verdict);
    }
    await change;
    expect(new Set(later)).toEqual(new Set(['quota_exceeded']));
    await expectInvariants(database.db, id);
  });
});
