import { AppError } from '../../errors.ts';
import { Turns } from '../runner/turns.ts';

export interface ImportSlotsOptions {
  /** Fetches of one organization at the same time, in this process. */
  readonly ofOrganizationMax: number;
  /** Fetches of all of them. */
  readonly max: number;
  /** Requests that may wait for a slot, half of them of one organization. */
  readonly waitingMax: number;
  readonly waitMsMax: number;
}

/**
 * How many files are fetched at once: each holds a connection, a file and a socket to a host that may
 * take minutes. Who comes when the slots are taken waits, fairly between organizations, and is refused
 * when too many wait or for too long.
 */
export class ImportSlots {
  readonly #turns: Turns;

  constructor({ ofOrganizationMax, max, waitingMax, waitMsMax }: ImportSlotsOptions) {
    this.#turns = new Turns({
      turnsMax: max,
      tasksOfOwnerMax: ofOrganizationMax,
      queueLengthMax: waitingMax,
      queueWaitMsMax: waitMsMax,
      refusal: () =>
        new AppError(
          'concurrency_limited',
          `Too many files are being fetched from their URLs: a workspace may have ${ofOrganizationMax} ` +
            'under way at once. Wait for one to end, or send the file itself.',
          { details: { limit: ofOrganizationMax }, retryAfterSeconds: 5 },
        ),
    });
  }

  /**
   * Runs a fetch in a slot.
   *
   * @throws AppError `concurrency_limited` where none is free in time; the signal's reason
   */
  async hold<Result>(
    organizationId: string,
    signal: AbortSignal,
    fetchFile: () => Promise<Result>,
  ): Promise<Result> {
    await this.#turns.take(signal, organizationId);
    try {
      return await fetchFile();
    } finally {
      this.#turns.leave(organizationId);
      this.#turns.giveBack();
    }
  }
}
