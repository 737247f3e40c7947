import { expect, test } from 'vitest';
import { createTestDatabase } from '../../test/database.ts';
import { proveLives } from './prove-lives.ts';

test('a dozen billing lives under lost, doubled and shuffled webhooks end as the provider has them', async () => {
  const database = await createTestDatabase();
  try {
    const seed = Number(process.env.PROOF_SEED ?? 20_271);
    const result = await proveLives({ db: database.db, seed, lives: 12, rounds: 8 });
    expect(result.invoices).toBeGreaterThan(20);
    expect(result.bills).toBeGreaterThan(6);
  } finally {
    await database.close();
  }
}, 240_000);
