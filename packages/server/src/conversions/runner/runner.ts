import { basename, join } from 'node:path';
import type { Log } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { EngineError, type Engine, type EngineResult, type EngineTask } from '../engines/engine.ts';
import { openInstanceFolder } from '../files/instance-folder.ts';
import type { EngineProcess } from './engine-process.ts';
import { ourFault } from './engine-bounds.ts';
import { giveInput, removeInput, takeOutput } from './job-files.ts';
import { Pool } from './pool.ts';
import type { PoolStats } from './pool-stats.ts';
import { openSandbox, type Isolation } from './sandbox.ts';

/** An engine and how a child process gets at it. */
export interface RunnerEngine {
  readonly engine: Engine;
  /** The module that exports it; imported by the child. */
  readonly module: URL;
  readonly exportName: string;
  /**
   * Where it is given, be it null: the export is a function that makes the engine of it. A child sees
   * it. It holds programs of the operator's own and is laid out as `/` is.
   */
  readonly programFolder?: string | null;
  readonly nodeFlags?: readonly string[];
  /** Folders it needs besides the system's own and ours, such as a program in /opt. */
  readonly readOnlyPaths?: readonly string[];
  /** Refused where the sandbox does not work. Default: only readers of our own go without. */
  readonly needsSandbox?: boolean;
  /** Keeps a started child at hand from the beginning on. Default true. */
  readonly warm?: boolean;
  /** Bound of loading and warming up, in milliseconds; tried twice. */
  readonly startTimeoutMs?: number;
  /** Keeps its child after an EngineError: for one that starts slowly and leaves nothing behind. */
  readonly survivesRefusals?: boolean;
  /** A task whose processes have used no processor for so long hangs, and is killed. */
  readonly stallMsMax?: number;
  /** Tasks after which its child is replaced. */
  readonly jobsMax?: number;
  /** RLIMIT_DATA where it must differ: WebAssembly threads reserve 0.6 GB each. */
  readonly dataBytesMax?: number;
  /** The largest file that it may write. */
  readonly fileBytesMax?: number;
  /** What all its files together may take. Default twice the largest one. */
  readonly folderBytesMax?: number;
  /** Processes and threads together, where it has a user of its own. Default 256. */
  readonly processesMax?: number;
  /** For a program that shuts its own parts in by user namespaces: they are allowed to it. */
  readonly userNamespaces?: boolean;
  /** For a program that stays open: its temporary files last as long as the child. */
  readonly keepsTemporaryFiles?: boolean;
}

export interface RunnerOptions {
  /** Conversions at the same time; as many again where some take longer than a second. */
  readonly processes: number;
  readonly log: Log;
  /** A folder of this machine, best on the file system of inputs and outputs. */
  readonly workRoot: string;
  readonly allowUnsandboxed: boolean;
  readonly engines: readonly RunnerEngine[];
  /** Paths that no child may ever see, such as the data folder. */
  readonly hiddenPaths?: readonly string[];
  readonly queueLengthMax?: number;
  readonly queueWaitMsMax?: number;
}

export type RunnerTask = Pick<
  EngineTask,
  'from' | 'to' | 'options' | 'inputPath' | 'outputPath'
> & {
  /** Default: the engine's own bound. */
  readonly timeoutMs?: number;
};

export interface RunnerHooks {
  /** The organization; between owners the places are shared out fairly. */
  readonly owner?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (percent: number, phase: string) => void;
}

export interface Runner {
  readonly sandbox: Isolation;
  /** Whether an engine may run here at all; the registry offers nothing else. */
  allows(engineName: string): { allowed: true } | { allowed: false; reason: string };
  /**
   * Converts one file in a child process. The input is left alone; the output exists only on success.
   *
   * @throws EngineError; AppError `overloaded` where no child was free in time; the signal's reason
   */
  run(engineName: string, task: RunnerTask, hooks: RunnerHooks): Promise<EngineResult>;
  stats(): PoolStats;
  /** Ends every child; what still runs or waits is rejected as `overloaded`. */
  close(): Promise<void>;
}

