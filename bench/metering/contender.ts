import type pg from 'pg';
import type { AdmitCall, CompleteCall } from '../../packages/server/src/metering/schema.ts';

/** A way of admitting and counting conversions, with a database of its own. */
export interface Contender {
  /** Resolves when the call is admitted, rejects when it is refused. */
  admit(call: AdmitCall): Promise<void>;
  /** Resolves when the conversion is counted, on disk. */
  complete(call: CompleteCall): Promise<void>;
  close(): Promise<void>;
}

/** Where a contender finds what it needs; in every process the same. */
export interface Place {
  readonly connection: pg.ClientConfig;
  readonly redisUrl: string | null;
}

/** An entry of the list of contenders: how it is named in the table, and how it is opened. */
export interface ContenderKind {
  readonly open: (place: Place) => Contender | Promise<Contender>;
  /** ledger: it writes everything, so the invariants must hold; counter: what it does not do. */
  readonly keeps: 'ledger' | 'counter';
  readonly needsRedis?: true;
}
