import { setTimeout as sleep } from 'node:timers/promises';
import { ManualClock } from '../../clock.ts';
import type { Context } from '../../context.ts';
import type { Pool } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { findViolations } from '../../metering/invariants.ts';
import { setOverrides } from '../../subscriptions/overrides.ts';
import { meteringOn } from '../../test/calls.ts';
import { scenario } from '../../test/scenario.ts';
import { Random } from '../random.ts';
import { type Arena, callOnce } from './client.ts';
import { Ledger } from './ledger.ts';
import { installWatch, readBreaches } from './watch.ts';

export interface RacesOptions {
  /** One pool for each server that takes part. */
  readonly servers: readonly Pool[];
  readonly owner: Pool;
  readonly seed: number;
  readonly calls: number;
  readonly untilMs?: number;
  readonly clients?: number;
  readonly onRound?: (calls: number) => void;
}

export interface RacesResult {
  readonly calls: number;
  readonly counted: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

const callsPerRound = 4_000;
const operatorMs = 20;

/**
 * Lets clients on several servers compete for the same few organizations while an operator changes
 * the limits and months pass; after each round all that they were told must be what the books say.
 *
 * @throws Error with the seed and every finding
 */
export async function proveRaces(options: RacesOptions): Promise<RacesResult> {
  await installWatch(options.owner);
  const total: { calls: number; counted: number; verdicts: Record<string, number> } = {
    calls: 0,
    counted: 0,
    verdicts: {},
  };
  const deadline = options.untilMs ?? Infinity;
  for (let round = 0; total.calls < options.calls && performance.now() < deadline; round++) {
    const seed = options.seed + round;
    const calls = Math.min(callsPerRound, options.calls - total.calls);
    const ledger = await race({ ...options, seed, calls });
    total.calls += ledger.calls;
    total.counted += ledger.counted.size;
    for (const [verdict, count] of ledger.verdicts) {
      total.verdicts[verdict] = (total.verdicts[verdict] ?? 0) + count;
    }
    options.onRound?.(total.calls);
  }
  return total;
}

async function race(options: RacesOptions): Promise<Ledger> {
  const { servers, owner, seed, calls, clients = 48 } = options;
  const [db] = servers;
  if (db === undefined) throw new Error('races need a server');
  // Claim and sweep look at all organizations: each round has the database to itself.
  await owner.query(sql`TRUNCATE active_conversions, jobs, usage_events, usage_counters,
    usage_records, usage_hourly, api_key_usage, usage_outcomes, usage_alerts, outbox`);
  const clock = new ManualClock('2027-01-31T10:00:00Z');
  const random = new Random(seed);
  const contexts = await createContestants(db, clock);
  const ledger = new Ledger();
  const arena: Arena = { db, clock, ledger, organizations: contexts, attempts: [] };
  const meterings = servers.map((server) => meteringOn(server, clock, 20));
  const run = async (number: number) => {
    const own = new Random(seed * 1_000 + number);
    const metering = meterings[number % meterings.length];
    if (metering === undefined) return;
    while (ledger.calls < calls) await callOnce(arena, metering, own);
  };
  const operator = async () => {
    while (ledger.calls < calls) {
      await changeSomething(contexts, clock, random);
      await sleep(operatorMs);
    }
  };
  await Promise.all([operator(), ...Array.from({ length: clients }, (_, number) => run(number))]);
  const findings = [
    ...ledger.mistakes,
    ...(await compare(db, ledger)),
    ...(await readBreaches(owner)),
    ...(await findViolations(db, null)).map(
      (one) => `invariant ${one.invariant}, ${one.organization_id}: ${one.detail}`,
    ),
  ];
  if (findings.length > 0) {
    throw new Error(`races with PROOF_SEED=${seed}:\n${findings.slice(0, 20).join('\n')}`);
  }
  return ledger;
}

interface Contestant {
  readonly id: string;
  readonly keyId: string;
  readonly ctx: Context;
}

/** One strict, one with a spend cap and a capped key, one that warns, one without limits. */
async function createContestants(db: Pool, clock: ManualClock): Promise<Contestant[]> {
  const strict = scenario(db, clock)
    .organization()
    .overrides({ monthly_limit: 200, concurrent_limit: 3 });
  const capped = scenario(db, clock)
    .organization()
    .plan('starter')
    .overrides({ monthly_limit: 100, concurrent_limit: 4, overage_price: '0.1' })
    .overage('charge', 500)
    .key({ monthlyLimit: 60 });
  const warned = scenario(db, clock)
    .organization()
    .plan('starter')
    .overrides({ monthly_limit: 50, concurrent_limit: 5 })
    .overage('warn');
  const open = scenario(db, clock).organization().plan('enterprise');
  const scenes = [];
  for (const one of [strict, capped, warned, open]) scenes.push(await one.create());
  return scenes.map(({ organizationId, apiKeyId, ctx }) => ({
    id: organizationId,
    keyId: apiKeyId,
    ctx,
  }));
}

/** A new limit, for better or worse; now and then the month ends. */
async function changeSomething(
  contestants: readonly Contestant[],
  clock: ManualClock,
  random: Random,
): Promise<void> {
  const ctx = random.pick(contestants.slice(0, 3))?.ctx;
  if (ctx !== undefined) {
    await setOverrides(ctx, {
      monthly_limit: random.chance(0.1) ? 'unlimited' : random.below(60),
      concurrent_limit: random.below(8),
      overage_price: '0.1',
      reason: 'A race',
    });
  }
  if (random.chance(0.05)) clock.advance(random.below(40) * 86_400_000);
}

/** What was acknowledged against what is written. */
async function compare(db: Pool, ledger: Ledger): Promise<string[]> {
  const events = await db.query<{ job_id: string }>(sql`SELECT job_id FROM usage_events`);
  const written = new Set(events.map((event) => event.job_id));
  const lost = [...ledger.counted].filter((id) => !written.has(id));
  const unasked = [...written].filter((id) => !ledger.counted.has(id));
  const wrong = await db.query<{ id: string }>(sql`SELECT id FROM jobs
    WHERE id = ANY (${[...ledger.ended]}::text[]) AND status NOT IN ('failed', 'cancelled')`);
  return [
    ...lost.map((id) => `${id}: counted, and no event`),
    ...unasked.map((id) => `${id}: an event that nobody was told of`),
    ...wrong.map(({ id }) => `${id}: ended, and not so in the books`),
  ];
}
