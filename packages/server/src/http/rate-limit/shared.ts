import type { Log } from '../../context.ts';
import type { RateLimiter, RateLimitResult } from '../ports.ts';
import { windowSeconds } from './rate-limit.ts';
import type { WindowCall, WindowCount, WindowStore } from './window.ts';

export interface SharedRateLimiterOptions {
  readonly store: WindowStore;
  /** Counts while the store is away. */
  readonly insurance: RateLimiter;
  readonly log: Log;
}

interface Waiting {
  readonly perMinute: number;
  readonly resolve: (result: RateLimitResult | Promise<RateLimitResult>) => void;
}

/** A window in which nothing more passes; `endsAtMs` is monotonic. */
interface FullWindow {
  readonly used: number;
  readonly endsAtMs: number;
}

type Batch = readonly (readonly [key: string, waiting: readonly Waiting[]])[];

const keysInBatchMax = 500;
const fullWindowsMax = 10_000;
/** A store that failed is left alone for so long: each further try would make requests wait. */
const awayMs = 1_000;

/**
 * Counts with all other processes on one store, exactly: a request is answered from the shared
 * count, never from a guess. What arrives while a batch is under way makes the next one, so a burst
 * costs one statement; and a key whose window is full is refused here, at no cost, until its window
 * ends or its limit is raised.
 */
export class SharedRateLimiter implements RateLimiter {
  readonly #store: WindowStore;
  readonly #insurance: RateLimiter;
  readonly #log: Log;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #full = new Map<string, FullWindow>();
  #running: Promise<void> | undefined;
  #awayUntilMs: number | undefined;

  constructor({ store, insurance, log }: SharedRateLimiterOptions) {
    this.#store = store;
    this.#insurance = insurance;
    this.#log = log;
  }

  consume(key: string, perMinute: number): Promise<RateLimitResult> {
    const known = this.#findRefusal(key, perMinute);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) this.#waiting.set(key, [{ perMinute, resolve }]);
      else waiting.push({ perMinute, resolve });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is waiting or under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #findRefusal(key: string, perMinute: number): RateLimitResult | undefined {
    const full = this.#full.get(key);
    if (full === undefined) return undefined;
    const msLeft = full.endsAtMs - performance.now();
    if (msLeft <= 0) this.#full.delete(key);
    return msLeft > 0 && full.used >= perMinute
      ? toResult(perMinute, full.used + 1, msLeft)
      : undefined;
  }

  async #drain(): Promise<void> {
    // A microtask later, so that requests of the same turn share the first batch.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, keysInBatchMax);
      for (const [key] of batch) this.#waiting.delete(key);
      if (this.#awayUntilMs !== undefined && performance.now() < this.#awayUntilMs) {
        this.#insure(batch);
      } else {
        await this.#send(batch);
      }
    }
    this.#running = undefined;
  }

  async #send(batch: Batch): Promise<void> {
    const sentAtMs = performance.now();
    try {
      const counts = await this.#store.count(batch.map(toCall));
      this.#noteIsThere();
      batch.forEach(([key, waiting], index) => {
        const count = counts[index];
        if (count === undefined) throw new Error('the store answered fewer counts than calls');
        this.#answer(key, waiting, count, sentAtMs);
      });
    } catch (error) {
      this.#noteAway(error);
      this.#insure(batch);
    }
  }

  #answer(key: string, waiting: readonly Waiting[], count: WindowCount, sentAtMs: number): void {
    const { usedBefore, msLeft } = count;
    waiting.forEach(({ perMinute, resolve }, index) =>
      resolve(toResult(perMinute, usedBefore + index + 1, msLeft)),
    );
    const limit = highestLimit(waiting);
    const used = Math.max(usedBefore, Math.min(usedBefore + waiting.length, limit));
    if (used < limit) return;
    if (this.#full.size >= fullWindowsMax) this.#forgetOldest();
    this.#full.set(key, { used, endsAtMs: sentAtMs + msLeft });
  }

  #forgetOldest(): void {
    const oldest = this.#full.keys().next();
    if (oldest.done !== true) this.#full.delete(oldest.value);
  }

  #insure(batch: Batch): void {
    for (const [key, waiting] of batch) {
      for (const { perMinute, resolve } of waiting) {
        resolve(this.#insurance.consume(key, perMinute));
      }
    }
  }

  #noteAway(error: unknown): void {
    if (this.#awayUntilMs === undefined) {
      this.#log.warn({ err: error }, `rate limits: ${this.#store.name} does not count`);
    }
    this.#awayUntilMs = performance.now() + awayMs;
  }

  #noteIsThere(): void {
    if (this.#awayUntilMs === undefined) return;
    this.#awayUntilMs = undefined;
    this.#log.info({}, `rate limits: ${this.#store.name} counts again`);
  }
}

function toCall([key, waiting]: Batch[number]): WindowCall {
  return { key, requests: waiting.length, requestLimit: highestLimit(waiting) };
}

function highestLimit(waiting: readonly Waiting[]): number {
  return waiting.reduce((highest, { perMinute }) => Math.max(highest, perMinute), 0);
}

/** @param position of the request in its window, from 1; above the limit it is refused */
function toResult(perMinute: number, position: number, msLeft: number): RateLimitResult {
  return {
    allowed: position <= perMinute,
    limit: perMinute,
    remaining: Math.max(0, perMinute - position),
    resetSeconds: Math.min(windowSeconds, Math.max(1, Math.ceil(msLeft / 1000))),
  };
}
