import type { BillingDeps } from './deps.ts';
import { dueWorkHandlers } from './due-work/due-work-handlers.ts';
import { processInbox } from './inbox/inbox.ts';
import { runDueWork } from './due-work/run-due-work.ts';

/** A renewal is told in a dozen events within a second: one look at the provider serves them all. */
const gatherMs = 100;

/** Works off events and due work, one turn after the other in this process. */
export class Settler {
  readonly #deps: BillingDeps;
  #turn: Promise<unknown> = Promise.resolve();
  #isAwake = false;
  #alarm: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(deps: BillingDeps) {
    this.#deps = deps;
  }

  /** Resolves when a whole turn that began after the call found nothing more to do. */
  settle(): Promise<void> {
    const turn = this.#turn.then(() => this.#work());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Does something while nothing is worked off by this process. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** There is something to do; nobody waits for it. */
  wake(): void {
    if (this.#isAwake || this.#isClosed) return;
    this.#isAwake = true;
    this.#alarm = setTimeout(() => {
      this.settle().catch((error: unknown) => {
        this.#deps.log.warn(
          { err: error },
          'billing could not be brought up to date; trying again',
        );
      });
    }, gatherMs);
  }

  /** Takes no further turn by itself, and resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#alarm);
    await this.#turn;
  }

  async #work(): Promise<void> {
    clearTimeout(this.#alarm);
    this.#isAwake = false;
    let count;
    do {
      count = await processInbox(this.#deps);
      count += await runDueWork(this.#deps, dueWorkHandlers);
    } while (count > 0);
  }
}
