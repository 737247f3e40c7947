import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { ServiceOptions } from './app.ts';
import { registerAuth } from './accounts/auth-bridge.ts';
import { deleteOldLogins } from './accounts/old-logins.ts';
import { createSessionAuthenticator, loginSecret } from './accounts/session-authenticator.ts';
import { startChore } from './chore.ts';
import type { Pool } from './db/pool.ts';
import { registerDashboard } from './http/dashboard.ts';
import { createHttpServer } from './http/http-server.ts';
import type { Latencies } from './http/latencies.ts';
import { listenAt } from './http/listen.ts';
import { createIdempotency } from './http/idempotency/idempotency.ts';
import { openRateLimiter } from './http/rate-limit/open.ts';
import { registerReference } from './http/reference/reference.ts';
import { registerRoutes } from './http/register-routes.ts';
import { rolesOf } from './http/reference/role-matrix.ts';
import type { Route } from './http/route.ts';
import { createAuthenticator } from './organizations/authenticator.ts';
import { organizationExists } from './organizations/organizations.ts';
import { createSecrets } from './secrets.ts';
import { drainMsMax, type Pools } from './start-conversions.ts';

/** What the server of one process needs beside the options of the process. */
export interface ServeInput {
  /** None in a worker: it answers /livez and /readyz alone. */
  readonly routes: readonly Route[];
  /** Of what is asked of these routes. */
  readonly latencies: Latencies;
  readonly pools: Pools;
  readonly publicUrl: () => string;
  readonly stack: AsyncDisposableStack;
  readonly closing: AbortController;
}

/** Puts the API, the logins, the dashboard and the reference onto one port and listens. */
export async function serve(options: ServiceOptions, input: ServeInput): Promise<FastifyInstance> {
  const { config, clock, log } = options;
  const { routes, publicUrl, stack, closing } = input;
  const { durable, relaxed } = input.pools;
  let draining = false;
  const app = createHttpServer({
    log,
    publicUrl,
    trustProxyHops: config.trustProxyHops,
    isDraining: () => draining,
  });
  input.latencies.watch(app);
  const idempotency = createIdempotency(durable, clock);
  const chores = [
    startChore('purge keys', 600_000, log, () => idempotency.purge()),
    startChore('purge logins', 3_600_000, log, () => deleteOldLogins(durable)),
  ];
  const secret = loginSecret(createSecrets(options.authSecret));
  const authenticator = createAuthenticator({
    db: durable,
    clock,
    log,
    adminKey: options.adminKey,
  });
  const sessions = createSessionAuthenticator({
    db: durable,
    clock,
    secret,
    secondFactorRequired: config.adminSecondFactorRequired,
  });
  const rateLimiter = await openRateLimiter({ db: relaxed, redisUrl: config.redisUrl, log });
  const addressLimit = {
    rateLimiter,
    addressRequestsPerMinuteMax: config.addressRequestsPerMinuteMax,
  };
  const common = { db: durable, clock, log, sessions, publicUrl, ...addressLimit };
  registerRoutes(app, routes, {
    ...common,
    authenticator,
    idempotency,
    rolesOf,
    workspaceExists: (id) => organizationExists(durable, id),
  });
  if (routes.length > 0) registerAuth(app, { ...common, secret, signUp: config.signUp });
  const dashboard = join(config.rootPath, 'packages/dashboard/dist');
  const facts = { billingMode: options.billing?.mode ?? 'off' };
  if (routes.length > 0) registerDashboard(app, dashboard, facts);
  registerReference(app, routes, {
    isReady: async () => !draining && (await isAnswering(durable)),
  });
  stack.defer(() => rateLimiter.close());
  stack.defer(() => authenticator.close());
  stack.defer(async () => {
    await Promise.all(chores.map((chore) => chore.stop()));
  });
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
