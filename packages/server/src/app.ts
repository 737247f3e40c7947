import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type pg from 'pg';
import { accountRoutes } from './accounts/routes.ts';
import { userRoutes } from './accounts/user-routes.ts';
import { healthRoutes } from './admin/health-route.ts';
import { adminRoutes } from './admin/routes.ts';
import { logChainHeads } from './audit/log-heads.ts';
import { auditRoutes } from './audit/routes.ts';
import { type Billing, type BillingSettings, openBilling } from './billing/open-billing.ts';
import { startUncollectedBills } from './billing/overage/uncollected.ts';
import { billingRoutes } from './billing/routes.ts';
import { startChore } from './chore.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { batchRoutes } from './conversions/batch/routes.ts';
import type { ConversionDeps } from './conversions/deps.ts';
import { presentConversion } from './conversions/present-conversion.ts';
import { Purger } from './conversions/purge.ts';
import { refuse } from './conversions/refuse.ts';
import { conversionRoutes } from './conversions/routes.ts';
import { Worker } from './conversions/attempt/worker.ts';
import { eraseAddresses } from './data-rights/erase-addresses.ts';
import { eraseDeletedWorkspaces } from './data-rights/erase.ts';
import { dataRightsRoutes } from './data-rights/routes.ts';
import { Listener } from './db/listener.ts';
import { Pool } from './db/pool.ts';
import { Latencies } from './http/latencies.ts';
import { addressOf } from './http/listen.ts';
import { systemResolver } from './http/outbound/outbound-target.ts';
import type { Route } from './http/route.ts';
import { usageRoutes } from './metering/routes.ts';
import type { NotificationDeps } from './notifications/deps.ts';
import { notificationRoutes } from './notifications/routes.ts';
import { startNotifications } from './notifications/start.ts';
import { memberRoutes } from './organizations/member-routes.ts';
import { organizationRoutes } from './organizations/routes.ts';
import { planRoutes } from './plans/routes.ts';
import { reservationRoutes } from './reservations/routes.ts';
import { requireSealingSecret } from './sealing-secret.ts';
import { createSecrets } from './secrets.ts';
import { serve } from './serve.ts';
import { attemptsMax, type Pools, startConversions } from './start-conversions.ts';
import { subscriptionRoutes } from './subscriptions/routes.ts';

export interface ServiceOptions {
  readonly config: Config;
  readonly adminKey: string;
  /** Signs and seals (secrets.ts); the same for all processes on one database. */
  readonly authSecret: string;
  /** The application's connection: not the owner's, where there is a role. */
  readonly connection: pg.ClientConfig;
  /** Absolute; files and work under way live in it. */
  readonly dataFolder: string;
  /** What converters must not see. */
  readonly hiddenFolders: readonly string[];
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  /** Null: nobody is billed. */
  readonly billing: BillingSettings | null;
}

export interface Service {
  readonly app: FastifyInstance;
  readonly conversions: ConversionDeps;
  readonly billing: Billing | null;
  readonly notifications: NotificationDeps;
  readonly publicUrl: string;
  readonly routes: readonly Route[];
  /** Finishes what is under way, takes nothing new, and lets go of everything. */
  close(): Promise<void>;
}

/** Every route of the API, for the server and for the reference. */
export function allRoutes(
  conversions: ConversionDeps,
  billing: Billing | null,
  notifications: NotificationDeps,
  latencies: Latencies,
): Route[] {
  return [
    ...conversionRoutes(conversions),
    ...batchRoutes(conversions),
    ...reservationRoutes({
      metering: conversions.metering,
      attemptsMax,
      refuse: (ctx, decision) => refuse(conversions, ctx, decision),
    }),
    ...usageRoutes(conversions),
    ...planRoutes,
    ...subscriptionRoutes,
    ...billingRoutes(billing),
    ...organizationRoutes,
    ...memberRoutes({ publicUrl: () => conversions.settings.publicUrl }),
    ...dataRightsRoutes({ conversions, billing: billing?.deps ?? null }),
    ...accountRoutes,
    ...userRoutes,
    ...notificationRoutes(notifications),
    ...auditRoutes,
    ...adminRoutes,
    ...healthRoutes({ ...conversions, latencies }),
  ];
}

