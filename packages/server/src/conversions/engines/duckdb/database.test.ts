import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from './database.ts';
import { literal } from './sql-text.ts';

let folder: string;
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-duckdb-'));
  await writeFile(join(folder, 'in.csv'), 'a,b\n1,2\n');
  await writeFile(join(folder, 'secret.csv'), 'a,b\ntop,secret\n');
  const paths = { inputPath: join(folder, 'in.csv'), outputPath: join(folder, 'out') };
  database = await Database.open({ ...paths, workDir: folder, progress: () => {} }, []);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const phase = { name: 'test', from: 0, to: 100 };

test('a statement of any kind reaches the files of its task and no other', async () => {
  const secret = literal(join(folder, 'secret.csv'));
  const other = literal(join(folder, 'other.csv'));
  for (const statement of [
    `SELECT * FROM read_csv(${secret})`,
    `SELECT * FROM ${secret}`,
    `SELECT * FROM read_text(${secret})`,
    `SELECT * FROM read_blob('/etc/hostname')`,
    `SELECT * FROM read_csv('/etc/passwd')`,
    `SELECT * FROM read_csv(${literal(join(folder, 'in.csv/../secret.csv'))})`,
    `SELECT * FROM glob(${literal(join(folder, '*'))})`,
    `SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')`,
    `COPY (SELECT 1) TO ${other}`,
    `ATTACH ${other} AS other`,
    `EXPORT DATABASE ${literal(join(folder, 'export'))}`,
    `INSTALL httpfs`,
    `LOAD httpfs`,
    `SET enable_external_access = true`,
    `SET allowed_paths = [${secret}]`,
    `SET temp_directory = '/tmp'`,
    `PRAGMA enable_external_access = true`,
    `RESET lock_configuration`,
  ]) {
    await expect(database.first(statement, phase)).rejects.toThrow(
      /disabled|locked|cannot|not allowed|No files found/iu,
    );
  }
  const own = literal(join(folder, 'in.csv'));
  expect(await database.first(`SELECT b FROM read_csv(${own})`, phase)).toEqual([2n]);
  await database.write(
    `COPY (SELECT 7) TO ${literal(join(folder, 'out'))} (FORMAT csv,
    HEADER false, USE_TMP_FILE false)`,
    phase,
  );
  expect(await readFile(join(folder, 'out'), 'utf8')).toBe('7\n');
  expect((await readdir(folder)).toSorted()).toEqual(['in.csv', 'out', 'secret.csv']);
});
