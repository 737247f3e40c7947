import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './db/embedded.ts';
import { makeRuntimeCache, makeTestFolder, quietLog } from './test/server.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const program = fileURLToPath(new URL('backup.ts', import.meta.url));
const [data, copies] = [makeTestFolder(), makeTestFolder()];
let server: EmbeddedPostgres;

const start = (dataDir: string) =>
  startEmbeddedPostgres({ dataDir, log: quietLog, runtimeParent: makeRuntimeCache() });

beforeAll(async () => {
  server = await start(data);
  await mkdir(path.join(data, 'files/org_1'), { recursive: true });
  writeFileSync(path.join(data, 'files/org_1/output'), 'kept');
  writeFileSync(path.join(data, 'auth-secret'), 'secret\n', { mode: 0o600 });
});
afterAll(async () => {
  await server.stop();
  for (const folder of [data, copies]) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});

async function backUp(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { MUTATE_DATA_DIR: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

async function connected<Value>(
  connection: pg.ClientConfig,
  work: (client: pg.Client) => Promise<Value>,
): Promise<Value> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Commits one row after the other until it is told to stop; answers how many. */
function startWriter(client: pg.Client): { stop(): Promise<number> } {
  const over = new AbortController();
  let written = 0;
  const work = (async () => {
    while (!over.signal.aborted) {
      const filler = `repeat(md5('${written}'), 100)`;
      await client.query(`INSERT INTO written SELECT ${written + 1}, ${filler}`);
      written++;
      if (written % 50 === 0) await client.query('CHECKPOINT');
    }
    return written;
  })();
  return {
    stop: () => {
      over.abort();
      return work;
    },
  };
}

test('a copy made under writes starts, with every row that was committed before it began', async () => {
  const to = path.join(copies, 'backup');
  const { before, after } = await connected(server.connection, async (client) => {
    await client.query('CREATE TABLE written (n integer PRIMARY KEY, filler text)');
    const writer = startWriter(client);
    const count = () =>
      connected(server.connection, async (other) => {
        const { rows } = await other.query<{ n: number }>('SELECT max(n) AS n FROM written');
        return rows[0]?.n ?? 0;
      });
    await expect.poll(count, { timeout: 30_000 }).toBeGreaterThan(200);
    const known = await count();
    const made = await backUp([to]);
    expect(made).toEqual({ code: 0, stdout: `Backed up to ${to}.\n`, stderr: '' });
    return { before: known, after: await writer.stop() };
  });
  expect(readdirSync(to).toSorted()).toEqual(['auth-secret', 'files', 'postgres']);
  expect(readFileSync(path.join(to, 'files/org_1/output'), 'utf8')).toBe('kept');
  expect(statSync(path.join(to, 'auth-secret')).mode & 0o777).toBe(0o600);
  const restored = await start(to);
  try {
    const found = await connected(restored.connection, async (client) => {
      const { rows } = await client.query<{ rows: number; last: number; whole: boolean }>(
        `SELECT count(*)::integer AS rows, max(n) AS last,
           bool_and(filler = repeat(md5((n - 1)::text), 100)) AS whole FROM written`,
      );
      return rows[0];
    });
    expect(found?.rows).toBe(found?.last);
    expect(found?.whole).toBe(true);
    expect(found?.last).toBeGreaterThanOrEqual(before);
    expect(found?.last).toBeLessThanOrEqual(after);
  } finally {
    await restored.stop();
  }
  const slots = await connected(server.connection, async (client) => {
    const { rows } = await client.query('SELECT slot_name FROM pg_replication_slots');
    return rows;
  });
  expect(slots).toEqual([]);
});

test.each([
  ['no folder', [], {}, 'Usage: npm run backup'],
  [
    'a data folder without a database',
    ['/tmp/none'],
    { MUTATE_DATA_DIR: copies },
    'nothing to back up',
  ],
  [
    'one inside the data folder',
    [path.join(data, 'files/backup')],
    {},
    'in the data folder itself',
  ],
  ['a full one', [path.dirname(program)], {}, 'is not empty'],
  ['another database', ['/tmp/none'], { DATABASE_URL: 'postgres://a@b/c' }, 'of your own'],
])('says what is right for %s, and leaves nothing', async (_, args, env, words) => {
  const refused = await backUp(args, env);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(words);
});

test('of a database that does not answer there is none, and nothing is left', async () => {
  const still = path.join(copies, 'still');
  await mkdir(path.join(still, 'postgres'), { recursive: true });
  writeFileSync(path.join(still, 'postgres/password'), 'x');
  const to = path.join(copies, 'none');
  const refused = await backUp([to], { MUTATE_DATA_DIR: still });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('The database does not answer');
  expect([existsSync(to), existsSync(`${to}.unfinished`)]).toEqual([false, false]);
});
