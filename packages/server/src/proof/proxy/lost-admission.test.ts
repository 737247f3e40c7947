import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { admitBatch } from '../../metering/sql.ts';
import { formOf, type File } from '../../test/batches.ts';
import { admitCall } from '../../test/calls.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario } from '../../test/scenario.ts';
import { form, startTestService, type TestService } from '../../test/service.ts';
import { isDrained, lapseIdempotencyClaims } from '../faults/audit.ts';
import { Proxy, type Fault } from './proxy.ts';

let proxy: Proxy;
let tested: TestService;
beforeAll(async () => {
  tested = await startTestService({
    env: { LEASE_SECONDS: '2' },
    connect: async ({ applicationConnection }) => {
      const { host = '', port = 5432 } = applicationConnection;
      proxy = new Proxy(
        host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port },
      );
      return { ...applicationConnection, host: '127.0.0.1', port: await proxy.listen() };
    },
  });
});
afterAll(async () => {
  await tested.close();
  await proxy.close();
});

/** Of the statement that admits: the traffic to strike at. */
const admission = admitBatch([admitCall('org_a')], {
  queuedMax: 1,
  attemptsMax: 1,
  asOf: new Date(),
}).name;

const csv = 'name,age\r\nAda,36\r\n';
const files: File[] = ['a.csv', 'b.csv', 'c.csv'].map((name) => [name, csv]);

type Mode = 'synchronous' | 'asynchronous' | 'batch';

async function send(mode: Mode, owner: { organizationId: string; apiKey: string }, key: string) {
  const path = `/v1/workspaces/${owner.organizationId}/conversions`;
  const response = await tested.fetch(mode === 'batch' ? `${path}/batch` : path, {
    method: 'POST',
    key: owner.apiKey,
    headers: {
      'idempotency-key': key,
      ...(mode === 'asynchronous' ? { prefer: 'respond-async' } : {}),
    },
    body: mode === 'batch' ? formOf(files) : form({ name: 'a.csv', content: csv }, { to: 'json' }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** As a client does: again with its key while it is told that it may. */
async function sendUntilDone(...args: Parameters<typeof send>): Promise<number> {
  for (let round = 0; round < 50; round++) {
    // As if the minute had passed after which a claim that nobody renews is over.
    await lapseIdempotencyClaims(tested.database.owner);
    const status = await send(...args);
    if (status < 300) return status;
    expect([409, 429, 500, 503]).toContain(status);
    await sleep(200);
  }
  throw new Error('the repeated request was never answered');
}

const outages: [string, Fault, boolean][] = [
  ['is committed and its answer lost', 'lose answer', false],
  ['is committed, and the database then out of reach', 'lose answer', true],
  ['never arrives, and the database is out of reach', 'lose request', true],
  ['meets a broken connection', 'cut', true],
];

describe.each<Mode>(['synchronous', 'asynchronous', 'batch'])(
  'a %s request under a key',
  (mode) => {
    test.each(outages)(
      'whose admission %s becomes one job a file, counted once, by being repeated',
      async (_what, fault, thenShut) => {
        const { db } = tested.database;
        const owner = await scenario(db, systemClock).organization().create();
        const { organizationId } = owner;
        // Once undisturbed: what is cached is cached, and what is prepared is prepared.
        await send(mode, owner, 'before');
        proxy.arm(fault, { carrying: admission, thenShut });
        const first = await send(mode, owner, 'struck');
        proxy.reopen();
        expect(thenShut ? [503] : [201, 202]).toContain(first);
        await sendUntilDone(mode, owner, 'struck');
        await expect.poll(() => isDrained(db, organizationId), { timeout: 30_000 }).toBe(true);
        const jobs = await db.query<{ status: string; events: number }>(sql`SELECT j.status,
          (SELECT count(*) FROM usage_events e
           WHERE e.organization_id = j.organization_id AND e.job_id = j.id) AS events
        FROM jobs j WHERE j.organization_id = ${organizationId}`);
        const wanted = 2 * (mode === 'batch' ? files.length : 1);
        const live = jobs.filter(({ status }) => status !== 'failed');
        expect(live.map(({ status }) => status)).toEqual(Array(wanted).fill('succeeded'));
        expect(live.every(({ events }) => events === 1)).toBe(true);
        expect(jobs.reduce((sum, { events }) => sum + events, 0)).toBe(wanted);
        await expectInvariants(db, organizationId, new Date());
      },
      120_000,
    );
  },
);
