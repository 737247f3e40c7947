import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';

let database: TestDatabase;
const ownZone = process.env.TZ;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  if (ownZone === undefined) delete process.env.TZ;
  else process.env.TZ = ownZone;
  await database.close();
});

const anchorCount = 5_000;
const monthCount = 48;
const seed = 20_270_131;

/** The starts of the periods from the anchor on, by the calendar of Temporal; one more than months. */
function expectedStartsMs(anchor: Date): number[] {
  const date = Temporal.Instant.fromEpochMilliseconds(anchor.getTime())
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime();
  return Array.from({ length: monthCount + 1 }, (_, months) => {
    const start = date.add({ months }, { overflow: 'constrain' });
    return Date.UTC(
      start.year,
      start.month - 1,
      start.day,
      start.hour,
      start.minute,
      start.second,
      start.millisecond,
    );
  });
}

interface Mismatch {
  readonly anchor: string;
  readonly at: string;
  readonly period_start: string;
  readonly period_end: string;
}

const zones = ['UTC', 'Asia/Kolkata', 'America/Santiago', 'Pacific/Apia'];

/**
 * Where SQL and calendar disagree: each period is asked for at its first millisecond in one zone and
 * at its last in the next. The anchors go in as the product sends times, through the process's time
 * zone and the session's.
 */
async function mismatchesIn(
  zone: string,
  anchors: readonly Date[],
  startsMs: readonly number[],
): Promise<Mismatch[]> {
  process.env.TZ = zone;
  return database.db.transaction(async (tx) => {
    await tx.query(sql`SELECT set_config('timezone', ${zone}, true)`);
    return tx.query<Mismatch>(sql`WITH given AS MATERIALIZED (
        SELECT ${anchors}::timestamptz[] AS anchors, ${startsMs}::bigint[] AS starts
      ), expected AS (
        SELECT g.anchors[(i - 1) / ${monthCount + 1} + 1] AS anchor, i,
          timestamptz '1970-01-01Z' + g.starts[i] * interval '1 millisecond' AS starts_at,
          timestamptz '1970-01-01Z' + g.starts[i + 1] * interval '1 millisecond' AS ends_at
        FROM given g CROSS JOIN generate_series(1, ${startsMs.length}::integer) AS i
        WHERE i % ${monthCount + 1} <> 0
      )
      SELECT e.anchor::text, t.at::text, p.period_start::text, p.period_end::text
      FROM expected e
      CROSS JOIN LATERAL (
        SELECT CASE WHEN (e.i + ${zones.indexOf(zone)}::integer) % 2 = 0 THEN e.starts_at
          ELSE e.ends_at - interval '1 millisecond' END AS at
      ) t
      CROSS JOIN LATERAL usage_period(e.anchor, t.at) p
      WHERE p.period_start <> e.starts_at OR p.period_end <> e.ends_at
      LIMIT 5`);
  });
}

describe('usage periods', () => {
  it('end on the last day of short months and come back to the 31st', async () => {
    const ends: (string | undefined)[] = [];
    let at = '2027-01-31T00:00:00.000Z';
    for (let month = 0; month < 4; month++) {
      const [row] = await database.db.query<{ period_end: string }>(
        sql`SELECT period_end FROM usage_period('2027-01-31Z'::timestamptz, ${at}::timestamptz)`,
      );
      at = row?.period_end ?? '';
      ends.push(at.slice(0, 10));
    }
    expect(ends).toEqual(['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']);
  });

  describe('are counted from the anchor as the calendar does, without gap or overlap', () => {
    const time = fc.date({
      min: new Date('2024-01-01T00:00:00Z'),
      max: new Date('2040-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    const edges = ['2028-02-29T12:00:00Z', '2027-01-31T23:59:59.999Z', '2027-12-31T00:00:00Z'];
    const anchors = [
      ...edges.map((edge) => new Date(edge)),
      ...fc.sample(time, { numRuns: anchorCount - edges.length, seed }),
    ];
    let startsMs: number[] = [];
    beforeAll(() => {
      startsMs = anchors.flatMap(expectedStartsMs);
    });

    // Half an hour off, a change of the clock at midnight, a date line: where local time would show.
    it.each(zones)('whatever the zone of process and session: %s', async (zone) => {
      expect(await mismatchesIn(zone, anchors, startsMs)).toEqual([]);
    });
  });
});
