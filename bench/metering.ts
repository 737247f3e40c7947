import os from 'node:os';
import { parseArgs } from 'node:util';
import {
  hasRedis,
  prepareRedis,
  type RedisUnderTest,
} from '../packages/server/src/http/rate-limit/redis-under-test.ts';
import type { ContenderKind } from './metering/contender.ts';
import { contenders, reference } from './metering/contenders.ts';
import { type BenchServer, type Ledger, startBenchServer } from './metering/ledger.ts';
import { type Measurement, median, quantile } from './metering/load.ts';
import { openPlayers, type Players } from './metering/players.ts';

/**
 * Measures admissions with their completions, contender beside contender in the same run, on a
 * PostgreSQL of its own with durable settings; in one server process and in several at once.
 *
 * npm run bench:metering -- [--seconds 2] [--rounds 3] [--case 1x512]
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    case: { type: 'string', multiple: true },
  },
});
const seconds = positive('seconds', values.seconds);
const rounds = positive('rounds', values.rounds);

/** Organizations, calls in flight over all processes, server processes. */
const allCases = [
  { organizations: 1, inFlight: 1, processes: 1 },
  { organizations: 1, inFlight: 64, processes: 1 },
  { organizations: 1, inFlight: 512, processes: 1 },
  { organizations: 1_000, inFlight: 64, processes: 1 },
  { organizations: 1_000, inFlight: 512, processes: 1 },
  { organizations: 1, inFlight: 512, processes: 2 },
  { organizations: 1, inFlight: 512, processes: 4 },
  { organizations: 1_000, inFlight: 512, processes: 2 },
  { organizations: 1_000, inFlight: 512, processes: 4 },
] as const;
type Case = (typeof allCases)[number];

interface Entry {
  readonly name: string;
  readonly kind: ContenderKind;
  readonly players: Players;
  readonly ledger: Ledger;
  readonly measured: Measurement[];
}

await main();

async function main(): Promise<void> {
  const wanted = values.case;
  const cases = allCases.filter((one) => wanted === undefined || wanted.includes(nameOf(one)));
  if (cases.length === 0) throw new Error(`--case is one of ${allCases.map(nameOf).join(', ')}`);
  console.log(
    `${os.availableParallelism()} cores (${os.cpus()[0]?.model}), Node ${process.versions.node}; ` +
      `medians of ${rounds} rounds of ${seconds} s, in turn`,
  );
  const redis = await startRedis();
  const starting = startBenchServer();
  const stop = (): void => {
    // Calls that are under way lose their connection; nobody waits for their answers any more.
    process.on('uncaughtException', () => undefined);
    void starting
      .then((server) => Promise.all([server.stop(), redis?.kill()]))
      .finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const server = await starting;
  try {
    for (const one of cases) await runCase(server, redis?.url ?? null, one);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await Promise.all([server.stop(), redis?.kill()]);
  }
}

async function startRedis(): Promise<RedisUnderTest | null> {
  if (hasRedis()) {
    const redis = await prepareRedis();
    await redis.start();
    return redis;
  }
  console.log('\n!!! redis-server is not on the PATH: Redis IS LEFT OUT !!!');
  return null;
}

async function runCase(server: BenchServer, redisUrl: string | null, one: Case): Promise<void> {
  const entries: Entry[] = [];
  for (const [index, [name, kind]] of Object.entries(contenders).entries()) {
    if (kind.needsRedis === true && redisUrl === null) continue;
    const ledger = await server.createLedger(`${nameOf(one)}_${index}`, one.organizations);
    const place = { connection: ledger.connection, redisUrl };
    const players = await openPlayers(name, kind, place, one.processes);
    entries.push({ name, kind, players, ledger, measured: [] });
  }
  // Round 0 warms connections, plans and code, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const { players, ledger, measured } of entries) {
      const { organizationIds } = ledger;
      const load = { organizationIds, inFlight: one.inFlight, seconds: round === 0 ? 1 : seconds };
      const measurement = await players.measure(load);
      if (round > 0) measured.push(measurement);
    }
  }
  console.log(`\n${titleOf(one)}`);
  console.log('                             pairs/s   admit p50   p99 ms   × naive   adds up');
  const naive = entries.find(({ name }) => name === reference);
  const base = naive === undefined ? Number.NaN : pairsPerSecond(naive.measured);
  for (const entry of entries) {
    await entry.players.close();
    const mistakes = entry.kind.keeps === 'ledger' ? await entry.ledger.findMistakes() : [];
    await entry.ledger.close();
    console.log(lineOf(entry, base, mistakes.length === 0));
    for (const mistake of mistakes.slice(0, 5)) console.log(`    ${mistake}`);
    if (mistakes.length > 0) process.exitCode = 1;
  }
}

function lineOf({ name, kind, measured }: Entry, base: number, addsUp: boolean): string {
  const pairs = pairsPerSecond(measured);
  const ms = (share: number) => median(measured.map((one) => quantile(one.admitMs, share)));
  const correct = addsUp ? 'yes' : 'NO';
  return [
    name.padEnd(26),
    Math.round(pairs).toLocaleString('en').padStart(9),
    ms(0.5).toFixed(2).padStart(11),
    ms(0.99).toFixed(1).padStart(8),
    (pairs / base).toFixed(1).padStart(9),
    kind.keeps === 'ledger' ? correct.padStart(9) : '   only counts: no slot, job, event',
  ].join(' ');
}

function pairsPerSecond(measured: readonly Measurement[]): number {
  return median(measured.map((one) => one.pairs / one.seconds));
}

function titleOf({ organizations, inFlight, processes }: Case): string {
  const where = processes === 1 ? 'one process' : `over ${processes} processes`;
  const whose = organizations === 1 ? '1 organization' : `${organizations} organizations`;
  return `${whose}, ${inFlight} in flight, ${where}`;
}

function nameOf({ organizations, inFlight, processes }: Case): string {
  return `${organizations}x${inFlight}${processes === 1 ? '' : `x${processes}`}`;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a positive number`);
  return value;
}
