import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { attemptsByDefault } from '../db/retry.ts';
import { Batcher } from './batcher.ts';
import type {
  AdmitCall,
  CompleteCall,
  Completion,
  Decision,
  LookCall,
  Release,
  ReleaseCall,
} from './schema.ts';
import { admitBatch, completeBatch, lookBatch, releaseBatch } from './sql.ts';

export interface MeteringOptions {
  readonly clock: Clock;
  /** Commits here do not wait for the disk: admissions whose caller waits for the completion. */
  readonly relaxed: Database;
  /** Commits here are on disk before they answer. */
  readonly durable: Database;
  /** Jobs an organization may have waiting. */
  readonly queuedMax: number;
  /** Attempts at an asynchronous job before it fails for good. */
  readonly attemptsMax: number;
  readonly batchCallsMax?: number;
}

/** The hot path of the product: one decision before a conversion, one record after it. */
export interface Metering {
  /** What admission would say now; reserves nothing. */
  look(call: LookCall): Promise<Decision>;
  /**
   * Reserves, or refuses with the reason. The commit is not on disk yet: only for a caller who
   * hears nothing before the completion, which makes both durable.
   */
  admit(call: AdmitCall): Promise<Decision>;
  /** The same, on disk when it answers: for everything that is acknowledged by itself. */
  admitDurably(call: AdmitCall): Promise<Decision>;
  /** Counts a finished conversion, exactly once, on disk when it answers. */
  complete(call: CompleteCall): Promise<Completion>;
  /** Ends a conversion without counting it. */
  release(call: ReleaseCall): Promise<Release>;
  /** Resolves when no call is under way. */
  settled(): Promise<void>;
}

export function createMetering(options: MeteringOptions): Metering {
  const { clock, relaxed, durable } = options;
  const callsMax = options.batchCallsMax ?? 256;
  const shared = { callsMax, attemptsMax: attemptsByDefault };
  const admitter = (db: Database): Batcher<AdmitCall, Decision> =>
    new Batcher({
      ...shared,
      send: async (calls, attempt) => {
        const settings = { ...options, asOf: clock.now() };
        const rows = await db.query<Decision>(admitBatch(calls, settings));
        return attempt === 1 ? rows : rows.map(recognizeOwn);
      },
    });
  const admits = admitter(relaxed);
  const durableAdmits = admitter(durable);
  const looks = new Batcher<LookCall, Decision>({
    ...shared,
    send: (calls) => relaxed.query(lookBatch(calls, { ...options, asOf: clock.now() })),
  });
  const completes = new Batcher<CompleteCall, Completion>({
    ...shared,
    send: (calls) => durable.query(completeBatch(calls, clock.now())),
  });
  const releases = new Batcher<ReleaseCall, Release>({
    ...shared,
    send: (calls) => durable.query(releaseBatch(calls, clock.now())),
  });
  return {
    look: (call) => looks.call(call),
    admit: (call) => admits.call(call),
    admitDurably: (call) => durableAdmits.call(call),
    complete: (call) => completes.call(call),
    release: (call) => releases.call(call),
    settled: async () => {
      for (const lane of [looks, admits, durableAdmits, completes, releases]) await lane.settled();
    },
  };
}

/**
 * A batch that is sent again may have been committed the first time: then its calls find their own
 * jobs, which are admitted. A job id is made for one call, so nobody else's can be met here.
 */
function recognizeOwn(decision: Decision): Decision {
  return decision.verdict === 'duplicate' ? { ...decision, verdict: 'allowed' } : decision;
}
