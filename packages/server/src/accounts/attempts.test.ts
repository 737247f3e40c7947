import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { beginAttempt } from './attempts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const secret = 'a secret of this test and no other one';

const begin = (account: string, address = '203.0.113.7') =>
  beginAttempt(database.db, secret, 'password', { account, address });

/** What each subject waits after its latest try, in seconds, shortest first. */
async function waits(): Promise<number[]> {
  const rows = await database.db.query<{ seconds: number }>(
    sql`SELECT greatest(0, round(extract(epoch FROM blocked_until - last_at)))::integer AS seconds
      FROM sign_in_attempts ORDER BY 1`,
  );
  return rows.map(({ seconds }) => seconds);
}

/** Counted against each subject, fewest first. */
async function failures(): Promise<number[]> {
  const rows = await database.db.query<{ failures: number }>(
    sql`SELECT failures FROM sign_in_attempts ORDER BY 1`,
  );
  return rows.map((row) => row.failures);
}

const later = (interval: string) =>
  database.db.query(sql`UPDATE sign_in_attempts
    SET blocked_until = blocked_until - ${interval}::interval,
        last_at = last_at - ${interval}::interval`);

test('each wrong try after the fifth waits twice as long, up to a minute; quiet forgets', async () => {
  const seen: (number | undefined)[] = [];
  for (let index = 0; index < 12; index++) {
    await begin('ada@example.com');
    seen.push((await waits()).at(-1));
    await later('61 seconds');
  }
  expect(seen).toEqual([0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60]);
  await later('1 hour');
  await begin('ada@example.com');
  expect(await waits()).toEqual([0, 0]);
});

test('a try that has to wait is refused and does not make the wait longer', async () => {
  for (let index = 0; index < 5; index++) await begin('bob@example.com', '198.51.100.1');
  const [before, counted] = [await waits(), await failures()];
  await expect(begin('Bob@example.com ', '198.51.100.2')).rejects.toMatchObject({
    code: 'rate_limited',
    retryAfterSeconds: 2,
  });
  expect((await waits()).at(-1)).toBe(before.at(-1));
  // Neither against the account nor against the address that asked.
  expect(await failures()).toEqual([0, ...counted]);
});

test('who guesses right is free again, and their address is forgiven that one try only', async () => {
  const address = '192.0.2.1';
  for (let index = 0; index < 39; index++) await begin(`user${index}@example.com`, address);
  await (await begin('own@example.com', address)).forgive();
  await begin('next@example.com', address);
  await expect(begin('another@example.com', address)).rejects.toMatchObject({
    code: 'rate_limited',
  });
});

test('addresses of one IPv6 network are one, and nobody can be read from the table', async () => {
  for (let index = 0; index < 40; index++) await begin(`v6-${index}@x.com`, `2001:db8::${index}`);
  await expect(begin('v6@example.com', '2001:db8::ffff')).rejects.toThrow('Too many tries');
  const [row] = await database.db.query<{ all: string }>(
    sql`SELECT string_agg(encode(subject, 'escape'), ' ') AS all FROM sign_in_attempts`,
  );
  expect(row?.all).not.toContain('example');
});
