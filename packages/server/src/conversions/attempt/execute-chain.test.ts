import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { createLog } from '../../http/log.ts';
import { fastestOf } from '../../test/fastest.ts';
import { execute, type Attempt } from './execute.ts';
import { LocalStorage } from '../files/local-storage.ts';
import { openInstanceFolder } from '../files/instance-folder.ts';
import { buildRegistry } from '../registry/registry.ts';
import { firstStepEngine, secondStepEngine } from '../runner/fixtures/steps.ts';
import { createRunner } from '../runner/runner.ts';

type Deps = Parameters<typeof execute>[0];

let folder: string;
let deps: Deps;
let closeRunner: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-chain-'));
  await chmod(folder, 0o711);
  const module = new URL('../runner/fixtures/steps.ts', import.meta.url);
  const engines = [
    { engine: firstStepEngine, module, exportName: 'firstStepEngine', needsSandbox: false },
    { engine: secondStepEngine, module, exportName: 'secondStepEngine', needsSandbox: false },
  ];
  const runner = await createRunner({
    processes: 2,
    log: createLog('silent'),
    workRoot: join(folder, 'converters'),
    allowUnsandboxed: false,
    engines,
  });
  closeRunner = () => runner.close();
  const registry = await buildRegistry(
    engines.map(({ engine }) => engine),
    [{ from: 'csv', via: 'json', to: 'yaml' }],
  );
  const { path: workFolder } = await openInstanceFolder(join(folder, 'work'), 0o700);
  const storage = new LocalStorage(join(folder, 'files'));
  deps = { registry, runner, storage, clock: systemClock, settings: { workFolder } };
});
afterAll(async () => {
  await closeRunner();
  await rm(folder, { recursive: true, force: true });
});

function attempt(jobId: string, input: string): Attempt {
  const bytes = Buffer.from(input);
  return {
    organizationId: 'org_1',
    jobId,
    fence: 1,
    from: 'csv',
    to: 'yaml',
    options: {},
    filename: 'a.csv',
    input: { bytes },
    retentionHours: 1,
  };
}

test('a chain feeds each step with the one before, and its steps share the percent', async () => {
  const seen: [number, string][] = [];
  const { signal } = new AbortController();
  const converted = await execute(deps, attempt('job_01', 'x'), signal, (percent, phase) => {
    seen.push([percent, phase]);
  });
  const stream = await deps.storage.open(converted.output.place);
  expect(stream === null ? null : await text(stream)).toBe('x12');
  expect(seen).toEqual([
    [0, 'csv to json'],
    [25, 'reading'],
    [50, 'json to yaml'],
    [75, 'writing'],
  ]);
  expect(converted.warnings.map(({ code }) => code)).toEqual(['first', 'second']);
  expect(await readdir(deps.settings.workFolder)).toEqual([]);
});

test('a chain that is stopped in its second step ends within a second and leaves nothing', async () => {
  let jobs = 1;
  const endedMs = await fastestOf(10, 1_000, async () => {
    const stop = new AbortController();
    const reached = Promise.withResolvers<void>();
    const job = attempt(`job_0${++jobs}`, 'hang');
    const running = execute(deps, job, stop.signal, (_percent, phase) => {
      if (phase === 'writing') reached.resolve();
    });
    const failed = running.catch((error: unknown) => error);
    await reached.promise;
    const startedMs = performance.now();
    stop.abort(new Error('cancelled by a test'));
    expect(await failed).toMatchObject({ message: 'cancelled by a test' });
    const tookMs = performance.now() - startedMs;
    expect(await readdir(deps.settings.workFolder)).toEqual([]);
    expect(deps.runner.stats().busy).toBe(0);
    return tookMs;
  });
  expect(endedMs).toBeLessThan(1_000);
});
