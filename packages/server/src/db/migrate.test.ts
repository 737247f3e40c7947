import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSchemaSandbox } from '../test/schema-sandbox.ts';
import type { SchemaSandbox } from '../test/schema-sandbox.ts';
import { OperatorError } from './operator-error.ts';

let sandbox: SchemaSandbox;

beforeEach(async () => {
  sandbox = await createSchemaSandbox();
});

afterEach(() => sandbox.close());

const tableNames = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
  AND relkind = 'r' AND relname NOT LIKE 'mutate%' ORDER BY 1`;

test('migrations run once, in order, and later ones on top', async () => {
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int); CREATE TABLE b (id int);');
  sandbox.writeMigration('0002_second.sql', 'ALTER TABLE a ADD COLUMN name text;');
  expect(await sandbox.run()).toMatchObject({ applied: ['0001_first.sql', '0002_second.sql'] });
  expect(await sandbox.run()).toMatchObject({
    applied: [],
    functionsApplied: [],
    functionsDropped: [],
  });
  sandbox.writeMigration('0003_third.sql', 'DROP TABLE b;');
  expect(await sandbox.run()).toMatchObject({ applied: ['0003_third.sql'] });
  expect(await sandbox.query(tableNames)).toEqual([['a']]);
});

test('a failing migration leaves nothing of itself, keeps those before it, and names its line', async () => {
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int);');
  sandbox.writeMigration(
    '0002_bad.sql',
    'CREATE TABLE b (id int);\nSELECT 1;\nSELECT no_such_column;',
  );
  await expect(sandbox.run()).rejects.toThrow(
    '0002_bad.sql:3: column "no_such_column" does not exist',
  );
  expect(await sandbox.query(tableNames)).toEqual([['a']]);
  sandbox.writeMigration('0002_bad.sql', 'CREATE TABLE c (id int);');
  expect(await sandbox.run()).toMatchObject({ applied: ['0002_bad.sql'] });
});

test('a database with a newer schema is refused by name and not touched', async () => {
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int);');
  sandbox.writeMigration('0002_newer.sql', 'CREATE TABLE b (id int);');
  await sandbox.run();
  fs.rmSync(path.join(sandbox.migrationsDir, '0002_newer.sql'));
  fs.writeFileSync(
    path.join(sandbox.functionsDir, 'f.sql'),
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1',
  );
  await expect(sandbox.run()).rejects.toThrow(OperatorError);
  await expect(sandbox.run()).rejects.toThrow(/newer schema.*0002_newer\.sql/);
  expect(await sandbox.query("SELECT to_regproc('f') IS NULL")).toEqual([[true]]);
});

test('an edited migration is refused; another style of line ends is not an edit', async () => {
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int);\n-- end\n');
  await sandbox.run();
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int);\r\n-- end\r\n');
  expect(await sandbox.run()).toMatchObject({ applied: [] });
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id bigint);\n-- end\n');
  await expect(sandbox.run()).rejects.toThrow('0001_first.sql was edited');
});

test('a migration numbered before an applied one, a shared number and a bad name are refused', async () => {
  sandbox.writeMigration('0001_first.sql', 'SELECT 1;');
  sandbox.writeMigration('0003_third.sql', 'SELECT 1;');
  await sandbox.run();
  sandbox.writeMigration('0002_late.sql', 'SELECT 1;');
  await expect(sandbox.run()).rejects.toThrow('0002_late.sql comes before 0003_third.sql');
  fs.renameSync(
    path.join(sandbox.migrationsDir, '0002_late.sql'),
    path.join(sandbox.migrationsDir, '0003_twin.sql'),
  );
  await expect(sandbox.run()).rejects.toThrow('0003_third.sql and 0003_twin.sql share a number');
  fs.renameSync(
    path.join(sandbox.migrationsDir, '0003_twin.sql'),
    path.join(sandbox.migrationsDir, 'four.sql'),
  );
  await expect(sandbox.run()).rejects.toThrow('four.sql: the name must match');
});

test('of several processes that migrate at once each statement runs once', async () => {
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int); SELECT pg_sleep(0.3);');
  sandbox.writeMigration('0002_second.sql', 'INSERT INTO a VALUES (1);');
  const results = await Promise.all([sandbox.run(), sandbox.run(), sandbox.run(), sandbox.run()]);
  const applied = results.map((result) => result.applied.length);
  expect(applied.filter((count) => count > 0)).toEqual([2]);
  expect(await sandbox.query('SELECT count(*)::int FROM a')).toEqual([[1]]);
});

test('a user who may not create tables is told what to grant; with that the migration runs', async () => {
  const { connection } = sandbox;
  const role = `stranger_${String(connection.database).slice(-12)}`;
  await sandbox.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'stranger'; GRANT ${role} TO CURRENT_USER`,
  );
  const stranger = { ...connection, user: role, password: 'stranger' };
  await expect(sandbox.run(stranger)).rejects.toThrow(`GRANT CREATE ON SCHEMA public TO "${role}"`);
  await sandbox.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
  sandbox.writeMigration('0001_first.sql', 'CREATE TABLE a (id int);');
  // He may not make the application's role either: then the owner is used.
  expect(await sandbox.run(stranger)).toMatchObject({
    applied: ['0001_first.sql'],
    hasApplicationRole: false,
  });
  await sandbox.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});
