/** Requests of one key that came together; a key is there once in a batch. */
export interface WindowCall {
  readonly key: string;
  readonly requests: number;
  /** Requests a minute; the highest, where the calls of a batch differ. */
  readonly requestLimit: number;
}

/** Where the counting of a call began. */
export interface WindowCount {
  /** Requests let through in this window before the call's. */
  readonly usedBefore: number;
  /** Until the window ends. */
  readonly msLeft: number;
}

/**
 * Counts requests in windows of a minute that begin with a key's first request, for any number of
 * processes. No more than `requestLimit` is ever noted as let through by a call.
 */
export interface WindowStore {
  /** Its name, for the log. */
  readonly name: string;
  /** Answers in the order of the calls; rejects where the store cannot be reached. */
  count(calls: readonly WindowCall[]): Promise<readonly WindowCount[]>;
}
