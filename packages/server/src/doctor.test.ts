import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { sql } from './db/sql.ts';
import { createTestDatabase, type TestDatabase } from './test/database.ts';
import { scenario } from './test/scenario.ts';

const program = fileURLToPath(new URL('doctor.ts', import.meta.url));

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

function databaseUrl(): string {
  const { host = '', port = 5432, user = '', password, database: name } = database.connection;
  const encode = encodeURIComponent;
  return `postgres://${user}:${encode(String(password))}@${encode(host)}:${port}/${name}`;
}

async function runDoctor(args: readonly string[], url = databaseUrl()) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

it('tells by its exit code whether the books add up, explains, and mends with --fix', async () => {
  const { organizationId } = await scenario(database.db, systemClock)
    .organization()
    .used(2)
    .create();
  const healthy = await runDoctor([]);
  expect(healthy).toMatchObject({ code: 0, stdout: expect.stringContaining('everything adds up') });
  await database.owner.query(sql`UPDATE usage_counters SET used = 5
    WHERE organization_id = ${organizationId}`);
  const ill = await runDoctor([]);
  expect(ill.code).toBe(1);
  expect(ill.stdout).toContain('counters say 5 conversions');
  const mended = await runDoctor(['--fix', '--json']);
  expect(mended.code).toBe(0);
  expect(JSON.parse(mended.stdout)).toMatchObject({
    object: 'diagnosis',
    healthy: true,
    workspaces: [
      { workspace_id: organizationId, remaining: [], repair: { counters_corrected: 1 } },
    ],
  });
});

it('says what to do when the database does not answer or the command line is wrong', async () => {
  const away = await runDoctor([], 'postgres://nobody:nothing@127.0.0.1:1/mutate');
  expect(away).toMatchObject({ code: 2, stderr: expect.stringContaining('does not answer') });
  expect(await runDoctor(['--mend'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Usage: npm run doctor'),
  });
});
