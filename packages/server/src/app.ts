import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type pg from 'pg';
import { adminRoutes } from './admin/routes.ts';
import { logChainHeads } from './audit/log-heads.ts';
import { auditRoutes } from './audit/routes.ts';
import { type Billing, type BillingSettings, openBilling } from './billing/open-billing.ts';
import { billingRoutes } from './billing/routes.ts';
import { startChore } from './chore.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { batchRoutes } from './conversions/batch/routes.ts';
import type { ConversionDeps } from './conversions/deps.ts';
import { Purger } from './conversions/purge.ts';
import { refuse } from './conversions/refuse.ts';
import { conversionRoutes } from './conversions/routes.ts';
import { Worker } from './conversions/worker.ts';
import { Listener } from './db/listener.ts';
import { Pool } from './db/pool.ts';
import { createHttpServer } from './http/http-server.ts';
import { addressOf, listenAt } from './http/listen.ts';
import { createIdempotency } from './http/idempotency.ts';
import { openRateLimiter } from './http/rate-limit-open.ts';
import { registerReference } from './http/reference.ts';
import { registerRoutes } from './http/register-routes.ts';
import type { Route } from './http/route.ts';
import { usageRoutes } from './metering/routes.ts';
import { createAuthenticator } from './organizations/authenticator.ts';
import { organizationExists } from './organizations/organizations.ts';
import { organizationRoutes } from './organizations/routes.ts';
import { planRoutes } from './plans/routes.ts';
import { reservationRoutes } from './reservations/routes.ts';
import { attemptsMax, drainMsMax, type Pools, startConversions } from './start-conversions.ts';
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
  readonly publicUrl: string;
  /** Finishes what is under way, takes nothing new, and lets go of everything. */
  close(): Promise<void>;
}

/** Every route of the API, for the server and for the reference. */
export function allRoutes(conversions: ConversionDeps, billing: Billing | null): Route[] {
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
    ...auditRoutes,
    ...adminRoutes,
  ];
}

/** Wires all parts of one process together and starts it: API, worker, or both by `MUTATE_ROLE`. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, clock, log } = options;
  // Lets go of everything again when a later part does not start.
  await using stack = new AsyncDisposableStack();
  const pools = openPools(options, stack);
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
  if (worker) {
    worker.start();
    stack.defer(() => worker.stop());
    const purger = new Purger({ db: pools.durable, clock, log, storage: conversions.storage });
    const chores = [
      startChore('purge files', 60_000, log, () => purger.purge()),
      startChore('sweep inputs', 3_600_000, log, () => purger.sweepInputs()),
      startChore('log audit heads', 21_600_000, log, () => logChainHeads(pools.durable, log)),
    ];
    stack.defer(async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
    });
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
        });
  stack.defer(async () => billing?.close());
  const app = await listen(options, pools, { conversions, billing }, { stack, closing });
  publicUrl ||= addressOf(app);
  await billing?.start();
  const running = stack.move();
  return { app, conversions, billing, publicUrl, close: () => running.disposeAsync() };
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

async function listen(
  options: ServiceOptions,
  { durable, relaxed }: Pools,
  { conversions, billing }: { conversions: ConversionDeps; billing: Billing | null },
  { stack, closing }: { stack: AsyncDisposableStack; closing: AbortController },
): Promise<FastifyInstance> {
  const { config, clock, log } = options;
  const { settings } = conversions;
  let draining = false;
  const app = createHttpServer({
    log,
    publicUrl: () => settings.publicUrl,
    trustProxyHops: config.trustProxyHops,
    isDraining: () => draining,
  });
  const idempotency = createIdempotency(durable, clock);
  const oldKeys = startChore('purge keys', 600_000, log, () => idempotency.purge());
  const routes = config.role === 'worker' ? [] : allRoutes(conversions, billing);
  const authenticator = createAuthenticator({
    db: durable,
    clock,
    log,
    adminKey: options.adminKey,
  });
  const rateLimiter = await openRateLimiter({ db: relaxed, redisUrl: config.redisUrl, log });
  registerRoutes(app, routes, {
    db: durable,
    clock,
    authenticator,
    rateLimiter,
    idempotency,
    addressRequestsPerMinuteMax: config.addressRequestsPerMinuteMax,
    workspaceExists: (id) => organizationExists(durable, id),
  });
  registerReference(app, routes, {
    publicUrl: () => settings.publicUrl,
    isReady: async () => !draining && (await isAnswering(durable)),
  });
  stack.defer(() => rateLimiter.close());
  stack.defer(() => authenticator.close());
  stack.defer(() => oldKeys.stop());
  stack.defer(() => idempotency.close());
  stack.defer(async () => {
    draining = true;
    closing.abort();
    const patience = setTimeout(() => app.server.closeAllConnections(), drainMsMax);
    await app.close();
    clearTimeout(patience);
  });
  await listenAt(app, config);
  return app;
}

async function isAnswering(db: Pool): Promise<boolean> {
  return db.query({ text: 'SELECT 1', values: [], name: 'ready' }).then(
    () => true,
    () => false,
  );
}
