import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { createTestApi } from '../../test/api.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../../test/billing.ts';
import { scenario } from '../../test/scenario.ts';
import { stripeEventRoutes } from './stripe-events-routes.ts';

let world: BillingWorld;
let id: string;
beforeAll(async () => {
  world = await createBillingWorld();
});
beforeEach(async () => {
  id = await world.organization();
  await world.subscribe(id, { planId: 'plan_starter' });
});
afterAll(() => world.close());

type Page = { data: { id: string; type: string; status: string }[]; has_more: boolean };
const list = async (query: string) =>
  (await world.api.call(`GET /v1/admin/stripe-events?${query}`)).body as unknown as Page;
const replay = (event: string) => world.api.call(`POST /v1/admin/stripe-events/${event}/replay`);

test('200: newest first, by workspace, type and status, in pages', async () => {
  const { data } = await list(`workspace_id=${id}&limit=100`);
  expect(data.length).toBeGreaterThan(3);
  expect(data[0]).toMatchObject({
    object: 'stripe_event',
    workspace_id: id,
    status: 'processed',
    source: 'webhook',
    attempts: 1,
    last_error: null,
    next_attempt_at: null,
  });
  const paid = await list(`workspace_id=${id}&type=invoice.paid`);
  expect(paid.data).toMatchObject([{ type: 'invoice.paid' }]);
  const first = await list(`workspace_id=${id}&limit=2`);
  const second = await list(`workspace_id=${id}&limit=2&starting_after=${first.data[1]?.id}`);
  expect([...first.data, ...second.data]).toEqual(data.slice(0, 4));
  const ignored = await list('status=ignored&limit=100');
  expect(new Set(ignored.data.map(({ status }) => status))).toEqual(new Set(['ignored']));
  expect((await list(`workspace_id=${id}&status=waiting`)).data).toEqual([]);
});

test('an event that fails says why, and is tried again later', async () => {
  world.simulator.faults.add({ kind: 'error_before', verb: 'GET', times: 50 });
  const { log } = world.deps;
  const warn = log.warn.bind(log);
  log.warn = () => undefined;
  await world.stripe.customers.update(
    String((await keptSubscription(world, id))['stripe_customer_id']),
    { description: 'new' },
  );
  await world.settle();
  log.warn = warn;
  world.simulator.faults.clear();
  const failed = await list(`workspace_id=${id}&status=failed`);
  expect(failed.data).toMatchObject([{ type: 'customer.updated', status: 'failed', attempts: 1 }]);
  expect(failed.data[0]).not.toMatchObject({ last_error: null, next_attempt_at: null });
  const reply = await replay(failed.data[0]?.id ?? '');
  expect(reply.body).toMatchObject({ status: 'processed', last_error: null, attempts: 1 });
});

test('a replay mends what is wrong, is written down, and a second one changes nothing', async () => {
  await world.db.query(sql`UPDATE organization_subscriptions SET plan_id = 'plan_pro'
    WHERE organization_id = ${id}`);
  const { data } = await list(`workspace_id=${id}&type=invoice.paid`);
  const event = data[0]?.id ?? '';
  expect((await replay(event)).status).toBe(200);
  expect(await keptSubscription(world, id)).toMatchObject({ plan_id: 'plan_starter' });
  const before = await keptSubscription(world, id);
  await replay(event);
  const { billing_sync_number: _, ...after } = await keptSubscription(world, id);
  expect(before).toMatchObject(after);
  const log = await world.api.call(`GET /v1/admin/audit-log?target_id=${event}`);
  expect(log.body.data).toHaveLength(2);
});

test('400, 401, 403 for an API key, 404, 409 where billing is off', async () => {
  const status = async (request: Parameters<typeof world.api.call>[0], as?: string | null) =>
    (await world.api.call(request, as === undefined ? {} : { as })).status;
  expect(await status('GET /v1/admin/stripe-events?status=lost')).toBe(400);
  expect(await status('GET /v1/admin/stripe-events', null)).toBe(401);
  const { apiKey } = await scenario(world.db, world.clock).organization().create();
  expect(await status('GET /v1/admin/stripe-events', apiKey)).toBe(403);
  expect(await status('POST /v1/admin/stripe-events/evt_none/replay')).toBe(404);
  const off = createTestApi(world.db, world.clock, stripeEventRoutes(null));
  expect((await off.call('POST /v1/admin/stripe-events/evt_none/replay')).status).toBe(409);
  expect((await off.call('GET /v1/admin/stripe-events')).status).toBe(200);
  await off.close();
});
