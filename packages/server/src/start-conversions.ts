import { join } from 'node:path';
import type { ServiceOptions } from './app.ts';
import { startChore } from './chore.ts';
import type { Config } from './config.ts';
import type { ConversionDeps, ConversionSettings } from './conversions/deps.ts';
import { Detached } from './conversions/attempt/detached.ts';
import { enginesWith } from './conversions/registry/engines.ts';
import { LocalStorage } from './conversions/files/local-storage.ts';
import { openInstanceFolder } from './conversions/files/instance-folder.ts';
import { ImportSlots } from './conversions/intake/import-slots.ts';
import { openEngines } from './conversions/registry/open-engines.ts';
import { RecentLooks } from './conversions/recent-looks.ts';
import type { Pool } from './db/pool.ts';
import { summarizeDays } from './metering/daily-rollup.ts';
import { LeaseKeeper } from './metering/lease-keeper.ts';
import { createMetering } from './metering/metering.ts';
import { RefusalRecorder } from './metering/refusals.ts';
import { sweep } from './metering/sweep.ts';

/** Attempts at an asynchronous job whose workers die, before it fails for good. */
export const attemptsMax = 3;
const megabyte = 1_048_576;
/** Requests under way may take this long to end when the process is told to stop. */
export const drainMsMax = 25_000;

/** Who asks waits for the disk (durable), or not (relaxed). */
export interface Pools {
  readonly durable: Pool;
  readonly relaxed: Pool;
}

/** Engines, metering, files and the chores that keep them in order; goes onto the stack. */
export async function startConversions(
  { config, clock, log, dataFolder, hiddenFolders }: ServiceOptions,
  { durable, relaxed }: Pools,
  stack: AsyncDisposableStack,
  { publicUrl, closing }: { publicUrl: () => string; closing: AbortSignal },
): Promise<ConversionDeps> {
  const workFolder = await openInstanceFolder(join(dataFolder, 'work'), 0o700);
  stack.defer(() => workFolder.close());
  const { registry, runner } = await openEngines(enginesWith(config.programFolder), {
    processes: config.conversionProcessesMax,
    log,
    workRoot: join(dataFolder, 'converters'),
    hiddenPaths: hiddenFolders,
    allowUnsandboxed: config.unsandboxedAllowed,
  });
  stack.defer(() => runner.close());
  const metering = createMetering({
    clock,
    relaxed,
    durable,
    queuedMax: config.queuedPerOrganizationMax,
    attemptsMax,
  });
  const detached = new Detached(log);
  const leases = new LeaseKeeper({ db: durable, log, leaseSeconds: config.leaseSeconds });
  const refusals = new RefusalRecorder({ db: durable, clock, log });
  const chores = [
    startChore('renew leases', config.leaseSeconds * 250, log, () => leases.renew()),
    startChore('sweep', 2_000, log, () => sweep({ db: durable, clock, log, attemptsMax })),
    startChore('record refusals', 1_000, log, () => refusals.flush()),
    startChore('purge decisions', 600_000, log, () => refusals.purge()),
    startChore('sum up days', 900_000, log, () => summarizeDays(durable, clock)),
  ];
  stack.defer(async () => {
    await metering.settled();
    await Promise.all(chores.map((chore) => chore.stop()));
    await refusals.flush();
  });
  stack.defer(async () => {
    const patience = setTimeout(() => leases.abortAll(), drainMsMax);
    await detached.settled();
    clearTimeout(patience);
  });
  return {
    db: durable,
    clock,
    log,
    metering,
    looks: new RecentLooks(metering),
    refusals,
    leases,
    detached,
    registry,
    runner,
    storage: new LocalStorage(join(dataFolder, 'files')),
    // Each may last five minutes; a batch fetches four at a time.
    imports: new ImportSlots({
      ofOrganizationMax: 8,
      max: 32,
      waitingMax: 200,
      waitMsMax: 60_000,
    }),
    closing,
    settings: toSettings(config, workFolder.path, publicUrl),
  };
}

function toSettings(
  config: Config,
  workFolder: string,
  publicUrl: () => string,
): ConversionSettings {
  return {
    get publicUrl() {
      return publicUrl();
    },
    workFolder,
    leaseSeconds: config.leaseSeconds,
    uploadBytesMax: config.uploadBytesMax,
    batchBytesMax: Math.min(config.uploadBytesMax, 1024 * megabyte),
    syncBytesMax: 10 * megabyte,
    syncTimeoutMs: 60_000,
    diskBytesFreeMin: 512 * megabyte,
    importAllowedHosts: config.importAllowedHosts,
  };
}
