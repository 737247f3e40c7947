/**
 * Business time: periods, invoices, grace, expiry. Leases, rate windows and retries use the
 * database's own wall clock instead and never this one.
 */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock for tests: it stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(start: string | Date) {
    this.#nowMs = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  set(to: string | Date): void {
    this.#nowMs = new Date(to).getTime();
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
