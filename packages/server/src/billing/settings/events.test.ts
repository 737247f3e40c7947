import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminRoutes } from '../../admin/routes.ts';
import { ManualClock } from '../../clock.ts';
import { createTestApi, type TestApi } from '../../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { scenario } from '../../test/scenario.ts';
import { billingRoutes } from '../routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, [...billingRoutes(null), ...adminRoutes]);
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();

test('200: overrides, assigned plans, suspensions and settings, newest first and page by page', async () => {
  const { organizationId, apiKey } = await make()
    .key({ scopes: ['billing:read'] })
    .create();
  const admin = `/v1/admin/workspaces/${organizationId}`;
  const path = `/v1/workspaces/${organizationId}/billing`;
  const step = async (request: Parameters<TestApi['call']>[0], body: object) => {
    clock.advance(1000);
    expect((await api.call(request, { body })).status).toBe(200);
  };
  await step(`PUT ${admin}/overrides`, { monthly_limit: 500, reason: 'A pilot' });
  await step(`POST ${admin}/subscription`, { plan_id: 'plan_pro' });
  await step(`POST ${admin}/suspend`, { reason: 'Fraud?' });
  await step(`POST ${admin}/reactivate`, {});
  await step(`PATCH ${path}`, { billing_email: 'pay@example.com' });
  const { status, body } = await api.call(`GET ${path}/events?limit=3`, { as: apiKey });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    object: 'list',
    has_more: true,
    data: [
      { object: 'billing_event', workspace_id: organizationId, type: 'billing.updated' },
      { type: 'workspace.reactivated', summary: 'Reactivated by the operator' },
      { type: 'workspace.suspended', data: { reason: 'Fraud?' } },
    ],
  });
  const cursor = body['next_cursor'] as string;
  const rest = await api.call(`GET ${path}/events?starting_after=${cursor}`, { as: apiKey });
  expect(rest.body).toMatchObject({
    has_more: false,
    data: [
      { type: 'subscription.plan_assigned' },
      { type: 'overrides.set' },
      { type: 'subscription.created', summary: 'Started on Free' },
    ],
  });
  const some = await api.call(`GET ${path}/events?type=overrides.set`, { as: apiKey });
  expect(some.body['data']).toMatchObject([{ type: 'overrides.set' }]);
});

test('403 without the scope, 404 for another workspace', async () => {
  const { organizationId, apiKey } = await make()
    .key({ scopes: ['usage:read'] })
    .create();
  const other = await make().create();
  const events = (id: string) =>
    api.call(`GET /v1/workspaces/${id}/billing/events`, { as: apiKey });
  expect((await events(organizationId)).status).toBe(403);
  expect((await events(other.organizationId)).status).toBe(404);
});
