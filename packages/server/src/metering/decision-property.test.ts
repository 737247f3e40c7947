import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import type { Decision } from './schema.ts';

let database: TestDatabase;
const clock = new ManualClock('2026-11-23T10:00:00Z');
beforeAll(async () => {
  database = await createTestDatabase();
  // Starter with a price of its own for one type, and graduated prices for the others.
  await database.db.query(sql`INSERT INTO subscription_plans (id, name, created_at, updated_at)
    VALUES ('plan_tiered', 'Tiered', now(), now())`);
  await database.db.query(sql`INSERT INTO subscription_plan_versions VALUES
    ('plan_tiered', 1, 1000, 2, 25, 300, '{block,warn,charge}', '{}', now())`);
  await database.db.query(sql`INSERT INTO subscription_plan_prices
    VALUES ('plan_tiered', 1, 'usd', 'month', 0, 0.30, '{"XLSX_TO_CSV": "1.50"}',
      '[{"up_to": 2, "amount": "0.30"}, {"up_to": null, "amount": "0.05"}]')`);
});
afterAll(() => database.close());

interface Call {
  organization: number;
  mode: 'sync' | 'async';
  sizeBytes: number;
  duplicate: boolean;
  type: string;
}

interface State {
  limit: number | null;
  concurrent: number | null;
  used: number;
  overage: number;
  active: number;
  queued: number;
  policy: 'block' | 'warn' | 'charge';
  suspended: boolean;
}

const state: fc.Arbitrary<State> = fc.record({
  limit: fc.option(fc.nat(8), { nil: null }),
  concurrent: fc.option(fc.nat(4), { nil: null }),
  used: fc.nat(8),
  overage: fc.nat(4),
  active: fc.nat(3),
  queued: fc.nat(4),
  policy: fc.constantFrom('block', 'warn', 'charge'),
  suspended: fc.boolean(),
});

const call: fc.Arbitrary<Call> = fc.record({
  organization: fc.nat(2),
  mode: fc.constantFrom('sync', 'async'),
  sizeBytes: fc.constantFrom(0, 26_214_400, 26_214_401),
  duplicate: fc.boolean(),
  type: fc.constantFrom('CSV_TO_JSON', 'XLSX_TO_CSV'),
});

async function arrange(organizationId: string, given: State): Promise<void> {
  await database.owner.query(sql`UPDATE organization_subscriptions SET
      override_id = 'ovr_test', override_monthly_limit = ${given.limit ?? -1}::bigint,
      override_concurrent_limit = ${given.concurrent ?? -1}::integer,
      overage_policy = ${given.policy}
    WHERE organization_id = ${organizationId}`);
  await database.owner.query(sql`UPDATE organization
    SET suspended_at = ${given.suspended ? clock.now() : null}::timestamptz
    WHERE id = ${organizationId}`);
  await database.owner.query(sql`UPDATE usage_counters SET used = ${given.used}::bigint,
      overage = ${given.overage}::bigint,
      reserved = ${given.active + given.queued}::bigint, active = ${given.active}::integer,
      queued = ${given.queued}::integer
    WHERE organization_id = ${organizationId}`);
}

async function decide(
  form: 'set_wise' | 'in_order',
  ids: readonly string[],
  calls: readonly Call[],
  apart: boolean,
): Promise<Decision[]> {
  const organizationIds = calls.map((one) => ids[one.organization]);
  const modes = calls.map((one) => one.mode);
  const types = calls.map((one) => one.type);
  const bytes = calls.map((one) => one.sizeBytes);
  const duplicates = calls.map((one) => one.duplicate);
  const statement =
    form === 'set_wise'
      ? sql`SELECT * FROM decide_admissions_set_wise(${organizationIds}::text[], ${modes}::text[],
          ${types}::text[], ${bytes}::bigint[], ${duplicates}::boolean[], 5,
          ${clock.now()}::timestamptz, ${apart}::boolean) ORDER BY ordinal`
      : sql`SELECT * FROM decide_admissions_in_order(${organizationIds}::text[], ${modes}::text[],
          ${types}::text[], ${bytes}::bigint[], ${calls.map(() => null)}::text[],
          ${duplicates}::boolean[], 5, ${clock.now()}::timestamptz, ${apart}::boolean)
          ORDER BY ordinal`;
  return database.db.query<Decision>(statement);
}

/** Slots are told as they stood before the batch by one form, before the call by the other. */
const comparable = (decisions: readonly Decision[]) =>
  decisions.map((decision) => ({ ...decision, active: 0, queued: 0, reserved: 0 }));

describe('the two forms of the decision', () => {
  it('say the same for any batch, in any state, together and apart', async () => {
    const scenes = await Promise.all(
      (['starter', 'plan_tiered', 'plan_tiered'] as const).map((plan) =>
        scenario(database.db, clock).organization().plan(plan).used(1).create(),
      ),
    );
    const ids = scenes.map((scene) => scene.organizationId);
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(state, state, state),
        fc.array(call, { minLength: 1, maxLength: 25 }),
        fc.boolean(),
        async (states, calls, apart) => {
          for (const [index, given] of states.entries()) await arrange(ids[index] ?? '', given);
          const setWise = await decide('set_wise', ids, calls, apart);
          const inOrder = await decide('in_order', ids, calls, apart);
          expect(comparable(setWise)).toEqual(comparable(inOrder));
        },
      ),
      { numRuns: 150 },
    );
  });
});
