import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import type { LeaseKeeper } from '../metering/lease-keeper.ts';
import type { Metering } from '../metering/metering.ts';
import type { RefusalRecorder } from '../metering/refusals.ts';
import type { Detached } from './attempt/detached.ts';
import type { Storage } from './files/storage.ts';
import type { ImportSlots } from './intake/import-slots.ts';
import type { RecentLooks } from './recent-looks.ts';
import type { Registry } from './registry/registry.ts';
import type { Runner } from './runner/runner.ts';

/** What the conversions are wired with, once, at start. */
export interface ConversionDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metering: Metering;
  readonly looks: RecentLooks;
  readonly refusals: RefusalRecorder;
  readonly leases: LeaseKeeper;
  readonly detached: Detached;
  readonly registry: Registry;
  readonly runner: Runner;
  readonly storage: Storage;
  readonly imports: ImportSlots;
  /** Aborted when the process begins to stop: streams without an end of their own end then. */
  readonly closing: AbortSignal;
  readonly settings: ConversionSettings;
}

export interface ConversionSettings {
  readonly publicUrl: string;
  /** Private folder for uploads and work under way; emptied at start. */
  readonly workFolder: string;
  readonly leaseSeconds: number;
  /** The operator's bound on a file, for plans that have none. */
  readonly uploadBytesMax: number;
  /** What the files of one batch may have together, also unpacked. */
  readonly batchBytesMax: number;
  /** A larger file is not converted while its caller waits. */
  readonly syncBytesMax: number;
  readonly syncTimeoutMs: number;
  /** Free disk below this refuses uploads. */
  readonly diskBytesFreeMin: number;
  /** Hosts that a `source_url` may name although they are private. */
  readonly importAllowedHosts: readonly string[];
}
