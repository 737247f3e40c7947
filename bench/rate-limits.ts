import { fork } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { startBenchServer } from './metering/ledger.ts';
import { median } from './metering/load.ts';
import { contenders, makeTables } from './rate-limits/contenders.ts';
import type { Order, Outcome } from './rate-limits/server-process.ts';

/**
 * Measures ways of counting requests in 2 and 4 server processes at once: how many a second, how
 * long each takes, and how many pass above the limit.
 *
 * REDIS_URL, where set, is what ours counts in.
 *
 * npx node bench/rate-limits.ts [--seconds 2] [--rounds 3] [--load '1 key, 1 in flight']
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    load: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
if (!(seconds > 0 && rounds > 0)) throw new Error('--seconds and --rounds must be positive');

type Load = Omit<Order, 'contender' | 'connection' | 'keys' | 'seconds'> & { keys: number };

const unlimited = 1_000_000_000;
const loads: Readonly<Record<string, Load>> = {
  '1 key, 64 in flight each': { keys: 1, perMinute: unlimited, inFlight: 64, pauseMs: 0 },
  '1,000 keys, 64 in flight each': { keys: 1_000, perMinute: unlimited, inFlight: 64, pauseMs: 0 },
  '1 key, 1 in flight each': { keys: 1, perMinute: unlimited, inFlight: 1, pauseMs: 0 },
  'flood of a limit of 1,000': { keys: 1, perMinute: 1_000, inFlight: 64, pauseMs: 0 },
  'calm walk over a limit of 60': { keys: 1, perMinute: 60, inFlight: 1, pauseMs: 10 },
};

let run = 0;

async function measure(
  connection: pg.ClientConfig,
  contender: string,
  processes: number,
  load: Load,
): Promise<Outcome> {
  run += 1;
  const keys = Array.from({ length: load.keys }, (_, index) => `key_${run}_${index}`);
  const order: Order = { ...load, contender, connection, keys, seconds };
  const outcomes = await Promise.all(Array.from({ length: processes }, () => send(order)));
  return {
    requests: outcomes.reduce((sum, outcome) => sum + outcome.requests, 0),
    passed: outcomes.reduce((sum, outcome) => sum + outcome.passed, 0),
    tookMs: outcomes.flatMap((outcome) => outcome.tookMs).toSorted((a, b) => a - b),
  };
}

async function send(order: Order): Promise<Outcome> {
  const child = fork(path.join(import.meta.dirname, 'rate-limits/server-process.ts'));
  const ended = once(child, 'exit').then(([code]: unknown[]): never => {
    throw new Error(`a server process ended with ${String(code)} and told nothing`);
  });
  child.send(order);
  const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [Outcome];
  ended.catch(() => undefined);
  return outcome;
}

function lineOf(name: string, outcomes: readonly Outcome[], perMinute: number): string {
  const quantile = (share: number) =>
    median(outcomes.map(({ tookMs }) => tookMs[Math.floor(tookMs.length * share)] ?? Number.NaN));
  const above = outcomes.map(({ passed }) => passed - perMinute);
  const rate = median(outcomes.map(({ requests }) => requests)) / seconds;
  return [
    name.padEnd(26),
    Math.round(rate).toLocaleString('en').padStart(11),
    quantile(0.5).toFixed(2).padStart(9),
    quantile(0.99).toFixed(2).padStart(9),
    (perMinute === unlimited ? '' : String(Math.max(...above))).padStart(13),
  ].join(' ');
}

const server = await startBenchServer();
try {
  const ledger = await server.createLedger('rates', 1);
  await makeTables(ledger.connection);
  console.log(`${os.availableParallelism()} cores; load in the servers' own processes`);
  for (const processes of [2, 4]) {
    for (const [title, load] of Object.entries(loads)) {
      if (!title.includes(values.load)) continue;
      const outcomes = new Map<string, Outcome[]>();
      for (let round = 0; round < rounds; round += 1) {
        for (const name of Object.keys(contenders)) {
          const outcome = await measure(ledger.connection, name, processes, load);
          outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
        }
      }
      console.log(`\n${processes} processes, ${title}`);
      console.log(`${' '.repeat(28)}requests/s    p50 ms    p99 ms   most above`);
      for (const [name, all] of outcomes) console.log(lineOf(name, all, load.perMinute));
    }
  }
  await ledger.close();
} finally {
  await server.stop();
}
