import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex, Readable } from 'node:stream';
import { EngineError, type EngineResult } from '../engines/engine.ts';
import {
  folderBoundOf,
  launchEngine,
  ourFault,
  tooMuchDisk,
  tooMuchMemory,
} from './engine-bounds.ts';
import { isWithin } from './folder-size.ts';
import {
  descendantsOf,
  killAll,
  processorTicks,
  readProcessTable,
  residentBytes,
  startedWith,
  startTimeOf,
} from './process-group.ts';
import { asFormat, parseReply, replyLineBytesMax, type Command, type Reply } from './protocol.ts';
import type { Sandbox } from './sandbox.ts';
import type { RunnerEngine } from './runner.ts';

const logBytesMax = 4096;
const closeGraceMs = 500;
const looksMax = 20;
/** Of 10 ms each: less is what an idle process uses. */
const signOfLifeTicks = 5;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to standard output and error. */
  readonly log: string;
}

type RunCommand = Extract<Command, { type: 'run' }>;

interface Running {
  readonly progress: (percent: number, phase: string) => void;
  readonly resolve: (done: Extract<Reply, { type: 'done' }>) => void;
  readonly reject: (error: Error) => void;
}

export interface EngineProcessOptions {
  readonly spec: RunnerEngine;
  readonly sandbox: Sandbox;
  /** Made here, removed once the process has ended. */
  readonly folder: string;
  readonly place: number;
}

/** One child process in its sandbox: starts, runs one task at a time, is killed as a whole. */
export class EngineProcess {
  readonly spec: RunnerEngine;
  readonly folder: string;
  readonly place: number;
  /** Settles once it can take a task. */
  readonly ready: Promise<void>;
  /** Settles once nothing of it is left: no process, no file. */
  readonly ended: Promise<Exit>;
  jobs = 0;
  /** Its last task was refused by the engine itself, which may go on where it was made for that. */
  isSoundAfterRefusal = false;
  rssBytes = 0;
  cpuSeconds = 0;
  #child: ChildProcess | null = null;
  #members: number[] = [];
  /** Where there are no namespaces: when the members started, for a pid may be used again. */
  readonly #births = new Map<number, string | null>();
  readonly #hasNamespaces: boolean;
  /** What its environment and that of all that it starts has, and no other child's. */
  #mark = '';
  #running: Running | null = null;
  #isLooking = false;
  #log = '';
  #killed: Error | null = null;
  /** Processor time at the last sign of life, and when that was. */
  #lastSign = { ticks: 0, atMs: 0 };

