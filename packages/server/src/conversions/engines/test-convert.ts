import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../context.ts';
import { createRunner, type Runner, type RunnerEngine } from '../runner/runner.ts';
import type { EngineResult, Format } from './engine.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestConversion {
  readonly from: Format;
  readonly to: Format;
  readonly options?: Record<string, unknown>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onProgress?: (percent: number) => void;
}

export interface Converter {
  readonly folder: string;
  readonly runner: Runner;
  /** Options go through the pair's schema, the input through the sandbox. */
  convert(input: Buffer, conversion: TestConversion): Promise<EngineResult & { bytes: Buffer }>;
  /** Files of children that are neither folders nor theirs from the start. */
  filesLeft(): Promise<string[]>;
  close(): Promise<void>;
}

/** One engine in its child processes, as the service runs it. */
export async function startConverter(spec: RunnerEngine): Promise<Converter> {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-engine-'));
  await chmod(folder, 0o711);
  const workRoot = join(folder, 'work');
  const runner = await createRunner({
    processes: 1,
    log: silent,
    workRoot,
    allowUnsandboxed: true,
    engines: [spec],
  });
  let count = 0;
  return {
    folder,
    runner,
    convert: async (input, { from, to, options = {}, signal, timeoutMs, onProgress }) => {
      count += 1;
      const [inputPath, outputPath] = [join(folder, `${count}.in`), join(folder, `${count}.out`)];
      await writeFile(inputPath, input);
      const pair = spec.engine.pairs.find((one) => one.from === from && one.to === to);
      if (!pair) throw new Error(`${spec.engine.name} does not convert ${from} to ${to}`);
      const parsed = pair.options.parse(options);
      const task = { from, to, options: parsed, inputPath, outputPath };
      const result = await runner.run(
        spec.engine.name,
        timeoutMs === undefined ? task : { ...task, timeoutMs },
        { signal: signal ?? new AbortController().signal, onProgress: onProgress ?? (() => {}) },
      );
      const bytes = await readFile(outputPath);
      await Promise.all([rm(inputPath), rm(outputPath)]);
      return { ...result, bytes };
    },
    filesLeft: async () => {
      const entries = await readdir(workRoot, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
      return files.map(({ parentPath, name }) => join(parentPath, name));
    },
    close: async () => {
      await runner.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
