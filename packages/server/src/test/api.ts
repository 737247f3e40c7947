import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { expectWire } from '../http/expect-wire.ts';
import { createHttpServer } from '../http/http-server.ts';
import { createIdempotency } from '../http/idempotency/idempotency.ts';
import { createLog } from '../http/log.ts';
import { createMemoryRateLimiter } from '../http/rate-limit/rate-limit.ts';
import { registerRoutes } from '../http/register-routes.ts';
import { rolesOf } from '../http/reference/role-matrix.ts';
import type { Method, Route } from '../http/route.ts';
import { createAuthenticator } from '../organizations/authenticator.ts';
import { organizationExists } from '../organizations/organizations.ts';
import { quietLog } from './server.ts';

const adminKey = 'mk_admin_of_the_tests';

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
  /** What the log has on a failure of ours: the reply does not tell. */
  readonly fault?: string;
}

export interface TestApi {
  /**
   * Sends a request, e.g. `call('GET /v1/plans')`, and holds the reply against what its route
   * promises. `as` is an API key, null for nobody, and the operator unless said otherwise.
   */
  call(
    request: `${Method} ${string}`,
    options?: { as?: string | null; body?: unknown; headers?: Record<string, string> },
  ): Promise<ApiReply>;
  readonly app: FastifyInstance;
  close(): Promise<void>;
}

/** The routes given, behind the real server, authenticator and idempotency. */
export function createTestApi(db: Database, clock: Clock, routes: readonly Route[]): TestApi {
  const faults = new Map<unknown, string>();
  const app = createHttpServer({
    log: createLog('error', { write: (line) => keepFault(faults, line) }),
    publicUrl: () => 'https://mutate.test',
    trustProxyHops: 0,
    isDraining: () => false,
  });
  const authenticator = createAuthenticator({ db, adminKey, clock, log: quietLog });
  const idempotency = createIdempotency(db, clock);
  registerRoutes(app, routes, {
    db,
    clock,
    authenticator,
    idempotency,
    rateLimiter: createMemoryRateLimiter(),
    addressRequestsPerMinuteMax: 1_000_000,
    sessions: { authenticate: () => Promise.resolve(null) },
    rolesOf,
    publicUrl: () => 'https://mutate.test',
    workspaceExists: (id) => organizationExists(db, id),
  });
  return {
    app,
    call: async (request, { as = adminKey, body, headers = {} } = {}) => {
      const [method, url] = request.split(' ') as [Method, string];
      const reply = await app.inject({
        method,
        url,
        headers: { ...(as === null ? {} : { authorization: `Bearer ${as}` }), ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const route = routes.find((candidate) => isFor(candidate, method, url));
      if (route !== undefined) expectWire(route, reply);
      const answer: Record<string, unknown> = reply.body === '' ? {} : reply.json();
      const fault = faults.get(answer['request_id']);
      faults.delete(answer['request_id']);
      return {
        status: reply.statusCode,
        headers: reply.headers,
        body: answer,
        ...(fault === undefined ? {} : { fault }),
      };
    },
    close: async () => {
      await app.close();
      idempotency.close();
      await authenticator.close();
    },
  };
}

function keepFault(faults: Map<unknown, string>, line: string): void {
  const { request_id: id, err } = JSON.parse(line) as { request_id?: string; err?: object };
  faults.set(id, JSON.stringify(err));
}

function isFor(route: Route, method: Method, url: string): boolean {
  const pattern = route.url.replaceAll(/:\w+/g, '[^/]+');
  return route.method === method && new RegExp(`^${pattern}(\\?|$)`).test(url);
}
