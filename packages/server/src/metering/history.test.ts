import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { type ApiReply, createTestApi, type TestApi } from '../test/api.ts';
import { admitCall, completeCall, meteringOn, releaseCall } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { quietLog } from '../test/server.ts';
import { type Scene, scenario } from '../test/scenario.ts';
import { summarizeDays } from './daily-rollup.ts';
import { RefusalRecorder } from './refusals.ts';
import { usageRoutes } from './routes.ts';
import type { AdmitCall } from './schema.ts';

const clock = new ManualClock('2027-01-20T08:00:00Z');
let database: TestDatabase;
let api: TestApi;
let scene: Scene;

beforeAll(async () => {
  database = await createTestDatabase();
  const refusals = new RefusalRecorder({ db: database.db, clock, log: quietLog });
  api = createTestApi(database.db, clock, usageRoutes({ refusals }));
  scene = await scenario(database.db, clock).organization().plan('enterprise').create();
  await use('2027-01-31T23:30:00Z', { type: 'XLSX_TO_CSV', apiKeyId: scene.apiKeyId });
  await use('2027-02-01T00:10:00Z', { type: 'XLSX_TO_CSV', memberId: 'mem_a' });
  await use('2027-02-01T00:20:00Z', { type: 'DOCX_TO_PDF', apiKeyId: scene.apiKeyId });
  // 20 February 08:00 is where the first usage period ends: the same hour has both.
  await use('2027-02-20T07:59:59Z', { type: 'XLSX_TO_CSV', apiKeyId: scene.apiKeyId });
  await use('2027-02-20T08:00:00Z', { type: 'XLSX_TO_CSV' });
  await fail('2027-02-20T08:30:00Z');
  clock.set('2027-04-25T12:00:00Z');
});
afterAll(async () => {
  await api.close();
  await database.close();
});

async function use(at: string, given: Partial<AdmitCall>): Promise<void> {
  clock.set(at);
  const metering = meteringOn(database.db, clock);
  const call = admitCall(scene.organizationId, { sizeBytes: 1_000, ...given });
  await metering.admit(call);
  await metering.complete(completeCall(scene.organizationId, call.jobId, { bytesOut: 10 }));
}

async function fail(at: string): Promise<void> {
  clock.set(at);
  const metering = meteringOn(database.db, clock);
  const call = admitCall(scene.organizationId, { type: 'PDF_TO_TXT' });
  await metering.admit(call);
  await metering.release(releaseCall(scene.organizationId, call.jobId));
}

interface Bucket {
  readonly start: string;
  readonly end: string;
  readonly group?: string | null;
  readonly conversions: number;
  readonly failed: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly breakdown: Record<string, number> | null;
}

function ask(query: string): Promise<ApiReply> {
  return api.call(`GET /v1/workspaces/${scene.organizationId}/usage/history?${query}`);
}

async function bucketsOf(query: string): Promise<Bucket[]> {
  const { status, body } = await ask(query);
  expect([query, status]).toEqual([query, 200]);
  return body.data as Bucket[];
}

const used = (buckets: readonly Bucket[]) => buckets.filter((one) => one.conversions + one.failed);
const sumOf = (buckets: readonly Bucket[]) =>
  buckets.reduce((sum, bucket) => sum + bucket.conversions, 0);

const cases = [
  'interval=day&from=2027-01-30&to=2027-02-25',
  'interval=month&from=2027-01-01&to=2027-04-01',
  'interval=period&from=2027-01-01',
];

/** More buckets than are read at once. */
const longCases = [
  'interval=hour&from=2027-01-31&to=2027-03-01',
  'interval=day&from=2026-06-01&to=2027-05-01',
];

