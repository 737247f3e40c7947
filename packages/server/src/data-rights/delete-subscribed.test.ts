import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConversionDeps } from '../conversions/deps.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../test/billing.ts';
import {
  customerOf,
  finishCheckout,
  invoicesOf,
  subscriber,
  visitor,
  type Visitor,
} from '../test/checkout.ts';
import { quietLog } from '../test/server.ts';
import { deleteOrganization } from './sql.ts';
import { deleteWorkspace } from './delete-workspace.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T00:00:00Z' });
});
afterAll(() => world.close());

function remove({ organizationId }: Visitor) {
  const ctx = {
    db: world.db,
    clock: world.clock,
    log: quietLog,
    actor: { kind: 'super_admin', id: 'operator' } as const,
    requestId: newId('req', Date.now()),
    organization: { id: organizationId },
  };
  // No file is touched by the deletion itself.
  const deps = { conversions: {} as ConversionDeps, billing: world.deps };
  return deleteWorkspace(deps, ctx, 'Acme');
}

async function statusesOf(customer: string): Promise<string[]> {
  const { data } = await world.stripe.subscriptions.list({ customer, status: 'all' });
  return data.map(({ status }) => status);
}

test('a page that was open when the workspace was deleted subscribes nobody', async () => {
  const one = await visitor(world);
  const { body } = await one.call('POST', 'subscription', { plan_id: 'plan_starter' });
  const { id } = await customerOf(world, one);
  await remove(one);
  await fetch(String(body['checkout_url']), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'card=visa',
  });
  await world.settle();
  const { data } = await world.stripe.checkout.sessions.list({ customer: id });
  expect(data.map(({ status }) => status)).toEqual(['expired']);
  expect(await statusesOf(id)).toEqual([]);
});

test('a subscription that a deleted workspace has all the same is paid back and cancelled when we hear of it', async () => {
  const one = await visitor(world);
  const order = { plan_id: 'plan_starter', interval: 'year' };
  const { body } = await one.call('POST', 'subscription', order);
  const { id } = await customerOf(world, one);
  // As when the page is paid while the workspace is being deleted.
  await world.db.query(deleteOrganization(one.organizationId, world.clock.now()));
  await finishCheckout(world, body['checkout_url']);
  await world.settle();
  expect(await statusesOf(id)).toEqual(['canceled']);
  const [invoice] = await invoicesOf(world, one);
  expect(invoice).toMatchObject({ amount_paid: 19_000, post_payment_credit_notes_amount: 19_000 });
  const { data: refunds } = await world.stripe.refunds.list({ limit: 100 });
  expect(refunds.map(({ amount }) => amount)).toEqual([19_000]);
  const told = await world.db.query(sql`SELECT action FROM audit_log
    WHERE organization_id = ${one.organizationId} AND action LIKE '%paid_back'`);
  expect(told).toEqual([{ action: 'subscription.of_deleted_paid_back' }]);
  await world.settle();
  expect(await keptSubscription(world, one.organizationId)).toMatchObject({ status: 'cancelled' });
});

test('a deleted workspace is not charged again, and its invoices stay in the books', async () => {
  const one = await subscriber(world, { plan_id: 'plan_starter' });
  const [paid] = await invoicesOf(world, one);
  await remove(one);
  await world.settle();
  const { data } = await world.stripe.subscriptions.list({ status: 'canceled', limit: 100 });
  expect(data.map(({ metadata }) => metadata['organization_id'])).toContain(one.organizationId);
  await world.advanceTo('2027-08-02T00:00:00Z');
  const invoices = await invoicesOf(world, one);
  expect(invoices.map(({ id }) => id)).toEqual([paid?.id]);
  expect(invoices[0]?.post_payment_credit_notes_amount).toBe(0);
  expect(await keptSubscription(world, one.organizationId)).toMatchObject({ status: 'cancelled' });
  const kept = await world.db.query<{ total_minor: number }>(
    sql`SELECT total_minor FROM invoices WHERE organization_id = ${one.organizationId}`,
  );
  expect(kept).toEqual([{ total_minor: 1900 }]);
});
