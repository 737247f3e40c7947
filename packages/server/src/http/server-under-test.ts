import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { createHttpServer } from './http-server.ts';
import type { HttpServerOptions } from './http-server.ts';
import type { Idempotency } from './idempotency/idempotency.ts';
import { createLog } from './log.ts';
import type { Authenticator, Caller, SessionAuthenticator } from './ports.ts';
import { roles } from './role.ts';
import { createMemoryRateLimiter } from './rate-limit/rate-limit.ts';
import { registerRoutes } from './register-routes.ts';
import type { RouteDeps } from './register-routes.ts';
import type { Route } from './route.ts';

/** For tests of this folder: callers by the word after `Bearer`. */
const callers: Readonly<Record<string, Caller>> = {
  a: keyOf('org_a', 1000),
  b: keyOf('org_b', 1000),
  slow: { ...keyOf('org_a', 3), keyId: 'key_slow' },
  poor: { ...keyOf('org_a', 1000), keyId: 'key_poor', scopes: ['audit:read'] },
  admin: { kind: 'super_admin', id: 'operator' },
};

function keyOf(
  organizationId: string,
  rateLimitPerMinute: number,
): Extract<Caller, { kind: 'api_key' }> {
  return {
    kind: 'api_key',
    keyId: `key_of_${organizationId}`,
    organizationId,
    scopes: ['usage:read', 'conversions:write'],
    rateLimitPerMinute,
  };
}

const authenticator: Authenticator = {
  authenticate: (authorization) =>
    Promise.resolve(callers[authorization.replace('Bearer ', '')] ?? null),
};

/** Members of `org_a` by the cookie `role=…`. */
const sessions: SessionAuthenticator = {
  authenticate: (cookie) => Promise.resolve(memberOf(cookie)),
};

function memberOf(cookie: string): (Caller & { kind: 'member' }) | null {
  const role = roles.find((name) => cookie === `role=${name}`);
  const superAdmin = { 'role=root': 'yes', 'role=half': 'second_factor_missing' }[cookie] ?? 'no';
  if (role === undefined && superAdmin === 'no') return null;
  const membership = { memberId: 'mem_1', role: role ?? 'owner', rateLimitPerMinute: 3 } as const;
  return {
    kind: 'member',
    userId: `usr_${cookie}`,
    sessionId: 'ses_1',
    memberships: new Map(role === undefined ? [] : [['org_a', membership]]),
    superAdmin: superAdmin as 'no',
    impersonatedBy: null,
  };
}

/** A test that uses no database has none, and would show it here. */
const noDatabase: Database = {
  query: () => Promise.reject(new Error('this test has no database')),
  transaction: () => Promise.reject(new Error('this test has no database')),
};

const noIdempotency: Idempotency = {
  claim: () => Promise.reject(new Error('this test has no idempotency keys')),
  purge: () => Promise.resolve(0),
  close: () => undefined,
};

/** A server with the given routes, two workspaces and the callers above. */
export function createServerUnderTest(
  routes: readonly Route[],
  deps: Partial<RouteDeps> = {},
  options: Partial<HttpServerOptions> = {},
): FastifyInstance {
  const app = createHttpServer({
    log: createLog('silent'),
    publicUrl: () => 'https://mutate.test',
    trustProxyHops: 0,
    isDraining: () => false,
    ...options,
  });
  registerRoutes(app, routes, {
    db: noDatabase,
    clock: systemClock,
    authenticator,
    rateLimiter: createMemoryRateLimiter(),
    idempotency: noIdempotency,
    addressRequestsPerMinuteMax: 1000,
    sessions,
    rolesOf: () => ['owner', 'admin'],
    publicUrl: () => 'https://mutate.test',
    workspaceExists: (id) => Promise.resolve(id === 'org_a' || id === 'org_b'),
    ...deps,
  });
  return app;
}

/** Listens on a free port of the loopback; answers the port. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}
