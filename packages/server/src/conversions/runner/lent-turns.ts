import type { Owner, Turns } from './turns.ts';

/** From then on a task is taken for a long one. */
const lendAfterMs = 700;
/** So long after the last loan the next one is still likely. */
const recentMs = 10_000;

/** A turn that was taken, and is given back once. */
export interface Turn {
  end(): void;
}

/**
 * A task that takes long lends its turn to the next one, so that a document that hangs, or is just
 * large, holds up nobody else. Bounded: at most `lentMax` at the same time.
 */
export class LentTurns {
  readonly #turns: Turns;
  readonly #lentMax: number;
  #count = 0;
  #lastMs = -Infinity;

  constructor(turns: Turns, lentMax: number) {
    this.#turns = turns;
    this.#lentMax = lentMax;
  }

  /** Tasks under way that have lent their turn. */
  get count(): number {
    return this.#count;
  }

  /** Whether turns are being lent: more children than usual are then of use. */
  get isLending(): boolean {
    return this.#count > 0 || performance.now() - this.#lastMs < recentMs;
  }

  /** Waits for a turn. @throws as `Turns.take` does */
  async take(signal: AbortSignal, owner: Owner): Promise<Turn> {
    await this.#turns.take(signal, owner);
    let lent = false;
    const lend = () => {
      if (this.#count >= this.#lentMax) return;
      clearInterval(timer);
      lent = true;
      this.#count += 1;
      this.#turns.giveBack();
    };
    const timer = setInterval(lend, lendAfterMs).unref();
    const end = () => {
      clearInterval(timer);
      this.#turns.leave(owner);
      if (!lent) return this.#turns.giveBack();
      this.#count -= 1;
      this.#lastMs = performance.now();
    };
    return { end };
  }
}
