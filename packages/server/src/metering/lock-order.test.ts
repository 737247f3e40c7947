import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const lock = (ids: readonly string[]) =>
  sql`SELECT lock_organizations(${ids}::text[], ${systemClock.now()}::timestamptz)`;

/** A transaction that has made the row of an organization and ends when it is told. */
async function makeRow(id: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const made = Promise.withResolvers<number>();
  const told = Promise.withResolvers<void>();
  const done = database.db.transaction(async (tx) => {
    await tx.query(lock([id]));
    const [row] = await tx.query<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
    made.resolve(row?.pid ?? 0);
    await told.promise;
  });
  const pid = await made.promise;
  return {
    pid,
    end: () => {
      told.resolve();
      return done;
    },
  };
}

/** The process that waits for `pid`, as soon as there is one. */
async function waiterOf(pid: number): Promise<number> {
  const blocked = sql`SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND ${pid}::integer = ANY (pg_blocking_pids(pid))`;
  let found: number | undefined;
  await expect
    .poll(async () => {
      found = (await database.owner.query<{ pid: number }>(blocked))[0]?.pid;
      return found;
    })
    .toBeDefined();
  return found ?? 0;
}

test('first batches of new organizations do not deadlock', async () => {
  const { db } = database;
  const ids: string[] = [];
  for (let made = 0; made < 3; made++) {
    const { organizationId } = await scenario(db, systemClock).organization().create();
    ids.push(organizationId);
  }
  const [first = '', second = '', third = ''] = ids.toSorted();
  await database.owner.query(sql`DELETE FROM usage_counters`);
  const makers = { second: await makeRow(second), third: await makeRow(third) };
  // Finds none of the rows, makes the first, and waits for those who make the others.
  const wide = db.transaction((tx) => tx.query(lock([first, second, third])));
  await waiterOf(makers.second.pid);
  await makers.second.end();
  const widePid = await waiterOf(makers.third.pid);
  // Finds the second row, and waits for the first.
  const narrow = db.transaction((tx) => tx.query(lock([first, second])));
  await waiterOf(widePid);
  await makers.third.end();
  const ends = await Promise.allSettled([wide, narrow]);
  expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'fulfilled']);
});
