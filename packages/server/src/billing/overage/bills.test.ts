import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { findViolations } from '../../metering/invariants.ts';
import { setOverrides } from '../../subscriptions/overrides.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario, type Scene } from '../../test/scenario.ts';
import { sealOverage } from './seal-bills.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const january = '2027-01-31T10:00:00Z';
const february = '2027-02-28T10:00:00Z';
const march = '2027-03-31T10:00:00Z';

const limits = { monthly_limit: 0, concurrent_limit: 'unlimited' } as const;

/** Nothing is included; each conversion costs `price`. */
async function charging(clock: ManualClock, price: string): Promise<Scene> {
  return scenario(database.db, clock)
    .organization()
    .plan('starter')
    .overrides({ ...limits, overage_price: price })
    .overage('charge')
    .create();
}

async function convert(scene: Scene, count: number, type = 'CSV_TO_JSON'): Promise<void> {
  const { ctx, organizationId } = scene;
  const metering = meteringOn(ctx.db, ctx.clock);
  const calls = Array.from({ length: count }, () => admitCall(organizationId, { type }));
  await Promise.all(calls.map((call) => metering.admit(call)));
  await Promise.all(
    calls.map((call) => metering.complete(completeCall(organizationId, call.jobId))),
  );
}

const setPrice = (scene: Scene, price: string) =>
  setOverrides(scene.ctx, { ...limits, overage_price: price, reason: 'A new price' });

interface Line {
  bill: string;
  type: string;
  unit_amount: string;
  quantity: number;
  amount_minor: number;
  period_start: string;
}

async function linesOf({ organizationId }: Scene): Promise<Line[]> {
  return database.db.query<Line>(sql`SELECT usage_period_start AS bill, type,
      unit_amount::text, quantity, amount_minor, period_start
    FROM overage_bill_lines WHERE organization_id = ${organizationId}
    ORDER BY usage_period_start, position`);
}

async function billsOf({ organizationId }: Scene) {
  return database.db.query<{ state: string; amount_minor: number | null; quantity: number | null }>(
    sql`SELECT state, amount_minor, quantity FROM overage_bills
      WHERE organization_id = ${organizationId} ORDER BY usage_period_start`,
  );
}

const countRows = async (table: 'audit' | 'events', { organizationId }: Scene) => {
  const statement =
    table === 'audit'
      ? sql`SELECT count(*) AS n FROM audit_log WHERE action = 'overage.billed'
          AND organization_id = ${organizationId}`
      : sql`SELECT count(*) AS n FROM billing_events WHERE type = 'overage.billed'
          AND organization_id = ${organizationId}`;
  return (await database.db.query<{ n: number }>(statement))[0]?.n;
};

test('a price that changes within the period is billed as it was stamped: 5.00 and 40.00', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  await convert(scene, 50);
  await setPrice(scene, '0.20');
  await convert(scene, 200);
  clock.set(february);
  await sealOverage(scene.ctx, { collected: true });
  expect(await linesOf(scene)).toMatchObject([
    { unit_amount: '0.1', quantity: 50, amount_minor: 500 },
    { unit_amount: '0.2', quantity: 200, amount_minor: 4_000 },
  ]);
  expect(await billsOf(scene)).toEqual([{ state: 'computed', amount_minor: 4_500, quantity: 250 }]);
  await expectInvariants(database.db, scene.organizationId);
});

test('each line is rounded once, half up: 1,234 at 0.004 are 4.94, two types at 0.125 are 13 and 13', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.004');
  await convert(scene, 1_234, 'XLSX_TO_CSV');
  await setPrice(scene, '0.125');
  await convert(scene, 1, 'CSV_TO_JSON');
  await convert(scene, 1, 'JSON_TO_CSV');
  clock.set(february);
  await sealOverage(scene.ctx, { collected: true });
  const amounts = (await linesOf(scene)).map(({ type, amount_minor }) => [type, amount_minor]);
  expect(amounts).toEqual([
    ['CSV_TO_JSON', 13],
    ['JSON_TO_CSV', 13],
    ['XLSX_TO_CSV', 494],
  ]);
});

test.each([
  ['usd', '0.005', 1],
  ['usd', '0.00499', 0],
  ['jpy', '0.5', 1],
  ['kwd', '0.0154', 20],
  ['kwd', '0.015', 20],
  ['kwd', '0.0149', 10],
  ['isk', '0.5', 100],
  ['ugx', '1.49', 100],
])('what %s takes: %s is %i', async (currency, amount, minor) => {
  const [row] = await database.db.query<{ minor: number }>(
    sql`SELECT round_to_minor(${amount}::numeric, ${currency}) AS minor`,
  );
  expect(row?.minor).toBe(minor);
});

