import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { chargeOverage, convert, overageOn, providerInvoices } from '../../test/overage.ts';

let world: BillingWorld;
const ids = { capped: '', byType: '', tiered: '' };

/** Five are included; past them by what is given. */
async function subscribed(price: object): Promise<string> {
  const shared = { currency: 'usd', interval: 'month', amount_minor: 1_000 };
  const { status, body } = await world.api.call('POST /v1/admin/plans', {
    body: {
      name: 'Priced',
      monthly_conversion_limit: 5,
      concurrent_conversion_limit: null,
      max_file_size_mb: null,
      rate_limit_per_minute: 1_000,
      overage_policies: ['charge'],
      prices: [{ ...shared, ...price }],
    },
  });
  expect(status).toBe(201);
  const id = await world.organization();
  await world.subscribe(id, { planId: String(body.id) });
  return id;
}

beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
  ids.capped = await subscribed({ overage_amount: '1.00' });
  ids.byType = await subscribed({
    overage_amount: '0.10',
    overage_amounts_by_type: { DOCX_TO_PDF: '0.75' },
  });
  ids.tiered = await subscribed({
    overage_amount: '0.50',
    overage_tiers: [
      { up_to: 3, amount: '0.50' },
      { up_to: 5, amount: '0.25' },
      { up_to: null, amount: '0' },
    ],
  });
  await chargeOverage(world.db, ids.capped, 500);
  await chargeOverage(world.db, ids.byType);
  await chargeOverage(world.db, ids.tiered);
});
afterAll(() => world.close());

async function linesOf(id: string) {
  return world.db.query<{ type: string; unit_amount: string; quantity: number; amount: number }>(
    sql`SELECT type, unit_amount::text, quantity, amount_minor AS amount FROM overage_bill_lines
      WHERE organization_id = ${id} ORDER BY position`,
  );
}

test('included 5, price 1.00, cap 5.00, fifteen at once: ten pass, and the bill is 5.00', async () => {
  const metering = meteringOn(world.db, world.clock);
  const calls = Array.from({ length: 15 }, () => admitCall(ids.capped));
  const decisions = await Promise.all(calls.map((call) => metering.admit(call)));
  const passed = calls.filter((_, index) => decisions[index]?.verdict.startsWith('allowed'));
  expect(passed).toHaveLength(10);
  const refused = decisions.filter(({ verdict }) => verdict === 'spend_cap_reached');
  expect(refused).toHaveLength(5);
  await Promise.all(passed.map((call) => metering.complete(completeCall(ids.capped, call.jobId))));
  await convert(world, ids.byType, 8, 'CSV_TO_JSON');
  await convert(world, ids.byType, 2, 'DOCX_TO_PDF');
  await convert(world, ids.tiered, 12);
  await world.advanceTo('2027-07-01T14:00:00Z');
  expect(await linesOf(ids.capped)).toEqual([
    { type: 'CSV_TO_JSON', unit_amount: '1', quantity: 5, amount: 500 },
  ]);
  const renewal = (await providerInvoices(world, ids.capped)).at(-1);
  expect(renewal).toMatchObject({ total: 1_500, status: 'paid' });
  await expectInvariants(world.db);
});

test('a type with a price of its own has a line of its own', async () => {
  expect(await linesOf(ids.byType)).toEqual([
    { type: 'CSV_TO_JSON', unit_amount: '0.1', quantity: 3, amount: 30 },
    { type: 'DOCX_TO_PDF', unit_amount: '0.75', quantity: 2, amount: 150 },
  ]);
});

test('graduated prices have a line each; what the last one gives for nothing has none', async () => {
  expect(await linesOf(ids.tiered)).toEqual([
    { type: 'CSV_TO_JSON', unit_amount: '0.25', quantity: 2, amount: 50 },
    { type: 'CSV_TO_JSON', unit_amount: '0.5', quantity: 3, amount: 150 },
  ]);
  const renewal = (await providerInvoices(world, ids.tiered)).at(-1);
  expect(renewal === undefined ? [] : overageOn(renewal)).toEqual([200]);
});
