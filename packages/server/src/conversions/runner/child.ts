/**
 * The program of a converting child process: loads one engine, then runs one task after the other.
 * It may have been taken over by a document, so the parent trusts nothing it says.
 *
 * Arguments: the engine's module URL, the name it is exported by, the folder with in, out, tmp, home,
 * the folder of the operator's own programs or nothing.
 */
import { readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Engine, EngineErrorCode } from '../engines/engine.ts';
import type { Command, Reply } from './protocol.ts';

const repliesDescriptor = 3;
const progressIntervalMs = 100;

const [, , moduleUrl = '', exportName = '', folder = '', programFolder = ''] = process.argv;

/** What an engine that is slow to start may have besides: it is called before the first task. */
type LoadedEngine = Engine & { warmUp?(): Promise<void> };

const engine = await loadEngine();
await engine.warmUp?.();

// One at a time and in order: `clean` must not overtake the task before it.
let work = Promise.resolve();
const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  work = work.then(() => obey(JSON.parse(line) as Command));
});
// The parent is gone, or has let go of us.
commands.on('close', () => process.exit(0));
send({ type: 'ready' });

async function loadEngine(): Promise<LoadedEngine> {
  const loaded: Record<string, unknown> = await import(moduleUrl);
  const exported = loaded[exportName];
  const found: unknown =
    typeof exported === 'function'
      ? exported(programFolder === '' ? null : programFolder)
      : exported;
  if (typeof found !== 'object' || found === null || !('run' in found)) {
    throw new Error(`${moduleUrl} exports no engine ${exportName}`);
  }
  return found as LoadedEngine;
}

async function obey(command: Command): Promise<void> {
  if (command.type === 'clean') {
    for (const name of ['out', 'tmp']) empty(join(folder, name));
    return;
  }
  const { from, to, options, input, output } = command.task;
  try {
    const result = await engine.run({
      from,
      to,
      options,
      inputPath: join(folder, 'in', input),
      outputPath: join(folder, 'out', output),
      workDir: join(folder, 'tmp'),
      // Cancelling kills this process, so nothing in it needs to be told.
      signal: new AbortController().signal,
      progress: thinnedProgress(),
    });
    send({ type: 'done', ...result, warnings: result.warnings.slice(0, 200), ...resources() });
  } catch (error) {
    send({ type: 'failed', ...describe(error), ...resources() });
  }
}

function thinnedProgress(): (percent: number, phase: string) => void {
  let lastMs = -Infinity;
  let lastPhase = '';
  return (percent, phase) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < progressIntervalMs && phase === lastPhase) return;
    lastMs = nowMs;
    lastPhase = phase;
    send({ type: 'progress', percent, phase });
  };
}

function resources(): { rssBytes: number; cpuSeconds: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  let rssBytes = maxRSS * 1024;
  try {
    rssBytes = process.memoryUsage.rss();
  } catch {
    // No /proc in this sandbox: the peak has to do.
  }
  return { rssBytes, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
}

interface Failure {
  readonly code: EngineErrorCode;
  readonly message: string;
  readonly cause: string;
  readonly sound: boolean;
}

function describe(error: unknown): Failure {
  const cause = explain(error);
  if (error instanceof Error && error.name === 'EngineError' && 'code' in error) {
    const code = error.code as EngineErrorCode;
    return { code, message: error.message, cause, sound: code !== 'internal_error' };
  }
  if (/out of memory|allocation failed|invalid (string|array( buffer)?) length/iu.test(cause)) {
    const message = 'The document needs more memory than one conversion may use.';
    return { code: 'document_too_complex', message, cause, sound: false };
  }
  const message = 'The conversion failed on our side.';
  return { code: 'internal_error', message, cause, sound: false };
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 8000);
  const inner = error.cause === undefined ? '' : `\ncause: ${explain(error.cause)}`;
  return `${error.stack ?? error.message}${inner}`.slice(0, 8000);
}

function empty(path: string): void {
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
}

function send(reply: Reply): void {
  writeSync(repliesDescriptor, `${JSON.stringify(reply)}\n`);
}
