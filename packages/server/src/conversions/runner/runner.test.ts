import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Log } from '../../context.ts';
import { fastestOf } from '../../test/fastest.ts';
import { badEngine, copyEngine, hostileEngine, stuckEngine } from './fixtures/engines.ts';
import { createRunner, type Runner, type RunnerEngine, type RunnerTask } from './runner.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const module = new URL('./fixtures/engines.ts', import.meta.url);
const spec = (engine: RunnerEngine['engine'], exportName: string): RunnerEngine => ({
  engine,
  module,
  exportName,
  needsSandbox: false,
  warm: false,
});
const engines = [
  { ...spec(copyEngine, 'copyEngine'), warm: true, jobsMax: 20 },
  { ...spec(badEngine, 'badEngine'), folderBytesMax: 50 * 2 ** 20 },
  { ...spec(hostileEngine, 'hostileEngine'), needsSandbox: true },
  { ...spec(stuckEngine, 'stuckEngine'), startTimeoutMs: 700 },
];

let folder: string;
let runner: Runner;

async function newRunner(more: Partial<Parameters<typeof createRunner>[0]> = {}): Promise<Runner> {
  return createRunner({
    processes: 2,
    log: silent,
    workRoot: join(folder, 'work'),
    allowUnsandboxed: false,
    engines,
    ...more,
  });
}

async function task(content: string, more: Partial<RunnerTask> = {}): Promise<RunnerTask> {
  const unique = Math.random().toString(36).slice(2);
  const inputPath = join(folder, `${unique}.input`);
  await writeFile(inputPath, content, { mode: 0o600 });
  const outputPath = join(folder, `${unique}.output`);
  return { from: 'csv', to: 'json', options: {}, inputPath, outputPath, ...more };
}

async function run(
  engine: string,
  content: string,
  more: Partial<RunnerTask> = {},
  abort?: AbortSignal,
) {
  const given = await task(content, more);
  const hooks = { signal: abort ?? new AbortController().signal, onProgress: () => {} };
  return { given, result: await runner.run(engine, given, hooks) };
}

/** How long the orphans of this run's misdeeds sleep: tells them from those of another run. */
const naps = 80_000 + (process.pid % 9000);
const fork = `fork ${naps}`;

/** Command lines of what a misdeed started, or of what holds its sandbox. */
function processesLeft(): string[] {
  const lines = execFileSync('ps', ['-ewwo', 'args'], { encoding: 'utf8' }).split('\n');
  const isOurs = (line: string) => line.includes('badEngine') && line.includes(folder);
  return lines.filter((line) => line.includes(`sleep ${naps}`) || isOurs(line));
}

async function foldersOf(engine: string): Promise<string[]> {
  const [own = ''] = await readdir(join(folder, 'work'));
  return (await readdir(join(folder, 'work', own))).filter((name) => name.startsWith(engine));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-runner-'));
  await chmod(folder, 0o711);
  runner = await newRunner();
});

afterAll(async () => {
  await runner.close();
  await rm(folder, { recursive: true, force: true });
});

test('one warm child converts file after file and keeps nothing of them', async () => {
  const seen: number[] = [];
  const given = await task('a,b\n');
  const onProgress = (percent: number) => seen.push(percent);
  const { signal } = new AbortController();
  const result = await runner.run('copy', given, { signal, onProgress });
  expect(result.format).toBe('json');
  expect(await readFile(given.outputPath, 'utf8')).toBe('a,b\n');
  expect(await readFile(given.inputPath, 'utf8')).toBe('a,b\n');
  expect(seen).toEqual([50]);
  const again = await run('copy', 'again');
  expect(again.result.warnings).toEqual([{ code: 'copies', detail: '2' }]);
  await expect.poll(leftovers).toEqual([]);

  async function leftovers() {
    const [own = ''] = await readdir(join(folder, 'work'));
    const [child = ''] = await foldersOf('copy');
    const at = join(folder, 'work', own, child);
    return (await Promise.all(['in', 'out', 'tmp'].map((name) => readdir(join(at, name))))).flat();
  }
});

test('a child is replaced after its number of tasks', async () => {
  const counts: string[] = [];
  for (let index = 0; index < 25; index++) {
    const { result } = await run('copy', 'x');
    counts.push(result.warnings[0]?.detail ?? '');
  }
  expect(counts).toContain('20');
  expect(counts).not.toContain('21');
  expect(counts.filter((count) => count === '5').length).toBeGreaterThan(0);
});

test.each([
  ['invalid', 'document_invalid'],
  ['throw', 'internal_error'],
  ['exit', 'internal_error'],
  ['link', 'internal_error'],
  ['nothing', 'internal_error'],
  ['heap', 'document_too_complex'],
  ['buffers', 'document_too_complex'],
  ['files', 'document_too_complex'],
  ['deleted', 'document_too_complex'],
])('a task that ends badly (%s) is %s and leaves nothing', async (misdeed, code) => {
  const given = await task(misdeed);
  const hooks = { signal: new AbortController().signal, onProgress: () => {} };
  await expect(runner.run('bad', given, hooks)).rejects.toMatchObject({
    name: 'EngineError',
    code,
  });
  expect(existsSync(given.outputPath)).toBe(false);
  expect(await foldersOf('bad')).toEqual([]);
  expect(processesLeft()).toEqual([]);
});

