import { join } from 'node:path';
import type { Log } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { EngineError } from '../engines/engine.ts';
import { cpuSecondsMax, ourFault } from './engine-bounds.ts';
import { EngineProcess } from './engine-process.ts';
import type { ChildState, PoolStats } from './pool-stats.ts';
import type { RunnerEngine } from './runner.ts';
import type { Sandbox } from './sandbox.ts';
import { LentTurns, type Turn } from './lent-turns.ts';
import { overloaded, Turns, type Owner } from './turns.ts';
import { watchChildren } from './watch-children.ts';

const defaults = {
  jobsMax: 200,
  startTimeoutMs: 30_000,
  queueLengthMax: 64,
  queueWaitMsMax: 30_000,
};
/** Part of its memory bound from which on a child is replaced between two tasks. */
const recycleShare = 0.8;
const startRetryMsMax = 30_000;

export interface PoolOptions {
  readonly processes: number;
  readonly log: Log;
  readonly engines: readonly RunnerEngine[];
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly queueLengthMax?: number;
  readonly queueWaitMsMax?: number;
}

/**
 * The child processes. At most `processes` are busy, and as many again whose task takes longer than
 * a second; besides those one idle child of each warm engine stays at hand, and more of them while
 * there is room.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #turns: Turns;
  readonly #lent: LentTurns;
  readonly #turnOf = new Map<EngineProcess, Turn>();
  /** In the order of their last use, the longest unused first. */
  readonly #children = new Map<EngineProcess, ChildState>();
  readonly #failed: Record<string, number> = {};
  readonly #startFailures = new Map<RunnerEngine, number>();
  #done = 0;
  #started = 0;
  #closed = false;
  #watch: NodeJS.Timeout | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#turns = new Turns({
      turnsMax: options.processes,
      queueLengthMax: options.queueLengthMax ?? defaults.queueLengthMax,
      queueWaitMsMax: options.queueWaitMsMax ?? defaults.queueWaitMsMax,
      // With lent turns twice as many run: with two, one place is always left to others.
      tasksOfOwnerMax: Math.max(2, 2 * options.processes - 1),
    });
    this.#lent = new LentTurns(this.#turns, options.processes);
  }

  /**
   * A ready child for one task, to be given back by `release` or `discard`.
   *
   * @throws AppError `overloaded`, EngineError where it does not start, or the signal's reason
   */
  async acquire(spec: RunnerEngine, signal: AbortSignal, owner: Owner): Promise<EngineProcess> {
    const turn = await this.#lent.take(signal, owner);
    try {
      const child = await this.#tryChild(spec, signal).catch((error: unknown) => {
        // A slow start is not the document's fault, so it gets a second one.
        if (signal.aborted || this.#closed || error instanceof AppError) throw error;
        return this.#tryChild(spec, signal);
      });
      this.#turnOf.set(child, turn);
      return child;
    } catch (error) {
      this.#countFailure(signal.aborted ? null : error);
      turn.end();
      throw error;
    }
  }

  /** Takes back a child that has done its task well, or has refused it and is none the worse. */
  release(child: EngineProcess, refusal?: unknown): void {
    if (refusal === undefined) this.#done += 1;
    else this.#countFailure(refusal);
    const { spec } = child;
    const worn =
      child.jobs >= (spec.jobsMax ?? defaults.jobsMax) ||
      child.rssBytes > spec.engine.memoryBytesMax * recycleShare ||
      child.cpuSeconds > cpuSecondsMax(spec) / 2;
    if (worn) {
      child.kill(new Error('worn out'));
    } else {
      this.#mark(child, 'idle');
      this.#trim();
    }
    this.#giveBack(child);
  }

  /** Kills a child whose task failed, and settles when nothing of it is left. */
  async discard(child: EngineProcess, error: unknown): Promise<void> {
    this.#countFailure(error);
    child.kill(error instanceof Error ? error : new Error(String(error)));
    await child.ended.catch(() => {});
    this.#giveBack(child);
  }

  #giveBack(child: EngineProcess): void {
    this.#turnOf.get(child)?.end();
    this.#turnOf.delete(child);
  }

  /** Starts what is missing of the warm engines, later and later where one does not start. */
  keepWarm(): void {
    for (const spec of this.#options.engines) {
      const failures = this.#startFailures.get(spec) ?? 0;
      if (failures === 0) this.#startMissing(spec);
      else {
        const delayMs = Math.min(startRetryMsMax, 500 * 2 ** failures);
        setTimeout(() => this.#startMissing(spec), delayMs).unref();
      }
    }
  }

  stats(): PoolStats {
    return {
      processes: this.#options.processes,
      busy: this.#turns.taken + this.#lent.count,
      queued: this.#turns.queued,
      done: this.#done,
      started: this.#started,
      failed: { ...this.#failed },
      children: [...this.#children].map(([child, state]) => ({
        engine: child.spec.engine.name,
        pid: child.pid,
        state,
        jobs: child.jobs,
        rssBytes: child.rssBytes,
      })),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#turns.close();
    if (this.#watch) clearInterval(this.#watch);
    const children = [...this.#children.keys()];
    for (const child of children) child.kill(overloaded());
    await Promise.all(children.map(({ ended }) => ended.catch(() => {})));
  }

  async #tryChild(spec: RunnerEngine, signal: AbortSignal): Promise<EngineProcess> {
    if (this.#closed) throw overloaded();
    const found = this.#find(spec, 'idle') ?? this.#find(spec, 'starting');
    const child = found ?? this.#start(spec, 'busy');
    this.#mark(child, 'busy');
    this.#trim();
    const abort = () => child.kill(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await child.ready;
      return child;
    } catch (error) {
      await child.ended.catch(() => {});
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #startMissing(spec: RunnerEngine): void {
    if (this.#closed || spec.warm === false) return;
    if (!this.#find(spec, 'idle', 'starting', 'busy')) this.#start(spec, 'starting');
  }

  #start(spec: RunnerEngine, state: ChildState): EngineProcess {
    this.#started += 1;
    const { sandbox, folder } = this.#options;
    const place = this.#freePlace();
    const name = `${spec.engine.name}-${this.#started}`;
    const child = new EngineProcess({ spec, sandbox, folder: join(folder, name), place });
    this.#children.set(child, state);
    const timeoutMs = spec.startTimeoutMs ?? defaults.startTimeoutMs;
    const timer = setTimeout(
      () => child.kill(ourFault(`the process was not ready after ${timeoutMs} ms`)),
      timeoutMs,
    );
    void child.ready
      .then(() => {
        this.#startFailures.delete(spec);
        if (this.#children.get(child) === 'starting') this.#mark(child, 'idle');
      })
      .catch((error: unknown) => this.#noteFailedStart(child, error))
      .finally(() => clearTimeout(timer));
    void child.ended
      .catch(() => {})
      .then(() => {
        this.#children.delete(child);
        this.keepWarm();
      });
    this.#watch ??= watchChildren(
      () => [...this.#children].filter(([, at]) => at === 'busy').map(([busy]) => busy),
      () => this.#trim(),
    );
    return child;
  }

  #noteFailedStart(child: EngineProcess, error: unknown): void {
    if (this.#closed) return;
    const { spec } = child;
    this.#startFailures.set(spec, (this.#startFailures.get(spec) ?? 0) + 1);
    const fields = { err: error, engine: spec.engine.name };
    this.#options.log.warn(fields, 'a conversion process did not start');
  }

  #find(spec: RunnerEngine, ...states: ChildState[]): EngineProcess | undefined {
    for (const [child, state] of this.#children) {
      if (child.spec === spec && states.includes(state) && !child.isDoomed) return child;
    }
    return undefined;
  }

  #mark(child: EngineProcess, state: ChildState): void {
    this.#children.delete(child);
    this.#children.set(child, state);
  }

  /** Ends the longest unused idle child where there are too many, but no engine's only warm one. */
  #trim(): void {
    const { engines, processes } = this.#options;
    // Ending children only to start them again would cost more than it saves.
    const wanted = this.#lent.isLending ? processes * 2 : processes;
    let surplus = -wanted - engines.filter(({ warm }) => warm !== false).length;
    for (const child of this.#children.keys()) surplus += child.isDoomed ? 0 : 1;
    for (const [child, state] of this.#children) {
      if (surplus <= 0) return;
      if (state !== 'idle' || child.isDoomed) continue;
      const peers = [...this.#children].filter(
        ([other, at]) => other !== child && other.spec === child.spec && at !== 'busy',
      );
      if (child.spec.warm !== false && peers.length === 0) continue;
      child.kill(new Error('not needed'));
      surplus -= 1;
    }
  }

  #freePlace(): number {
    const taken = new Set([...this.#children.keys()].map(({ place }) => place));
    for (let place = 0; ; place++) if (!taken.has(place)) return place;
  }

  #countFailure(error: unknown): void {
    const known = error instanceof EngineError || error instanceof AppError;
    const code = known ? error.code : 'cancelled';
    this.#failed[code] = (this.#failed[code] ?? 0) + 1;
  }
}
