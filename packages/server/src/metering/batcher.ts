import { pauseAfter } from '../db/retry.ts';
import { isTransient } from '../db/transient.ts';

interface Waiting<Call, Result> {
  readonly call: Call;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatcherOptions<Call, Result> {
  /** Sends one batch; answers a result for each call, in order. `attempt` counts from 1. */
  readonly send: (calls: readonly Call[], attempt: number) => Promise<readonly Result[]>;
  readonly callsMax: number;
  /** Attempts at one batch before its callers are told. */
  readonly attemptsMax: number;
}

/**
 * Turns calls that arrive while a batch is under way into the next batch: the organization's row
 * lock is held through the commit's flush, so calls one by one queue behind the disk, and a batch
 * pays it once. When idle a call is sent at once; nothing waits for a timer.
 *
 * A batch that fails for a passing reason is retried whole (the SQL functions are keyed by job id);
 * one with a poisonous call is split until that call is alone.
 */
export class Batcher<Call, Result> {
  readonly #options: BatcherOptions<Call, Result>;
  #waiting: Waiting<Call, Result>[] = [];
  #running = false;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<Call, Result>) {
    this.#options = options;
  }

  call(call: Call): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      // A microtask later, so that calls of the same turn share the first batch.
      queueMicrotask(() => void this.#drain());
    });
  }

  /** Resolves when nothing is waiting or under way. */
  async settled(): Promise<void> {
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#deliver(this.#waiting.splice(0, this.#options.callsMax));
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #deliver(batch: readonly Waiting<Call, Result>[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const results = await this.#options.send(
          batch.map((waiting) => waiting.call),
          attempt,
        );
        batch.forEach((waiting, index) => settle(waiting, results[index]));
        return;
      } catch (error) {
        if (isTransient(error) && attempt < this.#options.attemptsMax) {
          await pauseAfter(attempt);
          continue;
        }
        if (isTransient(error) || batch.length === 1) {
          for (const waiting of batch) waiting.reject(error);
          return;
        }
        const middle = Math.ceil(batch.length / 2);
        await this.#deliver(batch.slice(0, middle));
        await this.#deliver(batch.slice(middle));
        return;
      }
    }
  }
}

function settle<Call, Result>(waiting: Waiting<Call, Result>, result: Result | undefined): void {
  if (result === undefined) waiting.reject(new Error('the batch answered fewer rows than calls'));
  else waiting.resolve(result);
}
