import { deliverNext } from '../delivery/deliver.ts';
import type { Disturbance } from '../delivery/script.ts';
import { emit } from '../delivery/emit.ts';
import type { Kind } from '../store/kinds.ts';
import type { Due, State } from '../store/state.ts';
import type { Store } from '../store/store.ts';
import { runDue } from './run-due.ts';

/** At one moment: a schedule's phase before the renewal it changes, both before invoices. */
const turns: readonly Kind[] = [
  'sim.clock',
  'subscription_schedule',
  'subscription',
  'invoice',
  'checkout.session',
];

/**
 * Plays time: what falls due happens in order, each thing in a transaction of its own at its own
 * moment, and before time moves on every webhook that is due has been sent and answered.
 */
export class Player {
  readonly #store: Store;
  readonly #disturbance: Disturbance;
  readonly #log: (line: string) => void;
  #turn: Promise<unknown> = Promise.resolve();
  #isKicked = false;
  #isStopped = false;

  constructor(store: Store, disturbance: Disturbance, log: (line: string) => void) {
    this.#store = store;
    this.#disturbance = disturbance;
    this.#log = log;
  }

  /** Business time in unix seconds: of the wall clock with an offset, or where it is held. */
  now(state: State): number {
    const clock = clockOf(state);
    if (clock.mode === 'held') return clock.now;
    return Math.max(clock.now, Math.floor(Date.now() / 1000) + clock.offset);
  }

  /** When the next thing happens by itself, the simulator's own tidying left out; null: never. */
  nextDue(): number | null {
    let first: number | null = null;
    for (const due of this.#store.state.dues()) {
      if (due.testClock !== null || due.kind === 'sim.clock') continue;
      if (first === null || due.at < first) first = due.at;
    }
    return first;
  }

  /** Plays up to a moment; one after the other where several are asked for. */
  advanceTo(target: number): Promise<void> {
    return this.#enqueue(() => this.#play(null, target));
  }

  /** Something was committed: what is due now is played, without anybody waiting for it. */
  kick(): void {
    if (this.#isKicked) return;
    this.#isKicked = true;
    this.#enqueue(async () => {
      this.#isKicked = false;
      await this.#play(null, this.now(this.#store.state));
      await this.#playTestClocks();
    }).catch((error: unknown) => this.#log(`the clock stopped: ${String(error)}`));
  }

  /** Resolves when all that was under way, and what it brought about, is done. */
  async settled(): Promise<void> {
    for (let turn; turn !== this.#turn;) {
      turn = this.#turn;
      await turn;
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#turn;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #play(testClock: string | null, target: number): Promise<void> {
    let now = testClock === null ? clockOf(this.#store.state).now : 0;
    const isLive = testClock === null && clockOf(this.#store.state).mode === 'live';
    if (isLive) now = Math.max(now, target);
    while (!this.#isStopped) {
      if (await deliverNext(this.#store, this.#disturbance, testClock, now)) continue;
      const due = this.#next(testClock, target);
      if (due === undefined) break;
      // In live mode what was missed is played at its own moment, though the time is past it.
      const at = isLive ? due.at : Math.max(now, due.at);
      now = isLive ? now : at;
      await this.#store.run(at, (tx) => {
        if (testClock === null) moveClock(tx.getAll('sim.clock', undefined)[0], at);
        else moveTestClock(tx.get('test_helpers.test_clock', testClock), at);
        if (due.kind !== 'sim.delivery') runDue(tx, due);
      });
    }
    if (this.#isStopped || isLive) return;
    await this.#store.run(target, (tx) => {
      if (testClock === null) moveClock(tx.getAll('sim.clock', undefined)[0], target);
      else moveTestClock(tx.get('test_helpers.test_clock', testClock), target);
    });
  }

  #next(testClock: string | null, target: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#store.state.dues()) {
      if (due.testClock !== testClock || due.at > target) continue;
      if (first === undefined || isBefore(due, first)) first = due;
    }
    return first;
  }

  async #playTestClocks(): Promise<void> {
    const clocks = [...this.#store.state.scan('test_helpers.test_clock')];
    for (const clock of clocks) {
      const { id, sim_target: target } = clock;
      if (clock.status === 'advancing' && target !== null) {
        await this.#play(id, target);
        await this.#store.run(target, (tx) => {
          const advanced = tx.get('test_helpers.test_clock', id);
          if (advanced === undefined) return;
          advanced.status = 'ready';
          advanced.sim_target = null;
          advanced.status_details = {};
          emit(tx, 'test_helpers.test_clock.ready', advanced);
        });
      } else {
        // Webhooks about its objects wait for no advance.
        while (await deliverNext(this.#store, this.#disturbance, id, clock.frozen_time));
      }
    }
    while (await deliverNext(this.#store, this.#disturbance, null, this.now(this.#store.state)));
  }
}

function isBefore(left: Due, right: Due): boolean {
  if (left.at !== right.at) return left.at < right.at;
  const turn = turns.indexOf(left.kind) - turns.indexOf(right.kind);
  return turn === 0 ? left.seq < right.seq : turn < 0;
}

function clockOf(state: State): { now: number; mode: 'live' | 'held'; offset: number } {
  const [clock] = state.scan('sim.clock');
  if (clock === undefined) throw new Error('the simulator has no clock');
  return clock;
}

function moveClock(clock: { now: number } | undefined, at: number): void {
  if (clock !== undefined && at > clock.now) clock.now = at;
}

function moveTestClock(clock: { frozen_time: number } | undefined, at: number): void {
  if (clock !== undefined && at > clock.frozen_time) clock.frozen_time = at;
}
