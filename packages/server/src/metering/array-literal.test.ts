import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { integerArray, textArray } from './array-literal.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

/** Whatever PostgreSQL can store as text. */
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
const awkward = fc.constantFrom(
  '',
  'NULL',
  'null',
  '{}',
  '"',
  '\\',
  '\\"',
  ',',
  ' ',
  '\n',
  '{"a":1}',
);

describe('array literals', () => {
  it('come out of PostgreSQL as the texts that went in', async () => {
    const values = fc.array(fc.option(fc.oneof(text, awkward), { nil: null }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const [row] = await database.db.query<{ json: (string | null)[] }>(
          sql`SELECT to_json(${textArray(given)}::text[]) AS json`,
        );
        expect(row?.json).toEqual(given);
      }),
      { numRuns: 100 },
    );
  });

  it('come out as the whole numbers that went in', async () => {
    const values = fc.array(fc.option(fc.maxSafeInteger(), { nil: null }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const [row] = await database.db.query<{ json: (number | null)[] }>(
          sql`SELECT to_json(${integerArray(given)}::bigint[]) AS json`,
        );
        expect(row?.json).toEqual(given);
      }),
      { numRuns: 100 },
    );
  });
});
