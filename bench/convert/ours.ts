import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../packages/server/src/config.ts';
import type { Format } from '../../packages/server/src/conversions/engines/engine.ts';
import { enginesWith } from '../../packages/server/src/conversions/registry/engines.ts';
import { parseOptions } from '../../packages/server/src/conversions/registry/options.ts';
import { createRunner } from '../../packages/server/src/conversions/runner/runner.ts';
import type { Convert } from './cases.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Our engine for a pair, as the server runs it: a warm child process in its sandbox. */
export async function openOurs(
  from: Format,
  to: Format,
  given: Record<string, unknown> = {},
): Promise<Convert> {
  for (const spec of enginesWith(loadConfig().programFolder)) {
    const pair = spec.engine.pairs.find((one) => one.from === from && one.to === to);
    if (!pair || !(await spec.engine.probe()).available) continue;
    const options = parseOptions({ from, to, steps: [{ engine: spec.engine, pair }] }, given);
    const runner = await createRunner({
      processes: 1,
      log: quiet,
      workRoot: await mkdtemp(join(tmpdir(), 'mutate-bench-work-')),
      allowUnsandboxed: true,
      engines: [{ ...spec, warm: true }],
    });
    while (!runner.stats().children.some(({ state }) => state === 'idle')) await sleep(20);
    return async (inputPath, outputPath) => {
      const hooks = { signal: new AbortController().signal, onProgress: () => undefined };
      const task = { from, to, options, inputPath, outputPath };
      try {
        await runner.run(spec.engine.name, task, hooks);
      } finally {
        await runner.close();
      }
    };
  }
  throw new Error(`nothing converts ${from} to ${to} here`);
}
