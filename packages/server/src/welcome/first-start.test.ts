import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { quietLog } from '../test/server.ts';
import { prepareDemo } from './first-start.ts';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'mutate-first-start-'));
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const start = (dataFolder = folder) =>
  prepareDemo({ db: database.db, clock: systemClock, log: quietLog }, dataFolder);

const made = async () => {
  const [row] = await database.owner.query<{ workspaces: number; keys: number; owners: number }>(
    sql`SELECT (SELECT count(*) FROM organization) AS workspaces,
      (SELECT count(*) FROM api_keys) AS keys,
      (SELECT count(*) FROM member m JOIN "user" u ON u.id = m.user_id
       WHERE m.role = 'owner' AND u.role = 'admin') AS owners`,
  );
  return row;
};

test('every start after the first shows the same workspace, key and login', async () => {
  const demo = await start();
  expect(demo).toMatchObject({ login: { email: 'demo@mutate.local' } });
  expect(await start()).toEqual(demo);
  expect(await made()).toEqual({ workspaces: 1, keys: 1, owners: 1 });
  expect(await readFile(join(folder, 'demo-key'), 'utf8')).toContain(demo?.apiKey);
});

test('several processes that start at once make one demo workspace', async () => {
  const demos = await Promise.all(Array.from({ length: 5 }, () => start()));
  expect(await made()).toEqual({ workspaces: 1, keys: 1, owners: 1 });
  expect(new Set(demos.map((demo) => demo?.apiKey)).size).toBe(1);
});

test("a process on another data folder leaves the demo's login as it is", async () => {
  await start();
  const other = await mkdtemp(join(tmpdir(), 'mutate-first-start-'));
  expect(await start(other)).toBeNull();
  await rm(other, { recursive: true });
  expect(await made()).toEqual({ workspaces: 1, keys: 1, owners: 1 });
});

test('a first start that ends on the way leaves nothing behind, and the next one makes it all', async () => {
  const obstacle = join(folder, 'demo-login.new');
  await mkdir(obstacle);
  await expect(start()).rejects.toThrow('EISDIR');
  expect(await made()).toEqual({ workspaces: 0, keys: 0, owners: 0 });
  await rm(obstacle, { recursive: true });
  expect(await start()).toMatchObject({ login: { email: 'demo@mutate.local' } });
  expect(await made()).toEqual({ workspaces: 1, keys: 1, owners: 1 });
});

test('files of a workspace that was never committed are made anew', async () => {
  const lost = await start();
  await database.close();
  database = await createTestDatabase();
  const demo = await start();
  expect(demo?.apiKey).not.toBe(lost?.apiKey);
  expect(await made()).toEqual({ workspaces: 1, keys: 1, owners: 1 });
  expect(await start()).toEqual(demo);
});

test('a lost password is set anew, for the same workspace', async () => {
  const demo = await start();
  await rm(join(folder, 'demo-login'));
  const again = await start();
  expect(again).toMatchObject({ workspaceId: demo?.workspaceId, apiKey: demo?.apiKey });
  expect(again?.login.password).not.toBe(demo?.login.password);
});
