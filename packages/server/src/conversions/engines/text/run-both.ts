import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from '../../registry/options.ts';
import { conversionType, type Step } from '../../registry/registry.ts';
import type { Engine, EngineResult } from '../engine.ts';
import { EngineError } from '../engine.ts';

/** What came of a conversion: text and warnings, or the error. */
export type Outcome =
  | { readonly text: string; readonly bytes: Buffer; readonly warnings: string[] }
  | { readonly code: string; readonly message: string };

/** For tests: the code of a failure, or `converted`. */
export function codeOf(result: Outcome): string {
  return 'code' in result ? result.code : 'converted';
}

/** For tests: runs an engine's first pair, or the one named `type`, as a child process would. */
export async function runOnFile(
  engine: Engine,
  input: Buffer,
  json: object = {},
  { signal = new AbortController().signal, type }: { signal?: AbortSignal; type?: string } = {},
): Promise<Outcome> {
  const workDir = await mkdtemp(join(tmpdir(), 'mutate-engine-'));
  try {
    const inputPath = join(workDir, 'input');
    const outputPath = join(workDir, 'output');
    await writeFile(inputPath, input);
    const { pair, options } = choose(engine, json, type);
    const files = { inputPath, outputPath, workDir };
    const task = { from: pair.from, to: pair.to, options, ...files, signal, progress: () => {} };
    return await outcome(async () => {
      const result = await engine.run(task);
      return { bytes: await readFile(outputPath), result };
    });
  } finally {
    await rm(workDir, { recursive: true });
  }
}

/** For tests: runs an engine's first pair, or the one named `type`, in memory. */
export async function runInMemory(
  engine: Engine,
  input: Buffer,
  json: object = {},
  type?: string,
): Promise<Outcome> {
  const { inline } = engine;
  if (!inline) throw new Error(`${engine.name} has no inline engine`);
  const { pair, options } = choose(engine, json, type);
  return outcome(async () => inline.run({ from: pair.from, to: pair.to, options, input }));
}

function choose(engine: Engine, json: object, type: string | undefined) {
  const pair = engine.pairs.find(
    ({ from, to }) => type === undefined || conversionType(from, to) === type,
  );
  if (!pair) throw new Error(`${engine.name} has no pair ${type ?? ''}`);
  const step: Step = { engine, pair };
  return { pair, options: parseOptions({ from: pair.from, to: pair.to, steps: [step] }, json) };
}

async function outcome(
  run: () => Promise<{ bytes: Buffer; result: EngineResult }>,
): Promise<Outcome> {
  try {
    const { bytes, result } = await run();
    const warnings = result.warnings.map(({ code }) => code);
    return { text: bytes.toString('utf8'), bytes, warnings };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { code: error.code, message: error.message };
  }
}