  constructor(options: EngineProcessOptions) {
    this.spec = options.spec;
    this.folder = options.folder;
    this.place = options.place;
    this.#hasNamespaces = options.sandbox.isolation.how !== 'none';
    let announce = (): void => {};
    const readied = new Promise<void>((resolve) => (announce = resolve));
    this.ended = this.#live(options.sandbox, announce);
    const died = this.ended.then((exit) => Promise.reject(this.#killed ?? this.#explain(exit)));
    this.ready = Promise.race([readied, died]);
    // Who waits for neither is told by `ended`.
    this.ready.catch(() => {});
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get hasMembers(): boolean {
    return this.#members.length > 0;
  }

  get isDoomed(): boolean {
    return this.#killed !== null;
  }

  /**
   * Runs one task; the caller has waited for `ready` and gives no second task before the first ends.
   *
   * @throws EngineError from the engine, or saying how the process died
   */
  async run(
    command: RunCommand['task'],
    progress: (percent: number, phase: string) => void,
  ): Promise<EngineResult> {
    const done = await new Promise<Extract<Reply, { type: 'done' }>>((resolve, reject) => {
      if (this.#killed) return reject(this.#killed);
      this.isSoundAfterRefusal = false;
      this.#lastSign = { ticks: 0, atMs: performance.now() };
      this.#running = { progress, resolve, reject };
      this.#send({ type: 'run', task: command });
    });
    return { format: asFormat(done.format), warnings: done.warnings };
  }

  clean(): void {
    this.#send({ type: 'clean' });
  }

  /** Kills it and all that it started; a running task rejects with `reason`. */
  kill(reason: Error): void {
    this.#killed ??= reason;
    const pid = this.pid;
    if (pid === null) return;
    killAll(pid, descendantsOf(pid, readProcessTable()).slice(1));
    this.#running?.reject(reason);
    this.#running = null;
  }

  /** Looks again which processes belong to it; needed only where an engine starts some. */
  refreshMembers(table: ReturnType<typeof readProcessTable>): void {
    if (this.pid === null) return;
    this.#members = descendantsOf(this.pid, table);
    if (this.#hasNamespaces) return;
    for (const pid of this.#members) this.#births.set(pid, startTimeOf(pid));
  }

  /** Kills it where it holds more memory than its engine may. */
  checkMemory(): void {
    this.rssBytes = residentBytes(this.#members);
    if (this.rssBytes <= this.spec.engine.memoryBytesMax) return;
    this.kill(tooMuchMemory(this.spec.engine.memoryBytesMax));
  }

  /** Kills it where its task has written more than its folder may hold. */
  async checkFolder(): Promise<void> {
    // The last look may not be over: a folder may be large, and the disk slow.
    if (this.#isLooking) return;
    this.#isLooking = true;
    const folders = ['out', 'tmp', 'home'].map((name) => join(this.folder, name));
    const bound = folderBoundOf(this.spec);
    const within = await isWithin(folders, this.#members, bound);
    this.#isLooking = false;
    if (!within) this.kill(tooMuchDisk(bound.bytesMax));
  }

  /** Kills it where its task has used no processor for too long: it waits for something for ever. */
  checkProgress(): void {
    const { stallMsMax } = this.spec;
    if (stallMsMax === undefined || !this.#running) return;
    const ticks = processorTicks(this.#members);
    const nowMs = performance.now();
    if (Math.abs(ticks - this.#lastSign.ticks) >= signOfLifeTicks) {
      this.#lastSign = { ticks, atMs: nowMs };
    } else if (nowMs - this.#lastSign.atMs > stallMsMax) {
      this.kill(ourFault(`the process has done nothing for ${stallMsMax} ms`));
    }
  }

  async #live(sandbox: Sandbox, announce: () => void): Promise<Exit> {
    await mkdir(this.folder, { mode: 0o711 });
    try {
      await sandbox.prepareFolder(this.folder, this.place);
      if (this.#killed) return { code: null, signal: null, log: '' };
      return await this.#spawn(sandbox, announce);
    } finally {
      await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  #spawn(sandbox: Sandbox, announce: () => void): Promise<Exit> {
    const { file, args, env } = launchEngine(this, sandbox);
    this.#mark = `HOME=${env['HOME']}`;
    const child = spawn(file, [...args], {
      env,
      cwd: '/',
      // A session of its own: killed as a group, and out of reach of the terminal's Ctrl-C.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    for (const stream of [child.stdout, child.stderr]) this.#keepLog(stream);
    this.#listen(child.stdio[3] as Duplex, announce);
    return new Promise((resolve) => {
      const end = (code: number | null, signal: string | null) => {
        const exit = { code, signal, log: this.#log };
        this.#killed ??= this.#explain(exit);
        this.#running?.reject(this.#killed);
        this.#running = null;
        resolve(exit);
      };
      child.once('error', (error) => {
        this.#log += error.message;
        end(null, null);
      });
      child.once('close', end);
      // Where there are no namespaces, somebody may have escaped with our pipes, or without.
      child.once('exit', (code, signal) => {
        this.#killLeftBehind();
        setTimeout(end, closeGraceMs, code, signal).unref();
      });
    });
  }

  /** What outlives the process itself: its group, and whatever has left the group. */
  #killLeftBehind(): void {
    if (this.#hasNamespaces || this.pid === null) return;
    const isStill = (pid: number, born: string | null) =>
      born !== null && startTimeOf(pid) === born;
    const seen = [...this.#births].filter(([pid, born]) => isStill(pid, born)).map(([pid]) => pid);
    killAll(this.pid, seen);
    // Once more each time, for what they started while we looked.
    for (let look = 0; look < looksMax; look += 1) {
      const marked = startedWith(this.#mark).filter((pid) => startTimeOf(pid) !== null);
      if (marked.length === 0) return;
      killAll(this.pid, marked);
    }
  }

  #listen(replies: Duplex, announce: () => void): void {
    let pending = 0;
    replies.on('error', () => {});
    replies.on('data', (chunk: Buffer) => {
      const end = chunk.lastIndexOf(10);
      pending = end === -1 ? pending + chunk.length : chunk.length - end - 1;
      if (pending > replyLineBytesMax) this.kill(ourFault('an endless reply'));
    });
    createInterface({ input: replies }).on('line', (line) => {
      try {
        this.#take(parseReply(line), announce);
      } catch (error) {
        this.kill(ourFault(error));
      }
    });
  }

  #take(reply: Reply, announce: () => void): void {
    const running = this.#running;
    if (reply.type === 'ready') return announce();
    if (reply.type === 'progress') return running?.progress(reply.percent, reply.phase);
    this.#running = null;
    this.jobs += 1;
    this.rssBytes = reply.rssBytes;
    this.cpuSeconds = reply.cpuSeconds;
    if (reply.type === 'done') return running?.resolve(reply);
    this.isSoundAfterRefusal = reply.sound && this.spec.survivesRefusals === true;
    running?.reject(new EngineError(reply.code, reply.message, reply.cause));
  }

  #keepLog(stream: Readable): void {
    stream.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString('latin1')).slice(-logBytesMax);
    });
  }

  #send(command: Command): void {
    this.#child?.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Why it ended by itself. V8 and the C library say so when an allocation is refused. */
  #explain({ code, signal, log }: Exit): EngineError {
    if (/out of memory|bad_alloc|allocation failed|(?:not|failed to) allocate/iu.test(log)) {
      return tooMuchMemory(this.spec.engine.memoryBytesMax, log);
    }
    return ourFault(`the process ended with ${signal ?? code}: ${log}`);
  }
}
