import type { Log } from '../../context.ts';

/** Conversions of this process whose callers were told 202 and went away: somebody must wait. */
export class Detached {
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(jobId: string, running: Promise<unknown>): void {
    const ended = running
      .then(() => undefined)
      .catch((error: unknown) => {
        this.#log.error({ err: error, job: jobId }, 'a job was left to the sweep');
      })
      .finally(() => this.#running.delete(ended));
    this.#running.add(ended);
  }

  /** Resolves when all of them have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
