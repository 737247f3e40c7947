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
    connections: { type: 'string', default: '32' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const connections = Number(values.connections);

interface Contender {
  name: string;
  child: ChildProcess;
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
  return { name, child, target, perSecond: [], p50Ms: [], p99Ms: [] };
}

async function measure(target: Target, forSeconds: number): Promise<LoadReport> {
  const child = fork(script('path-load.ts'));
  const report = once(child, 'message') as Promise<[LoadReport]>;
  child.send({ ...target, seconds: forSeconds, connections } satisfies LoadOrder);
  const [result] = await report;
  return result;
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const dataFolder = await mkdtemp('/tmp/mutate-bench-');
const contenders = [
  await startContender('bare Fastify', 'path-bare.ts', []),
  await startContender('Mutate', 'path-mutate.ts', [dataFolder]),
];
try {
  for (const { target } of contenders) await measure(target, 2);
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const report = await measure(contender.target, seconds);
      if (report.failed > 0) throw new Error(`${contender.name}: ${report.failed} requests failed`);
      contender.perSecond.push(report.requests / report.seconds);
      contender.p50Ms.push(report.p50Ms);
      contender.p99Ms.push(report.p99Ms);
    }
  }
  for (const { name, perSecond, p50Ms, p99Ms } of contenders) {
    const rate = Math.round(median(perSecond)).toString().padStart(7);
    const times = `p50 ${median(p50Ms).toFixed(1)} ms, p99 ${median(p99Ms).toFixed(1)} ms`;
    console.log(`${name.padEnd(14)} ${rate} requests/s   ${times}`);
  }
  const [bare, ours] = contenders;
  const shares = ours?.perSecond.map((rate, index) => rate / (bare?.perSecond[index] ?? 1)) ?? [];
  console.log(
    `Mutate / bare: ${(100 * median(shares)).toFixed(0)} % (median of ${rounds} rounds in turns, ` +
      `${connections} connections, ${seconds} s each; goal 60 %)`,
  );
} finally {
  for (const { child } of contenders) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  await rm(dataFolder, { recursive: true, force: true });
}
