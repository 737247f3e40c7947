import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from './db/sql.ts';
import { requireSealingSecret } from './sealing-secret.ts';
import { createSecrets } from './secrets.ts';
import { createTestDatabase, type TestDatabase } from './test/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

test('a process with another secret does not start on a database, and is told what to set', async () => {
  const [first, other] = [
    createSecrets('the secret of the first process, and no other'),
    createSecrets('the secret of another process, and no other'),
  ];
  await requireSealingSecret(database.db, first);
  await requireSealingSecret(database.db, first);
  await expect(requireSealingSecret(database.db, other)).rejects.toThrow('Set AUTH_SECRET');
  await database.db.query(sql`DELETE FROM sealing_secret`);
  await requireSealingSecret(database.db, other);
  await expect(requireSealingSecret(database.db, first)).rejects.toThrow('AUTH_SECRET');
});
