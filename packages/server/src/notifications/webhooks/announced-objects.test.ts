import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemContext } from '../../billing/deps.ts';
import { idOf } from '../../billing/provider/stripe.ts';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { notificationsOn } from '../../test/notifications.ts';
import type { NotificationDeps } from '../deps.ts';
import { fanOut } from '../fan-out.ts';
import { createEndpoint } from './endpoints.ts';

let world: BillingWorld;
let deps: NotificationDeps;
beforeAll(async () => {
  world = await createBillingWorld();
  deps = notificationsOn(world.db, world.clock);
});
afterAll(() => world.close());

interface Event {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

async function workspace(): Promise<string> {
  const id = await world.organization();
  await createEndpoint(systemContext(world.deps, id), deps, { url: 'https://hooks.example.com/' });
  return id;
}

async function eventsOf(organizationId: string): Promise<Event[]> {
  await fanOut(deps);
  const rows = await world.db.query<{ body: string }>(sql`SELECT body FROM webhook_events
    WHERE organization_id = ${organizationId} ORDER BY outbox_id`);
  return rows.map(({ body }) => JSON.parse(body) as Event);
}

async function ask(path: string): Promise<Record<string, unknown>> {
  const { status, body } = await world.api.call(`GET /v1/workspaces/${path}`);
  expect(status).toBe(200);
  return body;
}

test('an invoice is told as the API shows it, with its lines, and with what is told beside it', async () => {
  const id = await workspace();
  await world.subscribe(id, { planId: 'plan_starter' });
  const events = await eventsOf(id);
  const paid = events.find(({ type }) => type === 'invoice.paid');
  const invoiceId = String(paid?.data['invoice_id']);
  const shown = await ask(`${id}/billing/invoices/${invoiceId}`);
  expect(paid?.data).toEqual({ ...shown, invoice_id: invoiceId });
  expect(shown['lines']).toMatchObject([{ kind: 'base', amount_minor: 1_900 }]);
});

test('a subscription is told as the API shows it', async () => {
  const id = await workspace();
  await world.subscribe(id, { planId: 'plan_starter' });
  const changed = (await eventsOf(id)).find(({ type }) => type === 'subscription.changed');
  expect(changed?.data).toMatchObject({ change: 'subscribed', plan_id: 'plan_starter' });
  expect(changed?.data['subscription']).toEqual(await ask(`${id}/subscription`));
});

test('both are told as they were when it happened, however late that goes out', async () => {
  const id = await workspace();
  const { default_payment_method: method } = await world.subscribe(id, { planId: 'plan_starter' });
  await eventsOf(id);
  const card = (name: string) =>
    world.simulator.run((tx) => {
      const kept = tx.get('payment_method', idOf(method) ?? '');
      if (kept !== undefined) kept.sim_card = name;
    });
  await card('chargeCustomerFail');
  await world.advanceTo(new Date(world.clock.now().getTime() + 31 * 86_400_000));
  await card('visa');
  await world.advanceTo(new Date(world.clock.now().getTime() + 8 * 86_400_000));
  const later = (await eventsOf(id)).slice(-3);
  expect(later.map(({ type, data }) => [type, data['status'], data['day']])).toEqual([
    ['invoice.finalized', 'open', undefined],
    ['invoice.payment_failed', 'open', 0],
    ['invoice.paid', 'paid', undefined],
  ]);
});
