import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditRoutes } from '../audit/routes.ts';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { admitBatch } from '../metering/sql.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { adminRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...adminRoutes, ...auditRoutes]);
});
beforeEach(() => clock.advance(5));
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();
const path = '/v1/admin/workspaces';

describe('POST /v1/admin/workspaces', () => {
  test('201: with plan, owner and an empty period', async () => {
    const { status, body } = await api.call(`POST ${path}`, {
      body: { name: 'Acme', owner_email: 'Ada@Example.com', plan_id: 'plan_pro' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      object: 'workspace',
      name: 'Acme',
      plan_id: 'plan_pro',
      billing_email: 'ada@example.com',
      subscription: { object: 'subscription', plan: { id: 'plan_pro' }, status: 'active' },
      usage: {
        period_start: clock.now().toISOString(),
        used: 0,
        reserved: 0,
        overage: 0,
        limit: 10_000,
        active: 0,
        queued: 0,
        concurrent_limit: 5,
      },
      overrides: null,
      suspended: false,
      suspended_reason: null,
    });
  });

  test('the same owner of two workspaces is one person', async () => {
    for (const owner_email of ['grace@example.com', 'Grace@Example.com']) {
      await api.call(`POST ${path}`, { body: { name: 'Navy', owner_email } });
    }
    const rows = await database.db.query(
      sql`SELECT u.email, u.name, count(*), array_agg(DISTINCT m.role) AS roles
          FROM "user" u JOIN member m ON m.user_id = u.id
          WHERE u.email = 'grace@example.com' GROUP BY u.id`,
    );
    expect(rows).toEqual([
      { email: 'grace@example.com', name: 'grace', count: 2, roles: ['owner'] },
    ]);
  });

  test.each<[object, string]>([
    [{ name: 'x', owner_email: 'nobody' }, '/body/owner_email'],
    [{ name: 'x', owner_email: `${'a'.repeat(250)}@example.com` }, '/body/owner_email'],
    [{ name: 'x', plan_id: 'plan_none' }, '/body/plan_id'],
    [{ name: 7 }, '/body/name'],
    [{ name: 'x', billing_email: 'a@b.co' }, '/body/billing_email'],
  ])('400: %j names %s, and nothing is made', async (body, pointer) => {
    const count = async () =>
      database.db.query(
        sql`SELECT count(*) FROM organization UNION ALL SELECT count(*) FROM "user"`,
      );
    const before = await count();
    const reply = await api.call(`POST ${path}`, { body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ errors: [{ pointer }] });
    expect(await count()).toEqual(before);
  });
});

describe('GET /v1/admin/workspaces', () => {
  test('finds by a part of the name in any case, by slug and by id', async () => {
    const { organizationId: id } = await scenario(database.db, clock)
      .organization('Needle 100%_Co')
      .used(3)
      .create();
    const { body } = await api.call(`GET ${path}/${id}`);
    for (const search of ['needle', '100%_c', String(body.slug), id]) {
      const query = new URLSearchParams({ search }).toString();
      const found = await api.call(`GET ${path}?${query}`);
      expect(found.body).toMatchObject({ data: [{ id, usage: { used: 3, limit: 100 } }] });
    }
    const none = await api.call(`GET ${path}?search=needle_100`);
    expect(none.body).toMatchObject({ data: [], has_more: false });
  });

  test('goes page by page, newest first', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) {
      clock.advance(5);
      ids.unshift((await make().create()).organizationId);
    }
    const first = await api.call(`GET ${path}?limit=2`);
    expect(first.body).toMatchObject({
      data: [{ id: ids[0] }, { id: ids[1] }],
      next_cursor: ids[1],
    });
    const next = await api.call(`GET ${path}?limit=1&starting_after=${ids[1]}`);
    expect(next.body).toMatchObject({ data: [{ id: ids[2] }] });
  });

  test('404 for an unknown workspace', async () => {
    expect((await api.call(`GET ${path}/org_none`)).status).toBe(404);
  });
});