test('a task beyond its time is a conversion_timeout, and all that it started is dead', async () => {
  for (const misdeed of ['loop', fork]) {
    await expect(run('bad', misdeed, { timeoutMs: 900 })).rejects.toMatchObject({
      code: 'conversion_timeout',
    });
    expect(processesLeft()).toEqual([]);
    expect(await foldersOf('bad')).toEqual([]);
  }
});

test('cancelling stops everything within a second', async () => {
  const stoppedMs = await fastestOf(10, 1000, async () => {
    const abort = new AbortController();
    const running = run('bad', fork, {}, abort.signal);
    await expect.poll(processesLeft, { timeout: 30_000 }).not.toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedMs = performance.now();
    abort.abort(new Error('the caller has gone'));
    await expect(running).rejects.toThrow('the caller has gone');
    const tookMs = performance.now() - startedMs;
    expect(processesLeft()).toEqual([]);
    return tookMs;
  });
  expect(stoppedMs).toBeLessThan(1000);
});

test('an engine that never gets ready is tried twice and then our fault', async () => {
  const before = runner.stats().started;
  await expect(run('stuck', 'x')).rejects.toMatchObject({ code: 'internal_error' });
  expect(runner.stats().started - before).toBe(2);
  expect(await foldersOf('stuck')).toEqual([]);
});

test('no more than `processes` run at once, and a full queue refuses', async () => {
  const small = await newRunner({ processes: 1, queueLengthMax: 1, queueWaitMsMax: 400 });
  const hooks = { signal: new AbortController().signal, onProgress: () => {} };
  const slow = small
    .run('bad', await task('loop', { timeoutMs: 1500 }), hooks)
    .catch((error) => error);
  const waits = small.run('copy', await task('x'), hooks);
  await expect(small.run('copy', await task('x'), hooks)).rejects.toMatchObject({
    code: 'overloaded',
    retryAfterSeconds: 5,
  });
  await expect(waits).rejects.toMatchObject({ code: 'overloaded' });
  expect(small.stats().busy).toBe(1);
  expect(await slow).toMatchObject({ code: 'conversion_timeout' });
  expect(small.stats().busy).toBe(0);
  await small.run('copy', await task('x'), hooks);
  await small.close();
});

test('a server killed in mid-conversion takes every process with it', async () => {
  const workRoot = join(folder, 'abandoned');
  const { inputPath, outputPath } = await task(fork);
  const program = join(import.meta.dirname, 'fixtures/abandoned-server.ts');
  const server = spawn(process.execPath, [program, workRoot, inputPath, outputPath]);
  await expect.poll(processesLeft, { timeout: 30_000 }).not.toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
  await expect.poll(processesLeft, { timeout: 30_000 }).toEqual([]);
  const next = await newRunner({ workRoot });
  await next.close();
  expect(await readdir(workRoot)).toEqual([]);
});

test('what a killed server left in the work folder is swept at the next start', async () => {
  const [own = ''] = await readdir(join(folder, 'work'));
  const left = join(folder, 'work', own.replace(/-\d+-\d+-\w+$/u, '-999999999-1-left'));
  await mkdir(join(left, 'in'), { recursive: true });
  const next = await newRunner();
  expect(existsSync(left)).toBe(false);
  await next.close();
});

describe('a hostile child', () => {
  let server: Server;
  let socketServer: Server;
  let canary: number;
  const socket = () => join(folder, 'postgres.sock');

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    socketServer = createServer().listen(socket());
    await Promise.all(
      [server, socketServer].map((each) => new Promise((go) => each.once('listening', go))),
    );
    await chmod(socket(), 0o777);
    const address = server.address();
    canary = typeof address === 'object' && address ? address.port : 0;
  });

  afterAll(() => {
    server.close();
    socketServer.close();
  });

  test('reaches neither loopback, nor socket, nor key, nor another job', async () => {
    const key = join(folder, 'admin-key');
    await writeFile(key, 'secret', { mode: 0o644 });
    const paths = [
      key,
      folder,
      join(folder, 'work'),
      '/etc/passwd',
      '/etc/shadow',
      join(homedir(), '.profile'),
      join(homedir(), '.bashrc'),
      // Where the clone lies below one of them it is there, with nothing else in it.
      ...['/root', '/home'].filter((path) => !import.meta.dirname.startsWith(`${path}/`)),
    ];
    const options = { paths, port: canary, socket: socket() };
    const { given } = await run('hostile', 'mine', { options });
    const findings: unknown = JSON.parse(await readFile(given.outputPath, 'utf8'));
    expect(findings).toEqual({
      paths: [],
      loopback: false,
      socket: false,
      networks: 0,
      environment: ['HOME', 'LC_ALL', 'PATH', 'TMPDIR', 'TZ'],
      jobs: ['home', 'in', 'out', 'tmp'],
      // Itself, and bubblewrap's init where that is the sandbox.
      processes: runner.sandbox.how === 'bubblewrap' ? 2 : 1,
      uid: expect.any(Number) as number,
      inputWritable: false,
    });
    expect(await readFile(given.inputPath, 'utf8')).toBe('mine');
    const { uid } = findings as { uid: number };
    expect(runner.sandbox.uid === 'same' || uid !== process.getuid?.()).toBe(true);
  });
});
