import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { setOverrides } from '../subscriptions/overrides.ts';
import { admitCall, completeCall } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { admitBatch, completeBatch } from './sql.ts';
import { findUsage } from './usage.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;

const tiers = [
  { up_to: 2, amount: '0.30' },
  { up_to: 5, amount: '0.20' },
  { up_to: null, amount: '0.05' },
];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(sql`INSERT INTO subscription_plans (id, name, created_at, updated_at)
    VALUES ('plan_tiered', 'Tiered', now(), now())`);
  await database.db.query(sql`INSERT INTO subscription_plan_versions VALUES
    ('plan_tiered', 1, 3, NULL, NULL, 100, '{block,warn,charge}', '{}', now())`);
  await database.db.query(sql`INSERT INTO subscription_plan_prices
    VALUES ('plan_tiered', 1, 'usd', 'month', 0, 0.30, '{"XLSX_TO_CSV": "1.50"}',
      ${JSON.stringify(tiers)}::jsonb)`);
});
afterAll(() => database.close());

const make = () => scenario(database.db, clock).organization().plan('plan_tiered');

async function convert(organizationId: string, types: readonly string[]) {
  const calls = types.map((type) => admitCall(organizationId, { type }));
  const settings = { queuedMax: 1_000, attemptsMax: 3, asOf: clock.now() };
  const admitted = await database.db.query<{ verdict: string }>(admitBatch(calls, settings));
  const completions = calls
    .filter((_, index) => admitted[index]?.verdict.startsWith('allowed'))
    .map(({ jobId }) => completeCall(organizationId, jobId));
  const counted = await database.db.query<{ unit_amount: string | null }>(
    completeBatch(completions, clock.now()),
  );
  return {
    verdicts: admitted.map(({ verdict }) => verdict),
    amounts: counted.map((row) => (row.unit_amount === null ? null : Number(row.unit_amount))),
  };
}

const csv = (count: number) => Array.from({ length: count }, () => 'CSV_TO_JSON');

test('the n-th conversion past the limit costs what its tier says, in one batch or in many', async () => {
  const one = await make().overage('charge').create();
  const many = await make().overage('charge').create();
  const expected = [null, null, null, 0.3, 0.3, 0.2, 0.2, 0.2, 0.05, 0.05];
  expect((await convert(one.organizationId, csv(10))).amounts).toEqual(expected);
  const amounts = [];
  for (const part of [2, 3, 1, 4]) {
    amounts.push(...(await convert(many.organizationId, csv(part))).amounts);
  }
  expect(amounts).toEqual(expected);
  await expectInvariants(database.db);
});

test('a type with a price of its own keeps it, and moves the others on through the tiers', async () => {
  const { organizationId } = await make().overage('charge').used(3).create();
  const types = ['CSV_TO_JSON', 'XLSX_TO_CSV', 'CSV_TO_JSON', 'XLSX_TO_CSV', 'CSV_TO_JSON'];
  const { amounts } = await convert(organizationId, types);
  expect(amounts).toEqual([0.3, 1.5, 0.2, 1.5, 0.2]);
});

test('a conversion keeps the tiers of its admission, whatever is changed meanwhile', async () => {
  const { organizationId, ctx } = await make().overage('charge').used(3).create();
  const call = admitCall(organizationId);
  const settings = { queuedMax: 1_000, attemptsMax: 3, asOf: clock.now() };
  await database.db.query(admitBatch([call], settings));
  await setOverrides(ctx, { overage_price: '9', reason: 'Another price' });
  const [first] = await database.db.query<{ unit_amount: string }>(
    completeBatch([completeCall(organizationId, call.jobId)], clock.now()),
  );
  expect(Number(first?.unit_amount)).toBe(0.3);
  expect((await convert(organizationId, csv(1))).amounts).toEqual([9]);
});

test('usage shows every price past the limit, and only the override where there is one', async () => {
  const { organizationId, ctx } = await make().overage('charge').used(3).create();
  await convert(organizationId, csv(2));
  const shown = async () => (await findUsage(ctx)).overage;
  expect(await shown()).toMatchObject({
    unit_amount: '0.20',
    unit_amounts_by_type: { XLSX_TO_CSV: '1.50' },
    tiers,
  });
  await setOverrides(ctx, { overage_price: '9', reason: 'Another price' });
  expect(await shown()).toMatchObject({
    unit_amount: '9',
    unit_amounts_by_type: null,
    tiers: null,
  });
});

test('under warn a tier costs nothing', async () => {
  const { organizationId } = await make().overage('warn').used(3).create();
  expect((await convert(organizationId, csv(3))).amounts).toEqual([0, 0, 0]);
});

test('the spend cap reckons with the dearest price that a running conversion may yet have', async () => {
  const { organizationId } = await make().overage('charge', 500).used(3).create();
  // 5.00 at no more than 1.50 each: three at once, whatever their type.
  const { verdicts, amounts } = await convert(organizationId, csv(5));
  expect(verdicts.filter((verdict) => verdict === 'allowed_overage')).toHaveLength(3);
  expect(amounts).toEqual([0.3, 0.3, 0.2]);
  const [row] = await database.db.query<{ accrued: string }>(sql`SELECT overage_accrued AS accrued
    FROM usage_counters WHERE organization_id = ${organizationId}`);
  expect(Number(row?.accrued)).toBeCloseTo(0.8, 10);
});

test('a new period begins with the first tier again', async () => {
  const { organizationId } = await make().overage('charge').used(3).create();
  await convert(organizationId, csv(3));
  clock.set('2027-03-05T10:00:00Z');
  expect((await convert(organizationId, csv(4))).amounts).toEqual([null, null, null, 0.3]);
});