describe('suspend and reactivate', () => {
  const lockUsage = (id: string) =>
    sql`SELECT lock_organizations(ARRAY[${id}], ${clock.now()}::timestamptz)`;

  /** Whether somebody has got as far as the lock that another one holds. */
  const isWaiting = async (id: string) => {
    const rows = await database.owner.query(sql`SELECT FROM pg_stat_activity a
      WHERE a.wait_event_type = 'Lock' AND a.datname = current_database()
        AND EXISTS (SELECT FROM organization WHERE id = ${id})`);
    return rows.length > 0;
  };

  const send = (id: string, verb: string, body?: object) =>
    api.call(`POST ${path}/${id}/${verb}`, body === undefined ? {} : { body });

  test('new conversions are refused from the reply on; what runs is counted', async () => {
    const { organizationId: id, jobIds } = await make().plan('pro').running(1).create();
    const metering = meteringOn(database.db, clock);
    const { status, body } = await send(id, 'suspend', { reason: 'Abuse' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ suspended: true, suspended_reason: 'Abuse' });
    expect((await metering.admit(admitCall(id))).verdict).toBe('suspended');
    const done = await metering.complete(completeCall(id, jobIds[0] ?? ''));
    expect(done.result).toBe('counted');
    const back = await send(id, 'reactivate');
    expect(back.body).toMatchObject({ suspended: false, suspended_reason: null });
    expect((await metering.admit(admitCall(id))).verdict).toBe('allowed');
    const log = await api.call(`GET /v1/workspaces/${id}/audit-log?limit=2`);
    const actor = { kind: 'super_admin', id: 'operator' };
    const [off, on] = [{ suspended: false }, { suspended: true }];
    expect(log.body.data).toMatchObject([
      { action: 'workspace.reactivated', actor, before: on, after: off, reason: null },
      { action: 'workspace.suspended', actor, before: off, after: on, reason: 'Abuse' },
    ]);
  });

  test('409 for a second time, 400 without a reason, 404 for an unknown workspace', async () => {
    const { organizationId: id } = await make().create();
    expect((await send(id, 'reactivate')).body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await send(id, 'suspend', {})).status).toBe(400);
    expect((await send(id, 'suspend', { reason: 'x' })).status).toBe(200);
    expect((await send(id, 'suspend', { reason: 'y' })).status).toBe(409);
    expect((await send('org_none', 'suspend', { reason: 'x' })).status).toBe(404);
    expect((await send('org_none', 'reactivate')).status).toBe(404);
  });

  test('a suspension that waits for an admission which ends a period does not deadlock with it', async () => {
    const { organizationId: id } = await make().used(1).create();
    let suspended: Promise<unknown> = Promise.resolve();
    await database.db.transaction(async (tx) => {
      await tx.query(lockUsage(id));
      suspended = send(id, 'suspend', { reason: 'x' });
      await expect.poll(() => isWaiting(id)).toBe(true);
      // The row of the closed period refers to the organization.
      const asOf = new Date('2027-03-15T00:00:00Z');
      const settings = { queuedMax: 10, attemptsMax: 3, asOf };
      const rows = await tx.query(admitBatch([admitCall(id)], settings));
      expect(rows).toMatchObject([{ verdict: 'allowed' }]);
    });
    expect(await suspended).toMatchObject({ status: 200, body: { suspended: true } });
  });
});

test('every route of the super admin answers 401 to nobody and 403 to an API key', async () => {
  const { organizationId: id, apiKey } = await make().create();
  const admin = [...adminRoutes, ...auditRoutes].filter(({ url }) => url.startsWith('/v1/admin'));
  expect(admin.length).toBeGreaterThan(9);
  const statuses = await Promise.all(
    admin.map(async ({ method, url }) => {
      const request = `${method} ${url.replace(':workspaceId', id)}` as const;
      const [nobody, key] = [
        await api.call(request, { as: null }),
        await api.call(request, { as: apiKey }),
      ];
      return { request, nobody: nobody.status, key: key.status };
    }),
  );
  expect(statuses.filter(({ nobody, key }) => nobody !== 401 || key !== 403)).toEqual([]);
});
