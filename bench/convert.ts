import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  descendantsOf,
  readProcessTable,
  residentBytes,
} from '../packages/server/src/conversions/runner/process-group.ts';
import { cases, type BenchCase } from './convert/cases.ts';
import type { Report } from './convert/contend.ts';

/**
 * Measures conversions beside what one would use instead, in turn, each contender in a process of
 * its own that has loaded and warmed up before the clock runs: seconds, the most memory that it and
 * its children held, and whether the output is right.
 *
 * npm run bench:convert -- [--rounds 3] [--only xlsx-csv] [--small]
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    /** A tenth of the input: to see that it works. */
    small: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const memoryIntervalMs = 50;

interface Measured {
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly verdict: string;
}

await main();

async function main(): Promise<void> {
  const wanted = cases.filter(
    ({ name }) => values.only === undefined || values.only.includes(name),
  );
  if (wanted.length === 0) {
    throw new Error(`--only is one of ${cases.map(({ name }) => name).join(', ')}`);
  }
  console.log(
    `${os.availableParallelism()} cores, Node ${process.versions.node}, ${rounds} rounds in turn, ` +
      'medians',
  );
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mutate-convert-'));
  try {
    for (const one of wanted) await runCase(one, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runCase(one: BenchCase, folder: string): Promise<void> {
  const input = path.join(folder, `${one.name}.${one.from}`);
  const expected = await one.makeInput(input, values.small ? 0.1 : 1);
  const results = new Map<string, Measured[]>();
  for (let round = 0; round < rounds; round++) {
    for (const contender of one.contenders) {
      const output = path.join(folder, `${one.name}.out`);
      const report = await contend(one.name, contender.name, input, output);
      const verdict = report.error ?? (await one.check(output, expected));
      await rm(output, { recursive: true, force: true });
      results.set(contender.name, [
        ...(results.get(contender.name) ?? []),
        { ...report, verdict: verdict.slice(0, 60) },
      ]);
    }
  }
  console.log(`\n${one.title}\n`);
  console.log('| with | seconds | × ours | memory, MB | right |\n|---|---|---|---|---|');
  const [ours] = [...results.values()];
  const base = median((ours ?? []).map(({ seconds }) => seconds));
  for (const [name, measured] of results) {
    const seconds = median(measured.map((each) => each.seconds));
    const megabytes = median(measured.map((each) => each.memoryBytes)) / 2 ** 20;
    const verdict = measured.find((each) => each.verdict !== 'yes')?.verdict ?? 'yes';
    console.log(
      `| ${name} | ${seconds.toFixed(2)} | ${(seconds / base).toFixed(1)} | ` +
        `${megabytes.toFixed(0)} | ${verdict} |`,
    );
  }
}

/** Runs one contender to its end, watching the memory of it and of all that it starts. */
async function contend(
  caseName: string,
  contender: string,
  input: string,
  output: string,
): Promise<Report & { memoryBytes: number }> {
  const program = fileURLToPath(new URL('convert/contend.ts', import.meta.url));
  const args = ['--max-old-space-size=8192', program, caseName, contender, input, output];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let memoryBytes = 0;
  const look = (): void => {
    const pids = child.pid === undefined ? [] : descendantsOf(child.pid, readProcessTable());
    memoryBytes = Math.max(memoryBytes, residentBytes(pids));
  };
  const watch = setInterval(look, memoryIntervalMs);
  let report: Report = { seconds: Number.NaN, error: 'it ended without a word' };
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{')) report = JSON.parse(line) as Report;
    }
  } finally {
    clearInterval(watch);
  }
  return { ...report, memoryBytes };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
