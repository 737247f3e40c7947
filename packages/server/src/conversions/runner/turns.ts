import { AppError } from '../../errors.ts';

export interface TurnsOptions {
  /** Turns given out at the same time. */
  readonly turnsMax: number;
  readonly queueLengthMax: number;
  readonly queueWaitMsMax: number;
  /** Tasks of one owner at the same time, those that have given their turn back included. */
  readonly tasksOfOwnerMax: number;
  /** What those are told who get no turn; `overloaded` unless said otherwise. */
  readonly refusal?: () => AppError;
}

/** Whose task it is; null: nobody's, and under no bound. */
export type Owner = string | null;

interface Waiting {
  readonly owner: Owner;
  readonly proceed: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * A counting semaphore between owners: the next turn goes to the one with the fewest tasks under
 * way, among equals to who waits longest. The queue is bounded in length and in time, and no owner
 * takes more than half of it, nor every place.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #queue: Waiting[] = [];
  readonly #tasks = new Map<Owner, number>();
  #taken = 0;
  #closed = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Begins a task. @throws AppError where the queue is full or the wait too long; the
   * signal's reason
   */
  async take(signal: AbortSignal, owner: Owner = null): Promise<void> {
    signal.throwIfAborted();
    const { turnsMax, queueWaitMsMax } = this.#options;
    if (this.#closed) throw overloaded();
    const { refusal = overloaded } = this.#options;
    if (this.#taken < turnsMax && this.#mayBegin(owner)) return this.#begin(owner);
    if (this.#isQueueFull(owner)) throw refusal();
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        const at = this.#queue.indexOf(waiting);
        if (at !== -1) this.#queue.splice(at, 1);
      };
      const refuse = (error: Error) => {
        settle();
        reject(error);
      };
      const proceed = () => {
        settle();
        this.#begin(owner);
        resolve();
      };
      const abort = () => refuse(signal.reason as Error);
      const timer = setTimeout(() => refuse(refusal()), queueWaitMsMax);
      const waiting: Waiting = { owner, proceed, refuse };
      signal.addEventListener('abort', abort, { once: true });
      this.#queue.push(waiting);
    });
  }

  /** Gives a turn back, at the end of a task or while it goes on. */
  giveBack(): void {
    this.#taken -= 1;
    this.#serve();
  }

  /** A task has ended; its turn is given back by itself. */
  leave(owner: Owner): void {
    const left = this.#tasksOf(owner) - 1;
    if (left > 0) this.#tasks.set(owner, left);
    else this.#tasks.delete(owner);
    this.#serve();
  }

  #serve(): void {
    if (this.#closed || this.#taken >= this.#options.turnsMax) return;
    let next: Waiting | null = null;
    for (const waiting of this.#queue) {
      if (!this.#mayBegin(waiting.owner)) continue;
      if (next === null || this.#tasksOf(waiting.owner) < this.#tasksOf(next.owner)) next = waiting;
    }
    next?.proceed();
  }

  #begin(owner: Owner): void {
    this.#taken += 1;
    this.#tasks.set(owner, this.#tasksOf(owner) + 1);
  }

  #mayBegin(owner: Owner): boolean {
    return owner === null || this.#tasksOf(owner) < this.#options.tasksOfOwnerMax;
  }

  #isQueueFull(owner: Owner): boolean {
    const { queueLengthMax } = this.#options;
    if (this.#queue.length >= queueLengthMax) return true;
    if (owner === null) return false;
    const own = this.#queue.filter((waiting) => waiting.owner === owner).length;
    return own >= Math.ceil(queueLengthMax / 2);
  }

  #tasksOf(owner: Owner): number {
    return this.#tasks.get(owner) ?? 0;
  }

  /** Refuses all that wait and all that come. */
  close(): void {
    this.#closed = true;
    // Each one takes itself out of the queue.
    for (let first = this.#queue[0]; first; first = this.#queue[0]) first.refuse(overloaded());
  }
}

/** 503: the caller may try again in a few seconds. */
export function overloaded(): AppError {
  const message = 'All converters are busy. Try again in a few seconds.';
  return new AppError('overloaded', message, { retryAfterSeconds: 5 });
}