/** Opens the sandbox, removes what a killed predecessor left, and starts the warm children. */
export async function createRunner(options: RunnerOptions): Promise<Runner> {
  const { log, workRoot, allowUnsandboxed } = options;
  // Passable, not readable: without namespaces the child's own user has to get to its folder.
  const own = await openInstanceFolder(workRoot, 0o711);
  const folder = own.path;
  const sandbox = await openSandbox(folder, [workRoot, ...(options.hiddenPaths ?? [])]);
  const { isolation } = sandbox;
  const level = isolation.how === 'none' ? 'warn' : 'info';
  log[level]({ isolation }, 'conversions run in child processes');

  const engines = new Map(options.engines.map((spec) => [spec.engine.name, spec]));
  const allows: Runner['allows'] = (name) => {
    const spec = engines.get(name);
    if (!spec) return { allowed: false, reason: 'it has no child process' };
    const shut = isolation.how !== 'none' || allowUnsandboxed || spec.needsSandbox === false;
    if (shut) return { allowed: true };
    const why = isolation.reasons.join('; ');
    return {
      allowed: false,
      reason: `no sandbox works here (${why}); ALLOW_UNSANDBOXED=1 allows it all the same`,
    };
  };
  const allowed = options.engines.filter(({ engine }) => allows(engine.name).allowed);
  const pool = new Pool({ ...options, engines: allowed, sandbox, folder });
  pool.keepWarm();
  const linkable = isolation.filesystem === 'hidden';
  return {
    sandbox: isolation,
    allows,
    run: async (name, task, hooks) => {
      const spec = engines.get(name);
      const permission = allows(name);
      if (!spec || !permission.allowed) {
        const cause = permission.allowed ? 'unknown' : permission.reason;
        throw new EngineError('internal_error', 'The conversion is not offered here.', cause);
      }
      const child = await pool.acquire(spec, hooks.signal, hooks.owner ?? null);
      return runInChild(pool, child, task, hooks, linkable);
    },
    stats: () => pool.stats(),
    close: async () => {
      await pool.close();
      await own.close();
    },
  };
}

async function runInChild(
  pool: Pool,
  child: EngineProcess,
  task: RunnerTask,
  hooks: RunnerHooks,
  linkable: boolean,
): Promise<EngineResult> {
  const { from, to, options } = task;
  const { signal, onProgress } = hooks;
  const input = `input.${from}`;
  // A name for each task: a write that a refused one left under way cannot reach the next one's.
  const output = `output-${child.jobs}.${to}`;
  const given = join(child.folder, 'in', input);
  const timeoutMs = task.timeoutMs ?? child.spec.engine.timeoutMs;
  const cancel = () => child.kill(signal.reason as Error);
  const timer = setTimeout(() => child.kill(timedOut(timeoutMs)), timeoutMs);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    await giveInput(task.inputPath, given, linkable);
    const result = await child.run({ from, to, options, input, output }, onProgress);
    await takeOutput(join(child.folder, 'out', output), task.outputPath);
    await removeInput(given);
    child.clean();
    clearTimeout(timer);
    pool.release(child);
    return result;
  } catch (error) {
    const failure = asFailure(error, signal, child);
    if (child.isSoundAfterRefusal && !child.isDoomed) {
      await removeInput(given);
      child.clean();
      pool.release(child, failure);
      throw failure;
    }
    // Its folder goes with it: nothing is left when the caller hears of the failure.
    await pool.discard(child, failure);
    throw failure;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

function timedOut(timeoutMs: number): EngineError {
  const seconds = Math.ceil(timeoutMs / 1000);
  return new EngineError(
    'conversion_timeout',
    `The conversion took longer than ${seconds} seconds.`,
  );
}

function asFailure(error: unknown, signal: AbortSignal, child: EngineProcess): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof EngineError || error instanceof AppError) return error;
  const where = `${child.spec.engine.name} in ${basename(child.folder)}`;
  return ourFault(new Error(where, { cause: error }));
}