test('a completion after the seal goes onto the next bill, with its own price and period', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  await convert(scene, 3);
  const metering = meteringOn(database.db, clock);
  const late = admitCall(scene.organizationId);
  await metering.admit(late);
  clock.set(february);
  await setPrice(scene, '0.30');
  await convert(scene, 1);
  await sealOverage(scene.ctx, { collected: true });
  await metering.complete(completeCall(scene.organizationId, late.jobId));
  expect(await billsOf(scene)).toMatchObject([
    { state: 'computed', quantity: 3 },
    { state: 'open' },
  ]);
  clock.set(march);
  await sealOverage(scene.ctx, { collected: true });
  const [first, second] = ['2027-01-31T10:00:00.000Z', '2027-02-28T10:00:00.000Z'];
  expect(await linesOf(scene)).toMatchObject([
    { bill: first, unit_amount: '0.1', quantity: 3, period_start: first },
    { bill: second, unit_amount: '0.1', quantity: 1, period_start: first },
    { bill: second, unit_amount: '0.3', quantity: 1, period_start: second },
  ]);
  await expectInvariants(database.db, scene.organizationId);
});

test('sealed by ten at once and again, there is one bill, one audit row, one billing event', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  await convert(scene, 20);
  clock.set(february);
  const seal = () => sealOverage(scene.ctx, { collected: true });
  await Promise.all(Array.from({ length: 10 }, seal));
  await seal();
  expect(await billsOf(scene)).toEqual([{ state: 'computed', amount_minor: 200, quantity: 20 }]);
  expect(await countRows('audit', scene)).toBe(1);
  expect(await countRows('events', scene)).toBe(1);
});

test('conversions that complete while bills are sealed stand on one bill each', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  const metering = meteringOn(database.db, clock);
  const calls = Array.from({ length: 200 }, () => admitCall(scene.organizationId));
  await Promise.all(calls.map((call) => metering.admit(call)));
  clock.set(february);
  await convert(scene, 1);
  await Promise.all(
    calls.map(async (call, index) => {
      if (index % 40 === 0) await sealOverage(scene.ctx, { collected: true });
      await metering.complete(completeCall(scene.organizationId, call.jobId));
    }),
  );
  clock.set(march);
  await sealOverage(scene.ctx, { collected: true });
  const quantities = (await billsOf(scene)).map((bill) => bill.quantity ?? 0);
  expect(quantities.reduce((sum, one) => sum + one, 0)).toBe(201);
  await expectInvariants(database.db, scene.organizationId);
});

test('a warning costs nothing and makes no bill; nor does a period without overage', async () => {
  const clock = new ManualClock(january);
  const warned = await scenario(database.db, clock)
    .organization()
    .plan('starter')
    .overrides(limits)
    .overage('warn')
    .create();
  await convert(warned, 5);
  clock.set(february);
  await sealOverage(warned.ctx, { collected: true });
  expect(await billsOf(warned)).toEqual([]);
});

test('a subscription that ends is billed up to then; the rest of its period stands on a bill of its own', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  await convert(scene, 2);
  clock.set('2027-02-10T12:00:00Z');
  const cutAt = clock.now();
  await sealOverage(scene.ctx, { collected: true, cutAt });
  await convert(scene, 1);
  clock.set(february);
  await sealOverage(scene.ctx, { collected: true });
  const bills = await database.db.query(sql`SELECT usage_period_start, usage_period_end, quantity
    FROM overage_bills WHERE organization_id = ${scene.organizationId} ORDER BY 1`);
  const [start, cut, end] = [
    '2027-01-31T10:00:00.000Z',
    '2027-02-10T12:00:00.000Z',
    '2027-02-28T10:00:00.000Z',
  ];
  expect(bills).toEqual([
    { usage_period_start: start, usage_period_end: cut, quantity: 2 },
    { usage_period_start: cut, usage_period_end: end, quantity: 1 },
  ]);
  await expectInvariants(database.db, scene.organizationId);
});

test('a bill falls due an hour after its period, or after the anchor that cuts it', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  const other = await charging(clock, '0.10');
  await convert(scene, 2);
  await convert(other, 1);
  clock.set('2027-02-10T12:00:00Z');
  await database.db.query(sql`SELECT cut_usage_period(${other.organizationId},
    ${clock.now()}::timestamptz, ${clock.now()}::timestamptz)`);
  const dueOf = async ({ organizationId }: Scene) =>
    database.db.query(sql`SELECT due_at, reference FROM due_work
      WHERE organization_id = ${organizationId} AND kind = 'overage_invoice'`);
  const reference = '2027-01-31T10:00:00.000Z';
  expect(await dueOf(scene)).toEqual([{ due_at: '2027-02-28T11:00:00.000Z', reference }]);
  expect(await dueOf(other)).toEqual([{ due_at: '2027-02-10T13:00:00.000Z', reference }]);
});

test('the books show an event that a computed bill does not have, and one that is on no bill', async () => {
  const clock = new ManualClock(january);
  const scene = await charging(clock, '0.10');
  await convert(scene, 2);
  clock.set(february);
  await sealOverage(scene.ctx, { collected: true });
  await database.db.query(sql`UPDATE usage_events SET bill_start = NULL
    WHERE organization_id = ${scene.organizationId} AND job_id = (SELECT min(job_id)
      FROM usage_events WHERE organization_id = ${scene.organizationId})`);
  const details = (await findViolations(database.db, scene.organizationId)).map(
    (one) => one.detail,
  );
  const start = '2027-01-31T10:00:00.000Z';
  expect(details.toSorted()).toEqual([
    `bill ${start} (computed), CSV_TO_JSON at 0.1 usd: its line says 2 conversions; events say 1`,
    'bill none (not there), CSV_TO_JSON at 0.1 usd: its line says 0 conversions; events say 1',
  ]);
});
