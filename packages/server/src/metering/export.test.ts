import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { quietLog } from '../test/server.ts';
import { type Scene, scenario } from '../test/scenario.ts';
import { RefusalRecorder } from './refusals.ts';
import { usageRoutes } from './routes.ts';

const clock = new ManualClock('2027-03-10T08:00:00Z');
const manyRows = 200_000;
let database: TestDatabase;
let api: TestApi;
let port: number;
let pagesRead = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  const counting: Database = {
    query: (statement) => {
      if (statement.text.includes('FROM usage_events')) pagesRead += 1;
      return db.query(statement);
    },
    transaction: (work) => db.transaction(work),
  };
  const refusals = new RefusalRecorder({ db, clock, log: quietLog });
  api = createTestApi(counting, clock, usageRoutes({ refusals }));
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = api.app.server.address() as AddressInfo);
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const scene = () => scenario(database.db, clock).organization().plan('pro').create();

/** Starts an export; nothing is read of it yet. */
async function open(made: Scene, query: string): Promise<http.IncomingMessage> {
  const path = `/v1/workspaces/${made.organizationId}/usage/export?${query}`;
  const headers = { authorization: `Bearer ${made.apiKey}` };
  const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

async function download(made: Scene, query: string): Promise<string> {
  let text = '';
  for await (const chunk of (await open(made, query)).setEncoding('utf8')) text += String(chunk);
  return text;
}

async function use(made: Scene, at: string): Promise<string> {
  const before = clock.now();
  clock.set(at);
  const metering = meteringOn(database.db, clock);
  const jobId = newId('job', clock.now().getTime());
  await metering.admit(admitCall(made.organizationId, { jobId, apiKeyId: made.apiKeyId }));
  await metering.complete(completeCall(made.organizationId, jobId));
  clock.set(before);
  return jobId;
}

/** Counted conversions of one minute, many of the same millisecond, across partitions' bounds. */
async function insertMany(organizationId: string): Promise<void> {
  await database.owner.query(sql`INSERT INTO usage_events
    SELECT ${organizationId}, 'job_' || lpad(i::text, 26, '0'),
      '2027-03-31T23:59:30Z'::timestamptz + make_interval(secs => floor(i / 40.0) * 0.01), 
      '2027-04-01T00:01:00Z', '2027-03-10T08:00:00Z', 'XLSX_TO_CSV', 'included', NULL, 'usd',
      'plan_pro', 1, NULL, 1000, 10, 5, NULL, NULL
    FROM generate_series(1, ${manyRows}::integer) i`);
}

describe('the usage export', () => {
  it('has one row a counted conversion of the current period, in the order of admission', async () => {
    const made = await scene();
    const jobs = [
      await use(made, '2027-03-10T09:00:00Z'),
      await use(made, '2027-03-11T09:00:00.125Z'),
    ];
    const running = admitCall(made.organizationId);
    await meteringOn(database.db, clock).admit(running);
    const [head = '', ...lines] = (await download(made, '')).split('\r\n');
    expect(head.split(',').slice(0, 6)).toEqual([
      'job_id',
      'type',
      'admitted_at',
      'completed_at',
      'period_start',
      'billed_as',
    ]);
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => line.split(',')[0])).toEqual([...jobs, '']);
    expect(lines[1]).toBe(
      `${jobs[1]},CSV_TO_JSON,2027-03-11T09:00:00.125Z,2027-03-11T09:00:00.125Z,` +
        '2027-03-10T08:00:00.000Z,included,,usd,plan_pro,1,,1000,10,5,' +
        `${made.apiKeyId},`,
    );
    const objects = (await download(made, 'format=ndjson')).trimEnd().split('\n');
    expect(objects.map((line) => (JSON.parse(line) as { job_id: string }).job_id)).toEqual(jobs);
    expect(Object.keys(JSON.parse(objects[0] ?? '{}') as object).join(',')).toBe(head);
  });

  it('takes the range half-open, and says what it is', async () => {
    const made = await scene();
    const jobId = await use(made, '2027-03-12T00:00:00Z');
    expect(await download(made, 'format=ndjson&from=2027-03-12&to=2027-03-13')).toContain(jobId);
    expect(await download(made, 'format=ndjson&from=2027-03-11&to=2027-03-12')).toBe('');
    const response = await open(made, 'format=csv');
    response.resume();
    expect(response.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(response.headers['content-disposition']).toBe(
      'attachment; filename="usage-2027-03-10-2027-04-10.csv"',
    );
  });

  it('refuses unknown formats and ranges that are none', async () => {
    const { organizationId } = await scene();
    const path = `/v1/workspaces/${organizationId}/usage/export` as const;
    for (const [query, pointer] of [
      ['format=xlsx', '/query/format'],
      ['from=now', '/query/from'],
      ['from=2027-04-01&to=2027-03-01', '/query/from'],
      ['to=2200-01-01', '/query/to'],
    ]) {
      const { status, body } = await api.call(`GET ${path}?${query}`);
      expect([query, status]).toEqual([query, 400]);
      expect(body.errors).toMatchObject([{ pointer }]);
    }
  });
});

describe('an export of 200,000 rows', () => {
  let made: Scene;
  beforeAll(async () => {
    made = await scene();
    await insertMany(made.organizationId);
  });
  const range = 'from=2027-03-01&to=2027-05-01';

  it('gives every row once and in order, in bounded memory, to a client that reads slowly', async () => {
    const response = await open(made, `format=ndjson&${range}`);
    const before = heldBytes();
    let [rest, rows, bytes, held, inOrder, last] = ['', 0, 0, 0, true, ''];
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      bytes += String(chunk).length;
      for (const line of lines) {
        const { job_id: jobId } = JSON.parse(line) as { job_id: string };
        inOrder &&= jobId > last;
        last = jobId;
        rows += 1;
      }
      if (rows % 20_000 < lines.length) {
        await sleep(50);
        held = Math.max(held, heldBytes() - before);
      }
    }
    expect({ rows, rest, inOrder }).toEqual({ rows: manyRows, rest: '', inOrder: true });
    expect(bytes).toBeGreaterThan(70_000_000);
    expect(held).toBeLessThan(25_000_000);
  }, 90_000);

  it('is read no further than a client takes it', async () => {
    pagesRead = 0;
    const response = await open(made, `format=ndjson&${range}`);
    response.pause();
    await sleep(1_500);
    const stalled = pagesRead;
    // What fits into the buffers of two sockets, and a page.
    expect(stalled).toBeLessThan(25);
    await sleep(500);
    expect(pagesRead).toBe(stalled);
    response.destroy();
  });

  it('stops when its client is gone, and leaves no query behind', async () => {
    pagesRead = 0;
    const response = await open(made, range);
    await once(response, 'data');
    response.destroy();
    await sleep(500);
    const read = pagesRead;
    expect(read).toBeLessThan(50);
    const [row] = await database.owner.query<{ open: number }>(
      sql`SELECT count(*)::integer AS open FROM pg_stat_activity
          WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
            AND query LIKE '%usage_events%'`,
    );
    expect(row?.open).toBe(0);
    await sleep(300);
    expect(pagesRead).toBe(read);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
