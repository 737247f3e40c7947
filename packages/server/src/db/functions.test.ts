import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSchemaSandbox } from '../test/schema-sandbox.ts';
import type { SchemaSandbox } from '../test/schema-sandbox.ts';

let sandbox: SchemaSandbox;

beforeEach(async () => {
  sandbox = await createSchemaSandbox();
});

afterEach(() => sandbox.close());

function listFunctions(): Promise<unknown[][]> {
  return sandbox.query(
    `SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     ORDER BY 1`,
  );
}

test('only files that changed run again', async () => {
  sandbox.writeFunction('one', '() RETURNS int', 'SELECT 1');
  sandbox.writeFunction('two', '() RETURNS int', 'SELECT 2');
  expect(await sandbox.run()).toMatchObject({ functionsApplied: ['one.sql', 'two.sql'] });
  sandbox.writeFunction('two', '() RETURNS int', 'SELECT 22');
  expect(await sandbox.run()).toMatchObject({ functionsApplied: ['two.sql'] });
  expect(await sandbox.query('SELECT one(), two()')).toEqual([[1, 22]]);
});

test('files may call functions of files that come later by name', async () => {
  sandbox.writeFunction('a', '() RETURNS int', 'SELECT b() + c()');
  sandbox.writeFunction('b', '() RETURNS int', 'SELECT c() * 10');
  sandbox.writeFunction('c', '() RETURNS int', 'SELECT 1');
  await sandbox.run();
  expect(await sandbox.query('SELECT a()')).toEqual([[11]]);
});

test('a call of a function that nobody defines is an error with file and line, and nothing is kept', async () => {
  sandbox.writeFunction('a', '() RETURNS int', 'SELECT 1');
  sandbox.writeFunction('b', '() RETURNS int', '\n SELECT nowhere()');
  await expect(sandbox.run()).rejects.toThrow('b.sql:2: function nowhere() does not exist');
  expect(await listFunctions()).toEqual([]);
});

test('other arguments, another return type, or other names of arguments replace the old function', async () => {
  sandbox.writeFunction('f', '(x int) RETURNS int', 'SELECT x');
  await sandbox.run();
  sandbox.writeFunction('f', '(x int, y int) RETURNS int', 'SELECT x + y');
  expect(await sandbox.run()).toMatchObject({ functionsDropped: ['f(integer)'] });
  sandbox.writeFunction('f', '(x int, y int) RETURNS text', "SELECT 'text'");
  await sandbox.run();
  sandbox.writeFunction('f', '(x int, z int) RETURNS text', "SELECT 'renamed'");
  await sandbox.run();
  expect(await listFunctions()).toEqual([['f(integer,integer)']]);
  expect(await sandbox.query('SELECT f(1, z => 2)')).toEqual([['renamed']]);
});

test('a removed file takes its function along; a renamed file keeps it', async () => {
  sandbox.writeFunction('gone', '() RETURNS int', 'SELECT 1');
  sandbox.writeFunction('kept', '() RETURNS int', 'SELECT 2');
  await sandbox.run();
  fs.rmSync(path.join(sandbox.functionsDir, 'gone.sql'));
  fs.renameSync(
    path.join(sandbox.functionsDir, 'kept.sql'),
    path.join(sandbox.functionsDir, 'moved.sql'),
  );
  expect(await sandbox.run()).toMatchObject({
    functionsApplied: ['moved.sql'],
    functionsDropped: ['gone()'],
  });
  expect(await listFunctions()).toEqual([['kept()']]);
});

test('a function that somebody else made is left alone', async () => {
  sandbox.writeFunction('ours', '() RETURNS int', 'SELECT 1');
  await sandbox.run();
  await sandbox.query('CREATE FUNCTION theirs() RETURNS int LANGUAGE sql RETURN 1');
  fs.rmSync(path.join(sandbox.functionsDir, 'ours.sql'));
  await sandbox.run();
  expect(await listFunctions()).toEqual([['theirs()']]);
});

test('a function that a migration dropped is made again', async () => {
  fs.writeFileSync(path.join(sandbox.migrationsDir, '0001_a.sql'), 'CREATE TABLE rows (id int);');
  sandbox.writeFunction('all_rows', '() RETURNS SETOF rows', 'SELECT * FROM rows');
  await sandbox.run();
  fs.writeFileSync(
    path.join(sandbox.migrationsDir, '0002_b.sql'),
    'DROP TABLE rows CASCADE; CREATE TABLE rows (id bigint);',
  );
  expect(await sandbox.run()).toMatchObject({ functionsApplied: ['all_rows.sql'] });
  expect(await sandbox.query('SELECT * FROM all_rows()')).toEqual([]);
});

test('two files that define the same function, and a file that defines none, are refused', async () => {
  sandbox.writeFunction('f', '() RETURNS int', 'SELECT 1');
  fs.copyFileSync(
    path.join(sandbox.functionsDir, 'f.sql'),
    path.join(sandbox.functionsDir, 'g.sql'),
  );
  await expect(sandbox.run()).rejects.toThrow('f.sql and g.sql both define f()');
  fs.writeFileSync(path.join(sandbox.functionsDir, 'g.sql'), 'SELECT 1;');
  await expect(sandbox.run()).rejects.toThrow('g.sql defines no function');
});