/** Wires all parts of one process together and starts it: API, worker, or both by `MUTATE_ROLE`. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, clock, log } = options;
  // Lets go of everything again when a later part does not start.
  await using stack = new AsyncDisposableStack();
  const pools = openPools(options, stack);
  await requireSealingSecret(pools.durable, createSecrets(options.authSecret));
  let publicUrl = config.publicUrl ?? '';
  const closing = new AbortController();
  const conversions = await startConversions(options, pools, stack, {
    publicUrl: () => publicUrl,
    closing: closing.signal,
  });
  const worker = config.role === 'server' ? null : new Worker(conversions, workerSlots(config));
  const listener = new Listener({
    connection: options.connection,
    log,
    handlers: {
      jobs_queued: () => worker?.wake(),
      jobs_ended: (jobId) => conversions.leases.abort(jobId),
    },
  });
  await listener.start();
  stack.defer(() => listener.stop());
  const { storage } = conversions;
  const purger = new Purger({ db: pools.durable, clock, log, storage });
  if (worker) {
    worker.start();
    stack.defer(() => worker.stop());
    startWorkerChores(options, pools, { purger, conversions }, stack);
  }
  const billing =
    options.billing === null
      ? null
      : openBilling({
          settings: options.billing,
          db: pools.durable,
          clock,
          log,
          publicUrl: () => publicUrl,
          afterAdvance: () => purger.purge(),
        });
  stack.defer(async () => billing?.close());
  const notifications = notificationDeps(options, pools, () => publicUrl);
  const latencies = new Latencies();
  const routes = allRoutes(conversions, billing, notifications, latencies);
  const app = await serve(options, {
    routes: config.role === 'worker' ? [] : routes,
    latencies,
    pools,
    publicUrl: () => publicUrl,
    stack,
    closing,
  });
  publicUrl ||= addressOf(app);
  await billing?.start();
  if (config.role !== 'server') {
    const telling = startNotifications(notifications);
    stack.defer(() => telling.stop());
  }
  const running = stack.move();
  return {
    app,
    conversions,
    billing,
    notifications,
    publicUrl,
    routes,
    close: () => running.disposeAsync(),
  };
}

function startWorkerChores(
  { billing, clock, log }: ServiceOptions,
  { durable: db }: Pools,
  { purger, conversions }: { purger: Purger; conversions: ConversionDeps },
  stack: AsyncDisposableStack,
): void {
  const chores = [
    startChore('purge files', 60_000, log, () => purger.purge()),
    startChore('erase workspaces', 60_000, log, () => eraseDeletedWorkspaces(conversions)),
    startChore('erase addresses', 60_000, log, () => eraseAddresses(conversions)),
    startChore('sweep inputs', 3_600_000, log, () => purger.sweepInputs()),
    startChore('log audit heads', 21_600_000, log, () => logChainHeads(db, log)),
    ...(billing === null ? [startUncollectedBills({ db, clock, log })] : []),
  ];
  stack.defer(async () => {
    await Promise.all(chores.map((chore) => chore.stop()));
  });
}

function notificationDeps(
  { config, clock, log, authSecret }: ServiceOptions,
  { durable }: Pools,
  publicUrl: () => string,
): NotificationDeps {
  return {
    db: durable,
    clock,
    log,
    secrets: createSecrets(authSecret),
    mail: { smtpUrl: config.smtpUrl ?? null, from: config.mailFrom ?? 'Mutate <mutate@localhost>' },
    webhooks: { allowedHosts: config.webhookAllowedHosts, resolve: systemResolver },
    presentConversion: (db, organizationId, jobId) =>
      presentConversion(db, organizationId, jobId, publicUrl()),
    publicUrl,
  };
}

/** One process's converters are shared by who waits and who is queued: half are for the queue. */
function workerSlots(config: Config): number {
  return config.role === 'worker'
    ? config.conversionProcessesMax
    : Math.max(1, Math.ceil(config.conversionProcessesMax / 2));
}

function openPools({ connection }: ServiceOptions, stack: AsyncDisposableStack): Pools {
  const durable = new Pool({ connection, connectionsMax: 12 });
  const relaxed = new Pool({
    connection,
    connectionsMax: 4,
    durable: false,
    applicationName: 'mutate admissions',
  });
  stack.defer(async () => {
    await Promise.all([durable.close(), relaxed.close()]);
  });
  return { durable, relaxed };
}
