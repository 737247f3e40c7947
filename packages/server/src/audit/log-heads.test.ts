import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { quietLog } from '../test/server.ts';
import { logChainHeads } from './log-heads.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

test('the head of every chain goes into the log, with its hash', async () => {
  const { organizationId } = await scenario(database.db, systemClock).organization().create();
  const lines: object[] = [];
  const log = { ...quietLog, info: (fields: object) => void lines.push(fields) };
  const written = await logChainHeads(database.db, log);
  expect(written).toBeGreaterThan(0);
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect(lines).toEqual([
    {
      audit_heads: expect.arrayContaining([
        { chain_id: organizationId, sequence: expect.any(Number) as number, hash },
      ]) as unknown,
    },
  ]);
});
