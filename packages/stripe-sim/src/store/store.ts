import { StripeError } from '../wire/stripe-error.ts';
import type { Journal } from './journal.ts';
import { State, type DueRule } from './state.ts';
import { Transaction } from './transaction.ts';

/**
 * One transaction after the other over the state. `work` is synchronous, so nothing of another
 * request can come in between; its changes are in the journal before `run` answers.
 */
export class Store {
  readonly #journal: Journal;
  readonly #dueRule: DueRule;
  #state: State;
  #isStale = true;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(journal: Journal, dueRule: DueRule) {
    this.#journal = journal;
    this.#dueRule = dueRule;
    this.#state = new State(dueRule);
  }

  /** What is committed; for reading between transactions. */
  get state(): State {
    return this.#state;
  }

  /**
   * Runs `work` in a transaction. An error undoes it, except a StripeError that says it `commits`: a
   * declined payment is a fact that stays.
   */
  run<Result>(
    now: number | ((state: State) => number),
    work: (tx: Transaction) => Result,
    request?: Transaction['request'],
  ): Promise<Result> {
    const result = this.#queue.then(() => this.#runNow(now, work, request));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#journal.close();
  }

  async #runNow<Result>(
    now: number | ((state: State) => number),
    work: (tx: Transaction) => Result,
    request: Transaction['request'] | undefined,
  ): Promise<Result> {
    if (this.#isStale) await this.#reload();
    const at = typeof now === 'number' ? now : now(this.#state);
    const tx = new Transaction(this.#state, at, { last: this.#state.lastSeq }, request);
    let failure: StripeError | undefined;
    let result: Result | undefined;
    try {
      result = work(tx);
    } catch (error) {
      if (!(error instanceof StripeError) || !error.commits) throw error;
      failure = error;
    }
    await this.#commit(tx);
    if (failure !== undefined) throw failure;
    return result as Result;
  }

  async #commit(tx: Transaction): Promise<void> {
    const changes = tx.changes();
    if (changes.length === 0) return;
    try {
      await this.#journal.write(changes);
    } catch (error) {
      // Whether it was kept is open, so what is in memory may be wrong either way.
      this.#isStale = true;
      throw error;
    }
    this.#state.apply(changes);
  }

  async #reload(): Promise<void> {
    const documents = await this.#journal.load();
    const state = new State(this.#dueRule);
    state.apply(
      documents.map((document) => ({
        kind: document.object as Parameters<State['find']>[0],
        id: document.id,
        document,
      })),
    );
    this.#state = state;
    this.#isStale = false;
  }
}
