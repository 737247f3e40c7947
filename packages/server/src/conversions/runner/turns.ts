import { AppError } from '../../errors.ts';

export interface TurnsOptions {
  /** Turns given out at the same time. */
  readonly turnsMax: number;
  readonly queueLengthMax: number;
  readonly queueWaitMsMax: number;
}

interface Waiting {
  readonly proceed: () => void;
  readonly refuse: (error: Error) => void;
}

/** A counting semaphore, first come first served, whose queue is bounded in length and in time. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #queue: Waiting[] = [];
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

  /** @throws AppError `overloaded` where the queue is full or the wait too long; the signal's reason */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { turnsMax, queueLengthMax, queueWaitMsMax } = this.#options;
    if (this.#closed) throw overloaded();
    if (this.#taken < turnsMax) {
      this.#taken += 1;
      return;
    }
    if (this.#queue.length >= queueLengthMax) throw overloaded();
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
        resolve();
      };
      const abort = () => refuse(signal.reason as Error);
      const timer = setTimeout(() => refuse(overloaded()), queueWaitMsMax);
      const waiting: Waiting = { proceed, refuse };
      signal.addEventListener('abort', abort, { once: true });
      this.#queue.push(waiting);
    });
  }

  /** Gives a turn back: to whoever waits longest. */
  giveBack(): void {
    const [first] = this.#queue;
    if (first) first.proceed();
    else this.#taken -= 1;
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
