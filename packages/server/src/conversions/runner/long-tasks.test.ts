import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Log } from '../../context.ts';
import { fastestOf } from '../../test/fastest.ts';
import { badEngine, copyEngine, strictEngine } from './fixtures/engines.ts';
import { createRunner, type Runner } from './runner.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const module = new URL('./fixtures/engines.ts', import.meta.url);
const common = { module, needsSandbox: false };

let folder: string;
let runner: Runner;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-long-'));
  runner = await createRunner({
    processes: 2,
    log: silent,
    workRoot: join(folder, 'work'),
    allowUnsandboxed: false,
    engines: [
      { ...common, engine: copyEngine, exportName: 'copyEngine' },
      { ...common, engine: badEngine, exportName: 'badEngine', warm: false, stallMsMax: 2000 },
      {
        ...common,
        engine: strictEngine,
        exportName: 'strictEngine',
        warm: false,
        survivesRefusals: true,
      },
    ],
  });
});

afterAll(async () => {
  await runner.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(engine: string, content: string, timeoutMs = 20_000) {
  const inputPath = join(folder, `${Math.random()}.input`);
  await writeFile(inputPath, content);
  const outputPath = `${inputPath}.output`;
  const task = { from: 'csv', to: 'json', options: {}, inputPath, outputPath, timeoutMs } as const;
  return runner.run(engine, task, { signal: new AbortController().signal, onProgress: () => {} });
}

const childrenOf = (engine: string) =>
  runner.stats().children.filter((child) => child.engine === engine);

test('a task that does nothing any more is killed long before its time is up', async () => {
  const startedMs = performance.now();
  await expect(run('bad', 'hang')).rejects.toMatchObject({
    code: 'internal_error',
    cause: 'the process has done nothing for 2000 ms',
  });
  expect(performance.now() - startedMs).toBeLessThan(30_000);
  expect(childrenOf('bad')).toEqual([]);
});

test('tasks that hang in every place delay the next one by less than a second', async () => {
  await run('copy', 'x');
  const delayMs = await fastestOf(10, 1000, async () => {
    const hanging = [1, 2].map(() => run('bad', 'loop', 4000).catch((error: unknown) => error));
    await expect.poll(() => runner.stats().busy, { timeout: 30_000 }).toBe(2);
    const startedMs = performance.now();
    await run('copy', 'x');
    const tookMs = performance.now() - startedMs;
    for (const error of await Promise.all(hanging)) {
      expect(error).toMatchObject({ code: 'conversion_timeout' });
    }
    return tookMs;
  });
  expect(delayMs).toBeLessThan(1000);
  expect(runner.stats().busy).toBe(0);
});

test('an engine made for it keeps its child after refusing, and loses it after a bug', async () => {
  for (let index = 0; index < 3; index++) {
    await expect(run('strict', 'invalid')).rejects.toMatchObject({ code: 'document_invalid' });
  }
  expect(childrenOf('strict')).toMatchObject([{ state: 'idle', jobs: 3 }]);
  await expect(run('strict', 'throw')).rejects.toMatchObject({ code: 'internal_error' });
  expect(childrenOf('strict')).toEqual([]);
});
