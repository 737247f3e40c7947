import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

interface Period {
  period_start: string;
  period_end: string;
}

async function periodAt(anchor: string, at: string): Promise<Period | undefined> {
  const [row] = await database.db.query<Period>(
    sql`SELECT period_start, period_end FROM usage_period(${anchor}::timestamptz,
        ${at}::timestamptz)`,
  );
  return row;
}

/** The n-th period by the calendar of Temporal, counted from the anchor. */
function expectedStart(anchor: string, months: number): string {
  const date = Temporal.Instant.from(anchor).toZonedDateTimeISO('UTC');
  const start = date.add({ months }, { overflow: 'constrain' }).toInstant();
  return new Date(start.epochMilliseconds).toISOString();
}

describe('usage periods', () => {
  it('end on the last day of short months and come back to the 31st', async () => {
    const ends: (string | undefined)[] = [];
    let at = '2027-01-31T00:00:00.000Z';
    for (let month = 0; month < 4; month++) {
      at = (await periodAt('2027-01-31T00:00:00Z', at))?.period_end ?? '';
      ends.push(at.slice(0, 10));
    }
    expect(ends).toEqual(['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']);
  });

  it('are counted from the anchor as the calendar does, half-open, without gap or overlap', async () => {
    const time = fc.date({
      min: new Date('2024-01-01T00:00:00Z'),
      max: new Date('2032-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    await fc.assert(
      fc.asyncProperty(time, fc.integer({ min: 0, max: 48 }), async (date, months) => {
        const anchor = date.toISOString();
        const start = expectedStart(anchor, months);
        const end = expectedStart(anchor, months + 1);
        const expected = { period_start: start, period_end: end };
        expect(await periodAt(anchor, start)).toEqual(expected);
        const last = new Date(Date.parse(end) - 1).toISOString();
        expect(await periodAt(anchor, last)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
