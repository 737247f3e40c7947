import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ManualClock } from '../../clock.ts';
import { isTransient } from '../../db/transient.ts';
import { Pool } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { findViolations } from '../../metering/invariants.ts';
import { createMetering, type Metering } from '../../metering/metering.ts';
import { admitCall, completeCall, releaseCall } from '../../test/calls.ts';
import { scenario } from '../../test/scenario.ts';
import { Random } from '../random.ts';
import { installWatch, readBreaches } from '../races/watch.ts';
import { type Fault, faults, Proxy } from './proxy.ts';

export interface ProxyOptions {
  /** Of the application, straight to PostgreSQL. */
  readonly connection: pg.ClientConfig;
  readonly db: Pool;
  readonly owner: Pool;
  readonly seed: number;
  /** Faults to strike. */
  readonly faults: number;
  readonly untilMs?: number;
}

export interface ProxyResult {
  readonly struck: Readonly<Record<string, number>>;
  readonly counted: number;
  /** Calls whose caller was told that the database is away. */
  readonly gaveUp: number;
}

interface Told {
  readonly admitted: Set<string>;
  readonly counted: Set<string>;
  readonly released: Set<string>;
  /** The caller was told nothing certain. */
  readonly open: Set<string>;
  readonly mistakes: string[];
}

const queryTimeoutMs = 400;
const clientCount = 12;
const units = 100_000;

/**
 * Runs conversions through a connection that is cut, delayed and stalled, also between commit and
 * answer; the batcher sends again what it does not know about. Afterwards whatever was told is in the
 * books exactly once, and what was not told at most once.
 *
 * @throws Error with the seed and every finding
 */
export async function proveProxy(options: ProxyOptions): Promise<ProxyResult> {
  const { connection, owner, db } = options;
  await installWatch(owner);
  const { host = '', port = 5432 } = connection;
  const proxy = new Proxy(
    host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port },
  );
  const through = { ...connection, host: '127.0.0.1', port: await proxy.listen() };
  const pools = [true, false].map(
    (durable) => new Pool({ connection: through, connectionsMax: 6, durable, queryTimeoutMs }),
  );
  const clock = new ManualClock('2027-03-10T12:00:00Z');
  const { organizationId } = await scenario(db, clock)
    .organization()
    .overrides({ monthly_limit: units, concurrent_limit: clientCount })
    .create();
  const told: Told = {
    admitted: new Set(),
    counted: new Set(),
    released: new Set(),
    open: new Set(),
    mistakes: [],
  };
  try {
    const [durable, relaxed] = pools;
    if (durable === undefined || relaxed === undefined) throw new Error('two pools are needed');
    const metering = createMetering({ clock, durable, relaxed, queuedMax: 100, attemptsMax: 3 });
    await strikeUnderLoad(proxy, metering, organizationId, told, options);
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
    await proxy.close();
  }
  const findings = [
    ...told.mistakes,
    ...(await compare(db, organizationId, told)),
    ...(await readBreaches(owner)),
    ...(await findViolations(db, organizationId)).map((one) => `${one.invariant}: ${one.detail}`),
  ];
  if (findings.length > 0) {
    throw new Error(`proxy with PROOF_SEED=${options.seed}:\n${findings.slice(0, 20).join('\n')}`);
  }
  const struck = Object.fromEntries(proxy.struck);
  return { struck, counted: told.counted.size, gaveUp: told.open.size };
}

async function strikeUnderLoad(
  proxy: Proxy,
  metering: Metering,
  organizationId: string,
  told: Told,
  { seed, faults: wanted, untilMs = Infinity }: ProxyOptions,
): Promise<void> {
  const over = new AbortController();
  const clients = Array.from({ length: clientCount }, async (_, number) => {
    const random = new Random(seed * 1_000 + number);
    while (!over.signal.aborted) await convertOnce(metering, organizationId, told, random);
  });
  const random = new Random(seed);
  const struckCount = () => [...proxy.struck.values()].reduce((sum, count) => sum + count, 0);
  while (struckCount() < wanted && performance.now() < untilMs) {
    const fault: Fault = random.pick(faults) ?? 'cut';
    proxy.arm(fault);
    const before = struckCount();
    while (struckCount() === before && performance.now() < untilMs) await sleep(2);
    // Some conversions get through in between, however slow the machine is.
    const progress = told.counted.size + random.below(8);
    while (told.counted.size < progress && performance.now() < untilMs) await sleep(2);
  }
  over.abort();
  await Promise.all(clients);
  await metering.settled();
}

async function convertOnce(
  metering: Metering,
  organizationId: string,
  told: Told,
  random: Random,
): Promise<void> {
  const call = admitCall(organizationId);
  const { jobId } = call;
  try {
    const decision = await (random.chance(0.5)
      ? metering.admit(call)
      : metering.admitDurably(call));
    if (decision.verdict === 'concurrency_limited') return;
    if (decision.verdict !== 'allowed') told.mistakes.push(`${jobId}: ${decision.verdict}`);
    told.admitted.add(jobId);
    if (random.chance(0.8)) {
      const { result } = await metering.complete(completeCall(organizationId, jobId));
      if (result === 'stale') told.mistakes.push(`${jobId}: stale though nobody else ended it`);
      else told.counted.add(jobId);
    } else {
      // Sent again after it was done, a release finds its own work and says stale.
      await metering.release(releaseCall(organizationId, jobId));
      told.released.add(jobId);
    }
  } catch (error) {
    if (!isTransient(error)) told.mistakes.push(`${jobId}: ${String(error)}`);
    told.open.add(jobId);
  }
}

async function compare(db: Pool, organizationId: string, told: Told): Promise<string[]> {
  const jobs = await db.query<{ id: string; status: string; events: number }>(sql`
    SELECT j.id, j.status, (SELECT count(*) FROM usage_events e
      WHERE e.organization_id = j.organization_id AND e.job_id = j.id) AS events
    FROM jobs j WHERE j.organization_id = ${organizationId}`);
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const eventsOf = (id: string) => byId.get(id)?.events ?? 0;
  return [
    ...[...told.admitted].filter((id) => !byId.has(id)).map((id) => `${id}: admitted, and gone`),
    ...[...told.counted]
      .filter((id) => eventsOf(id) !== 1)
      .map((id) => `${id}: told that it was counted, ${eventsOf(id)} events`),
    ...[...told.released]
      .filter((id) => byId.get(id)?.status !== 'failed' || eventsOf(id) > 0)
      .map((id) => `${id}: released, and ${byId.get(id)?.status}`),
    ...jobs
      .filter((job) => job.events > 1 || (job.events === 1) !== (job.status === 'succeeded'))
      .map((job) => `${job.id}: ${job.status} with ${job.events} events`),
    ...jobs
      .filter(({ id }) => !told.admitted.has(id) && !told.open.has(id))
      .map(({ id }) => `${id}: a job that nobody was told of`),
  ];
}
