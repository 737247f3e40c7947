import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

/**
 * What the whole path costs: a 1 KB CSV to JSON through Mutate (key, rate limit, early look, upload,
 * admission, conversion, output kept, durable counting) against a bare Fastify route that does the
 * same conversion and nothing else. Both in a process of their own, the load in a third, in turns.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    /** Numbers of connections to measure with, one after the other. */
    connections: { type: 'string', default: '32,128' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const connectionCounts = values.connections.split(',').map(Number);

interface Contender {
  name: string;
  child: ChildProcess;
  target: Target;
}

interface Series {
  name: string;
  target: Target;
  perSecond: number[];
  p50Ms: number[];
  p99Ms: number[];
}

export interface Target {
  port: number;
  path: string;
  authorization: string;
}

export interface LoadOrder extends Target {
  seconds: number;
  connections: number;
}

export interface LoadReport {
  requests: number;
  failed: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function startContender(name: string, file: string, args: string[]): Promise<Contender> {
  const child = fork(script(file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`${name} did not start`)));
  const [target] = (await Promise.race([once(child, 'message'), died])) as [Target];
  return { name, child, target };
}

async function measure(
  target: Target,
  connections: number,
  forSeconds: number,
): Promise<LoadReport> {
  const child = fork(script('path-load.ts'));
  const report = once(child, 'message') as Promise<[LoadReport]>;
  child.send({ ...target, seconds: forSeconds, connections } satisfies LoadOrder);
  const [result] = await report;
  return result;
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** Both in turns, so that what else the machine does falls on both. */
async function compare(connections: number): Promise<void> {
  const all: Series[] = contenders.map(({ name, target }) => {
    return { name, target, perSecond: [], p50Ms: [], p99Ms: [] };
  });
  for (let round = 1; round <= rounds; round++) {
    for (const { name, target, perSecond, p50Ms, p99Ms } of all) {
      const report = await measure(target, connections, seconds);
      if (report.failed > 0) throw new Error(`${name}: ${report.failed} requests failed`);
      perSecond.push(report.requests / report.seconds);
      p50Ms.push(report.p50Ms);
      p99Ms.push(report.p99Ms);
    }
  }
  console.log(`${connections} connections, ${rounds} rounds of ${seconds} s in turns, medians`);
  for (const { name, perSecond, p50Ms, p99Ms } of all) {
    const rate = Math.round(median(perSecond)).toString().padStart(7);
    const times = `p50 ${median(p50Ms).toFixed(1)} ms, p99 ${median(p99Ms).toFixed(1)} ms`;
    console.log(`  ${name.padEnd(14)} ${rate} requests/s   ${times}`);
  }
  const [bare, ours] = all;
  const shares = ours?.perSecond.map((rate, index) => rate / (bare?.perSecond[index] ?? 1)) ?? [];
  console.log(`  Mutate / bare: ${(100 * median(shares)).toFixed(0)} % (goal 60 %)`);
}

const dataFolder = await mkdtemp('/tmp/mutate-bench-');
const contenders = [
  await startContender('bare Fastify', 'path-bare.ts', []),
  await startContender('Mutate', 'path-mutate.ts', [dataFolder]),
];
try {
  for (const { target } of contenders) await measure(target, 32, 2);
  for (const connections of connectionCounts) await compare(connections);
} finally {
  for (const { child } of contenders) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  await rm(dataFolder, { recursive: true, force: true });
}
