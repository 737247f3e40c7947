import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { queryRows } from '../test/schema-sandbox.ts';
import { makeRuntimeCache, makeTestFolder, quietLog } from '../test/server.ts';
import { prepareLayout } from './embedded-layout.ts';
import { isServerOf } from './embedded-process.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';

vi.setConfig({ testTimeout: 90_000 });

const folder = makeTestFolder();
afterAll(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

/** That it ended is no news here. */
const silentLog = { ...quietLog, error: () => undefined };

const start = (onExit?: (exit: unknown) => void): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({
    dataDir: folder,
    log: silentLog,
    runtimeParent: makeRuntimeCache(),
    ...(onExit === undefined ? {} : { onExit }),
  });

/** The pid of the next server, once it takes connections. */
async function waitForAnother(server: EmbeddedPostgres, pid: number): Promise<number> {
  while (server.pid === pid) await sleep(20);
  return server.pid;
}

test('a killed server is started again with what it had committed', async () => {
  const server = await start();
  await queryRows(server.connection, 'CREATE TABLE committed AS SELECT 1 AS one');
  const { pid } = server;
  process.kill(pid, 'SIGKILL');
  // Its orphans still hold the shared memory for a moment: the start waits for them.
  expect(await waitForAnother(server, pid)).not.toBe(pid);
  expect(await queryRows(server.connection, 'SELECT one FROM committed')).toEqual([[1]]);
  await server.stop();
  expect(isServerOf(prepareLayout(folder), server.pid)).toBe(false);
});

test('a server that keeps ending is given up and reported', async () => {
  const exit = Promise.withResolvers<unknown>();
  const server = await start(exit.resolve);
  for (let kills = 0; kills < 5; kills++) {
    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    await waitForAnother(server, pid);
  }
  process.kill(server.pid, 'SIGKILL');
  expect(await exit.promise).toEqual({ code: null, signal: 'SIGKILL' });
  await server.stop();
});
