import type { Log } from '../context.ts';

export interface DeliveryLoopOptions<Row> {
  readonly name: string;
  readonly log: Log;
  /** How many are under way at a time, in this process. */
  readonly slots: number;
  readonly everyMs: number;
  /** Takes at most `free` rows that are due. `underWay` are those that this process has already. */
  claim(free: number, underWay: ReadonlySet<Row>): Promise<Row[]>;
  /** Sends one and writes down what came of it. */
  deliver(row: Row): Promise<void>;
}

/**
 * Sends what is due, several at a time, and looks again when one has ended: what takes long holds up
 * nothing else. Any number of processes may run one; each row is leased to one of them.
 */
export class DeliveryLoop<Row> {
  readonly #options: DeliveryLoopOptions<Row>;
  readonly #underWay = new Map<Row, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #claiming: Promise<void> | null = null;
  #mayBeMore = false;
  #isStopped = false;

  constructor(options: DeliveryLoopOptions<Row>) {
    this.#options = options;
    this.#timer = setInterval(() => this.wake(), options.everyMs);
  }

  /** Looks for work now. */
  wake(): void {
    if (this.#isStopped) return;
    this.#claiming ??= this.#claim()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error, loop: this.#options.name }, 'claiming failed'),
      )
      .finally(() => {
        this.#claiming = null;
      });
  }

  async #claim(): Promise<void> {
    const free = this.#options.slots - this.#underWay.size;
    if (free <= 0) return;
    const rows = await this.#options.claim(free, new Set(this.#underWay.keys()));
    this.#mayBeMore = rows.length > 0;
    for (const row of rows) this.#underWay.set(row, this.#deliver(row));
  }

  async #deliver(row: Row): Promise<void> {
    try {
      await this.#options.deliver(row);
    } catch (error) {
      // Its lease ends, and somebody tries again.
      this.#options.log.warn({ err: error, loop: this.#options.name }, 'a delivery broke off');
    } finally {
      this.#underWay.delete(row);
      if (this.#mayBeMore) this.wake();
    }
  }

  /** Takes nothing new; resolves when what was under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#claiming;
    await Promise.all(this.#underWay.values());
  }
}