describe('usage history', () => {
  it('has a row for every day in UTC, newest first, with zeros where nothing happened', async () => {
    const days = await bucketsOf('interval=day&from=2027-01-31&to=2027-02-03');
    expect(days.map((day) => [day.start, day.conversions])).toEqual([
      ['2027-02-02T00:00:00.000Z', 0],
      ['2027-02-01T00:00:00.000Z', 2],
      ['2027-01-31T00:00:00.000Z', 1],
    ]);
    expect(days[1]).toMatchObject({
      end: '2027-02-02T00:00:00.000Z',
      bytes_in: 2_000,
      bytes_out: 20,
      breakdown: { XLSX_TO_CSV: 1, DOCX_TO_PDF: 1 },
    });
  });

  it('splits an hour in which a period ends between the two periods', async () => {
    const periods = await bucketsOf('interval=period&from=2027-01-20&to=2027-05-01');
    expect(periods.map(({ start, conversions, failed }) => [start, conversions, failed])).toEqual([
      ['2027-04-20T08:00:00.000Z', 0, 0],
      ['2027-03-20T08:00:00.000Z', 0, 0],
      ['2027-02-20T08:00:00.000Z', 1, 1],
      ['2027-01-20T08:00:00.000Z', 4, 0],
    ]);
    const hours = await bucketsOf(
      'interval=hour&from=2027-02-20T07:30:00Z&to=2027-02-20T09:00:00Z',
    );
    expect(hours.map((hour) => [hour.start, hour.conversions, hour.failed])).toEqual([
      ['2027-02-20T08:00:00.000Z', 1, 1],
      ['2027-02-20T07:00:00.000Z', 1, 0],
    ]);
  });

  it('adds up the same in every interval and grouping', async () => {
    for (const query of [...cases, ...longCases]) {
      for (const grouping of ['', '&group_by=type', '&group_by=api_key', '&group_by=member']) {
        expect([query, grouping, sumOf(await bucketsOf(query + grouping))]).toEqual([
          query,
          grouping,
          5,
        ]);
      }
    }
  });

  it('puts what was asked for in another way under null', async () => {
    const month = 'interval=month&from=2027-02-01&to=2027-03-01';
    const groups = async (by: string) =>
      used(await bucketsOf(`${month}&group_by=${by}`)).map((one) => [one.group, one.conversions]);
    expect(await groups('api_key')).toEqual([
      [null, 2],
      [scene.apiKeyId, 2],
    ]);
    expect(await groups('member')).toEqual([
      [null, 3],
      ['mem_a', 1],
    ]);
    expect(await groups('type')).toEqual([
      ['DOCX_TO_PDF', 1],
      ['PDF_TO_TXT', 0],
      ['XLSX_TO_CSV', 3],
    ]);
  });

  it('pages without losing or repeating a row, grouped or not', async () => {
    const grouped = [...cases, ...longCases].map((query) => `${query}&group_by=type`);
    for (const query of [...cases, ...grouped, `${cases[0]}&group_by=api_key`]) {
      const whole = await bucketsOf(query);
      const paged: Bucket[] = [];
      let next: string | null = null;
      do {
        const after = next === null ? '' : `&starting_after=${encodeURIComponent(next)}`;
        const { body }: ApiReply = await ask(`${query}&limit=2${after}`);
        paged.push(...(body.data as Bucket[]));
        next = body.next_cursor as string | null;
        expect(body.has_more).toBe(next !== null);
      } while (next !== null);
      expect(paged).toEqual(whole);
    }
  });

  it('reads the same before and after finished days are summed, late completions included', async () => {
    const askAll = async () => {
      const answers: Bucket[][] = [];
      for (const query of cases) {
        for (const grouping of ['', '&group_by=type', '&group_by=member']) {
          answers.push(await bucketsOf(query + grouping));
        }
      }
      return answers;
    };
    clock.set('2027-02-10T10:00:00Z');
    const metering = meteringOn(database.db, clock);
    const slow = admitCall(scene.organizationId, { mode: 'sync', leaseSeconds: 3_600 });
    await metering.admit(slow);
    clock.set('2027-02-15T12:00:00Z');
    await summarizeDays(database.db, clock);
    const [before] = await daysSummed();
    expect(before).toEqual({ last: '2027-02-01T00:00:00.000Z' });
    const running = await askAll();
    await metering.complete(completeCall(scene.organizationId, slow.jobId));
    clock.set('2027-04-25T12:00:00Z');
    const hourly = await askAll();
    expect(hourly).not.toEqual(running);
    await summarizeDays(database.db, clock);
    expect(await daysSummed()).toEqual([{ last: '2027-02-20T00:00:00.000Z' }]);
    expect(await askAll()).toEqual(hourly);
    await summarizeDays(database.db, clock);
    expect(await askAll()).toEqual(hourly);
    await database.db.query(sql`SELECT forget_usage_days(${scene.organizationId})`);
    expect(await daysSummed()).toEqual([{ last: null }]);
    expect(await askAll()).toEqual(hourly);
  });

  it('refuses what it cannot answer, and names the field and the bound', async () => {
    const refused: readonly [string, string, RegExp][] = [
      ['interval=week', '/query/interval', /"period", "month", "day", "hour"/],
      ['group_by=plan', '/query/group_by', /"type", "api_key", "member"/],
      ['from=yesterday', '/query/from', /2026-11-23T10:00:00Z/],
      ['from=2027-02-30', '/query/from', /2026-11-23/],
      ['from=0000-01-01', '/query/from', /from 2000-01-01 to 2100-01-01/],
      ['to=9999-12-31T00:00:00Z', '/query/to', /from 2000-01-01 to 2100-01-01/],
      ['from=2027-03-01&to=2027-03-01', '/query/from', /before to/],
      ['from=2027-03-02&to=2027-03-01', '/query/from', /before to \(2027-03-01/],
      ['from=2025-01-01&to=2027-04-01', '/query/from', /at most 731 days/],
      ['interval=hour&from=2027-02-01&to=2027-03-05', '/query/from', /at most 31 days/],
      ['limit=0', '/query/limit', /from 1 to 100/],
      ['limit=101', '/query/limit', /from 1 to 100/],
      ['limit=x', '/query/limit', /whole number/],
      ['starting_after=nonsense', '/query/starting_after', /next_cursor/],
      ['until=2027-01-01', '/query/until', /not a known member/],
    ];
    for (const [query, pointer, detail] of refused) {
      const { status, body } = await ask(query);
      expect([query, status]).toEqual([query, 400]);
      expect(body.errors).toEqual([{ pointer, detail: expect.stringMatching(detail) }]);
    }
  });

  it('allows exactly the bound, and says 403 without the scope', async () => {
    expect((await ask('interval=hour&from=2027-02-01&to=2027-03-04')).status).toBe(200);
    expect((await ask('from=2025-04-24&to=2027-04-25')).status).toBe(200);
    const other = await scenario(database.db, clock)
      .organization()
      .key({ scopes: ['conversions:read'] })
      .create();
    const path = `/v1/workspaces/${other.organizationId}/usage/history`;
    expect((await api.call(`GET ${path}`, { as: other.apiKey })).status).toBe(403);
  });
});

function daysSummed(): Promise<{ last: string | null }[]> {
  return database.db.query(sql`SELECT max(day) AS last FROM usage_daily
    WHERE organization_id = ${scene.organizationId}`);
}
