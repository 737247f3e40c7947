import type { BillingDeps } from './deps.ts';
import { dueWorkHandlers } from './due-work-handlers.ts';
import { processInbox } from './inbox.ts';
import { runDueWork } from './run-due-work.ts';

/** Works off events and due work, one turn after the other in this process. */
export class Settler {
  readonly #deps: BillingDeps;
  #turn: Promise<unknown> = Promise.resolve();
  #isAwake = false;
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

  /** There is something to do; nobody waits for it. */
  wake(): void {
    if (this.#isAwake || this.#isClosed) return;
    this.#isAwake = true;
    this.settle().catch((error: unknown) => {
      this.#deps.log.warn({ err: error }, 'billing could not be brought up to date; trying again');
    });
  }

  /** Takes no further turn by itself, and resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
  }

  async #work(): Promise<void> {
    this.#isAwake = false;
    let count;
    do {
      count = await processInbox(this.#deps);
      count += await runDueWork(this.#deps, dueWorkHandlers);
    } while (count > 0);
  }
}
