import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../test/database.ts';
import type { TestDatabase } from '../test/database.ts';
import { appendOnlyTables, applicationRole } from './application-role.ts';
import { sql } from './sql.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.close());

test('the product works under its role, not as the owner', async () => {
  expect(await database.db.query(sql`SELECT current_user::text AS name`)).toEqual([
    { name: applicationRole },
  ]);
});

test('the application reads and writes every table but the bookkeeping and the audit log', async () => {
  const rows = await database.db.query<{ rights: string; names: string[] }>(sql`
    SELECT rights, array_agg(name ORDER BY name) AS names FROM (
      SELECT relname::text AS name, array_to_string(ARRAY(
        SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p
        WHERE has_table_privilege(oid, p)), ' ') AS rights
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
    ) AS tables GROUP BY rights`);
  const byRights = new Map(rows.map((row) => [row.rights, row.names]));
  expect(byRights.get('SELECT')).toEqual(['mutate_functions', 'mutate_migrations']);
  expect(byRights.get('SELECT INSERT')).toEqual(appendOnlyTables);
  expect(byRights.get('SELECT INSERT UPDATE DELETE')).toContain('jobs');
  expect(byRights.size).toBe(3);
});

test('the application can change neither the schema nor the audit log', async () => {
  const refused = { code: '42501' };
  const { db } = database;
  await expect(db.query(sql`CREATE TABLE extra (id int)`)).rejects.toMatchObject(refused);
  await expect(db.query(sql`DROP TABLE jobs`)).rejects.toMatchObject(refused);
  await expect(db.query(sql`TRUNCATE jobs`)).rejects.toMatchObject(refused);
  await expect(db.query(sql`DELETE FROM audit_log`)).rejects.toMatchObject(refused);
  await expect(db.query(sql`UPDATE mutate_migrations SET checksum = ''`)).rejects.toMatchObject(
    refused,
  );
});

test('a copy of the template is a database of its own', async () => {
  const other = await createTestDatabase();
  const name = `table_${randomBytes(4).toString('hex')}`;
  await other.owner.query({ text: `CREATE TABLE ${name} (id int)`, values: [], name });
  const found = sql`SELECT to_regclass(${name}) IS NOT NULL AS found`;
  expect(await other.db.query(found)).toEqual([{ found: true }]);
  expect(await database.db.query(found)).toEqual([{ found: false }]);
  await other.close();
});
