import os from 'node:os';
import { parseArgs } from 'node:util';
import { openBatched } from './metering/batched.ts';
import type { Contender, ContenderKind } from './metering/contender.ts';
import { type BenchServer, type Ledger, startBenchServer } from './metering/ledger.ts';
import { measure, type Measurement, median } from './metering/load.ts';
import { openNaive } from './metering/naive.ts';
import { openOneByOne } from './metering/one-by-one.ts';

/**
 * Measures admissions with their completions, contender beside contender in the same run, on a
 * PostgreSQL of its own with durable settings.
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

/** Other peers go here. The first but one is what the ratios refer to. */
const contenders: readonly ContenderKind[] = [
  { name: 'batched (ours)', open: openBatched },
  { name: 'naive transaction', open: openNaive },
  { name: 'one function a call', open: openOneByOne },
];
const reference = 'naive transaction';

/** Organizations and calls in flight. */
const allCases = [
  { organizations: 1, inFlight: 1 },
  { organizations: 1, inFlight: 64 },
  { organizations: 1, inFlight: 512 },
  { organizations: 1_000, inFlight: 64 },
  { organizations: 1_000, inFlight: 512 },
] as const;
type Case = (typeof allCases)[number];

interface Entry {
  readonly name: string;
  readonly contender: Contender;
  readonly ledger: Ledger;
}

await main();

async function main(): Promise<void> {
  const wanted = values.case;
  const cases = allCases.filter((one) => wanted === undefined || wanted.includes(nameOf(one)));
  if (cases.length === 0) throw new Error(`--case is one of ${allCases.map(nameOf).join(', ')}`);
  console.log(
    `${os.availableParallelism()} cores, Node ${process.versions.node}; load generator in this ` +
      `process; medians of ${rounds} rounds of ${seconds} s, in turn`,
  );
  const starting = startBenchServer();
  const stop = (): void => {
    // Calls that are under way lose their connection; nobody waits for their answers any more.
    process.on('uncaughtException', () => undefined);
    void starting.then((server) => server.stop()).finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const server = await starting;
  try {
    for (const one of cases) await runCase(server, one);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await server.stop();
  }
}

async function runCase(server: BenchServer, one: Case): Promise<void> {
  const entries: Entry[] = [];
  for (const [index, { name, open }] of contenders.entries()) {
    const ledger = await server.createLedger(`${nameOf(one)}_${index}`, one.organizations);
    entries.push({ name, ledger, contender: open(ledger.connection) });
  }
  const results = new Map<string, Measurement[]>(entries.map(({ name }) => [name, []]));
  // Round 0 warms connections, plans and code, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const { name, contender, ledger } of entries) {
      const { organizationIds } = ledger;
      const load = { organizationIds, inFlight: one.inFlight, seconds: round === 0 ? 1 : seconds };
      const measured = await measure(contender, load);
      if (round > 0) results.get(name)?.push(measured);
    }
  }
  console.log(`\n${one.organizations} organizations, ${one.inFlight} in flight`);
  console.log('                       pairs/s   admit p50   p99 ms   × naive   adds up');
  const base = median((results.get(reference) ?? []).map((each) => each.pairsPerSecond));
  for (const { name, contender, ledger } of entries) {
    await contender.close();
    const mistakes = await ledger.findMistakes();
    await ledger.close();
    console.log(lineOf(name, results.get(name) ?? [], base, mistakes.length === 0));
    for (const mistake of mistakes.slice(0, 5)) console.log(`    ${mistake}`);
    if (mistakes.length > 0) process.exitCode = 1;
  }
}

function lineOf(
  name: string,
  measured: readonly Measurement[],
  base: number,
  addsUp: boolean,
): string {
  const pairs = median(measured.map((one) => one.pairsPerSecond));
  return [
    name.padEnd(21),
    Math.round(pairs).toLocaleString('en').padStart(9),
    median(measured.map((one) => one.p50Ms))
      .toFixed(2)
      .padStart(11),
    median(measured.map((one) => one.p99Ms))
      .toFixed(1)
      .padStart(8),
    (pairs / base).toFixed(1).padStart(9),
    (addsUp ? 'yes' : 'NO').padStart(9),
  ].join(' ');
}

function nameOf(one: Case): string {
  return `${one.organizations}x${one.inFlight}`;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a positive number`);
  return value;
}
