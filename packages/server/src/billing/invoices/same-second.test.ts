import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { offer, subscriber } from '../../test/checkout.ts';

let world: BillingWorld;
beforeAll(async () => {
  world = await createBillingWorld();
});
afterAll(() => world.close());

test('invoices of one second are shown in their order, the newest first', async () => {
  const amounts = [2_000, 3_000, 4_000, 5_000];
  for (const usd of amounts) await offer(world, `plan_p${usd}`, { usd });
  const one = await subscriber(world, { plan_id: 'plan_starter' });
  for (const usd of amounts) {
    const { status } = await one.call('POST', 'subscription', { plan_id: `plan_p${usd}` });
    expect(status).toBe(200);
  }
  const { body } = await one.call('GET', 'billing/invoices');
  const shown = body['data'] as { created_at: string; total_minor: number }[];
  expect(new Set(shown.map(({ created_at }) => created_at)).size).toBe(1);
  expect(shown.map(({ total_minor }) => total_minor)).toEqual([1_000, 1_000, 1_000, 100, 1_900]);
  const second = await one.call('GET', 'billing/invoices?limit=2');
  const next = await one.call(
    'GET',
    `billing/invoices?limit=3&starting_after=${String(second.body['next_cursor'])}`,
  );
  const rest = next.body['data'] as { total_minor: number }[];
  expect(rest.map(({ total_minor }) => total_minor)).toEqual([1_000, 100, 1_900]);
});
