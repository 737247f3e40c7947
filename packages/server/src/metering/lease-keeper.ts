import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { databaseAway } from './database-away.ts';
import { renewLeases } from './sql.ts';

export interface Attempt {
  readonly organizationId: string;
  readonly jobId: string;
  readonly fence: number;
}

interface Held extends Attempt {
  readonly stop: AbortController;
  /** By our own clock: until then nobody else can have been given the job. */
  safeUntilMs: number;
}

/**
 * Holds the leases of the attempts that run in this process: renews them four times a lease, and
 * stops an attempt that is no longer ours or whose lease could not be renewed in time, before
 * anybody else may start it (METERING: a live long conversion keeps both unit and slot).
 */
export class LeaseKeeper {
  readonly #db: Database;
  readonly #log: Log;
  readonly #leaseMs: number;
  readonly #held = new Map<string, Held>();

  constructor(options: { db: Database; log: Log; leaseSeconds: number }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#leaseMs = options.leaseSeconds * 1000;
  }

  /** Takes over an attempt whose lease begins now; the signal says when it must stop. */
  hold(attempt: Attempt): AbortSignal {
    const stop = new AbortController();
    this.#held.set(attempt.jobId, {
      ...attempt,
      stop,
      safeUntilMs: performance.now() + this.#leaseMs,
    });
    return stop.signal;
  }

  drop(attempt: Attempt): void {
    const held = this.#held.get(attempt.jobId);
    if (held?.fence === attempt.fence) this.#held.delete(attempt.jobId);
  }

  /** Stops an attempt at once, as after a cancel. */
  abort(jobId: string): void {
    this.#held.get(jobId)?.stop.abort(new Error('the job was ended from outside'));
  }

  /** Stops everything, as when the process has to end. */
  abortAll(): void {
    for (const held of this.#held.values()) held.stop.abort(new Error('the process ends'));
  }

  /** One heartbeat for everything held; due four times a lease. */
  async renew(): Promise<void> {
    const attempts = [...this.#held.values()];
    if (attempts.length === 0) return;
    const sentAtMs = performance.now();
    try {
      const statement = renewLeases(attempts, Math.ceil(this.#leaseMs / 1000));
      const rows = await this.#db.query<{ job_id: string }>(statement);
      const renewed = new Set(rows.map((row) => row.job_id));
      for (const held of attempts) {
        if (renewed.has(held.jobId)) held.safeUntilMs = sentAtMs + this.#leaseMs;
        else if (this.#held.get(held.jobId) === held) held.stop.abort(new Error('lease lost'));
      }
    } catch (error) {
      this.#log.warn({ err: error, jobs: attempts.length }, 'leases could not be renewed');
      const lastChanceMs = performance.now() + this.#leaseMs / 4;
      for (const held of attempts) {
        if (held.safeUntilMs < lastChanceMs) held.stop.abort(databaseAway(error));
      }
    }
  }
}
