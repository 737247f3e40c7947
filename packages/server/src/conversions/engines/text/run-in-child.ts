import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../../context.ts';
import { parseOptions } from '../../registry/options.ts';
import { createRunner, type Runner, type RunnerEngine } from '../../runner/runner.ts';
import { EngineError, type Format, type Warning } from '../engine.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface ConvertRequest {
  readonly from: Format;
  readonly to: Format;
  readonly input: Buffer | string;
  readonly options?: object;
  readonly timeoutMs?: number;
}

export interface ChildOutcome {
  readonly format: Format;
  readonly bytes: Buffer;
  readonly warnings: readonly Warning[];
}

export interface ChildBench {
  readonly runner: Runner;
  /** @throws EngineError */
  convert(request: ConvertRequest): Promise<ChildOutcome>;
  /** The code of the failure, or the outcome where there is none. */
  codeOf(request: ConvertRequest): Promise<string | ChildOutcome>;
  /** Files in the runner's folders of children that have ended, and outputs of failures. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

/** For tests: one engine in its sandboxed child process, as the service runs it. */
export async function openChildBench(spec: RunnerEngine): Promise<ChildBench> {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-bench-'));
  await chmod(folder, 0o711);
  const availability = await spec.engine.probe();
  if (!availability.available) throw new Error(availability.reason);
  const runner = await createRunner({
    processes: 1,
    log: silent,
    workRoot: join(folder, 'work'),
    allowUnsandboxed: true,
    engines: [spec],
  });
  const outputPath = join(folder, 'output');
  const convert: ChildBench['convert'] = async (request) => {
    const { from, to, input, options = {}, timeoutMs } = request;
    const pair = spec.engine.pairs.find((one) => one.from === from && one.to === to);
    if (!pair) throw new Error(`${spec.engine.name} has no such pair`);
    const parsed = parseOptions({ from, to, steps: [{ engine: spec.engine, pair }] }, options);
    const inputPath = join(folder, 'input');
    await rm(outputPath, { force: true });
    await writeFile(inputPath, input);
    const task = { from, to, options: parsed, inputPath, outputPath };
    const hooks = { signal: new AbortController().signal, onProgress: () => {} };
    const bounded = timeoutMs === undefined ? task : { ...task, timeoutMs };
    const { format, warnings } = await runner.run(spec.engine.name, bounded, hooks);
    return { format, warnings, bytes: await readFile(outputPath) };
  };
  return {
    runner,
    convert,
    codeOf: (request) =>
      convert(request).catch((error: unknown) => {
        if (error instanceof EngineError) return error.code;
        throw error;
      }),
    leftovers: async () => {
      const alive = runner.stats().children.length;
      const [own = ''] = await readdir(join(folder, 'work'));
      const children = await readdir(join(folder, 'work', own));
      const outputs = (await readdir(folder)).filter((name) => name.startsWith('output'));
      return [...children.slice(alive), ...outputs];
    },
    close: async () => {
      await runner.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
