import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { dropWork, findNextWork, planWork } from './due-work.ts';
import { runDueWork } from './run-due-work.ts';

let world: BillingWorld;
let organizationId: string;
let done: string[];

beforeAll(async () => {
  world = await createBillingWorld();
  organizationId = await world.organization();
});
beforeEach(async () => {
  done = [];
  await world.db.query(sql`DELETE FROM due_work`);
});
afterAll(() => world.close());

const handlers = {
  note: async ({ clock }: { clock: { now(): Date } }, work: { reference: string }) => {
    done.push(`${work.reference} at ${clock.now().toISOString()}`);
    await Promise.resolve();
  },
  fail: () => Promise.reject(new Error('it does not work')),
};
const run = () => runDueWork({ ...world.deps, log: silent }, handlers);
const silent = { debug: noop, info: noop, warn: noop, error: noop };
function noop(): void {
  return undefined;
}
const plan = (kind: string, reference: string, dueAt: string) =>
  planWork(world.db, { organizationId, kind, reference, dueAt: new Date(dueAt) });

test('what is due is done in order, once, and nothing before its time', async () => {
  await plan('note', 'second', '2027-06-01T11:30:00Z');
  await plan('note', 'first', '2027-06-01T11:00:00Z');
  await plan('note', 'later', '2027-06-01T12:00:01Z');
  await Promise.all([run(), run()]);
  expect(done.toSorted()).toEqual([
    'first at 2027-06-01T12:00:00.000Z',
    'second at 2027-06-01T12:00:00.000Z',
  ]);
  expect(await findNextWork(world.db, world.clock.now())).toEqual(new Date('2027-06-01T12:00:01Z'));
});

test('planned again it moves, dropped it is gone', async () => {
  await plan('note', 'moved', '2027-06-01T11:00:00Z');
  await plan('note', 'moved', '2027-06-02T11:00:00Z');
  await plan('note', 'dropped', '2027-06-01T11:00:00Z');
  await dropWork(world.db, organizationId, 'note', 'dropped');
  await run();
  expect(done).toEqual([]);
});

test('what fails keeps its error and holds up nothing else', async () => {
  await plan('fail', 'bad', '2027-06-01T11:00:00Z');
  await plan('unknown', 'nobody', '2027-06-01T11:00:00Z');
  await plan('note', 'good', '2027-06-01T11:30:00Z');
  await run();
  expect(done).toHaveLength(1);
  const rows = await world.db.query(
    sql`SELECT reference, attempts, last_error, next_attempt_at > now() AS postponed
      FROM due_work ORDER BY reference`,
  );
  expect(rows).toEqual([
    { reference: 'bad', attempts: 1, last_error: 'it does not work', postponed: true },
    {
      reference: 'nobody',
      attempts: 1,
      last_error: 'nobody does work of the kind unknown',
      postponed: true,
    },
  ]);
});
