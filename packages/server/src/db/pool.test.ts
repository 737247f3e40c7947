import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { sql } from './sql.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

test('a connection that is lost between two statements fails the transaction, not the process', async () => {
  const { db, owner } = database;
  const heard: unknown[] = [];
  const listen = (error: unknown): void => {
    heard.push(error);
  };
  process.on('uncaughtException', listen);
  try {
    const lost = db.transaction(async (tx) => {
      const [own] = await tx.query<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
      await owner.query(sql`SELECT pg_terminate_backend(${own?.pid}::integer, 5000)`);
      await sleep(100);
      await tx.query(sql`SELECT 1`);
    });
    await expect(lost).rejects.toThrow(/connection/i);
  } finally {
    process.off('uncaughtException', listen);
  }
  expect(heard).toEqual([]);
  expect(await db.query(sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
});
