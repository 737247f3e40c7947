import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Actor, Context, PlatformContext } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { guard, isPlainText } from './guard.ts';
import type { GuardDeps } from './guard.ts';
import { canonicalJson, fingerprintOf } from './idempotency/idempotency.ts';
import type { EarlierChange, FreshClaim, StoredReply } from './idempotency/idempotency.ts';
import type { Caller } from './ports.ts';
import { RequestLog } from './request-log.ts';
import type { HandlerInput, Route } from './route.ts';
import { parseInput } from './validation.ts';

export interface RouteDeps extends GuardDeps {
  readonly db: Database;
  readonly clock: Clock;
}

/**
 * Puts routes onto a server made by `createHttpServer`. A mistake in a route's definition throws
 * here, at the start of the process.
 */
export function registerRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  deps: RouteDeps,
): void {
  for (const route of routes) {
    checkDefinition(route);
    if (route.rawBody === undefined) addRoute(app, route, deps);
  }
  const raw = routes.filter((route) => route.rawBody !== undefined);
  if (raw.length === 0) return;
  // A scope of its own, in which every content type leaves the body to the handler.
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    for (const route of raw) addRoute(scope, route, deps);
    done();
  });
}

function checkDefinition(route: Route): void {
  const isWorkspaceUrl = route.url.includes('/:workspaceId');
  if (
    isWorkspaceUrl !== (route.access.kind === 'workspace') &&
    route.access.kind !== 'super_admin'
  ) {
    throw new Error(`${route.url}: access "workspace" and ":workspaceId" belong together.`);
  }
  if (route.secretMember !== undefined && route.method !== 'POST') {
    throw new Error(`${route.url}: only a POST can show a secret.`);
  }
}

function addRoute(app: FastifyInstance, route: Route, deps: RouteDeps): void {
  const successStatus = Math.min(...Object.keys(route.responses).map(Number));
  app.route({
    method: route.method,
    url: route.url,
    onRequest: (request, reply) => guard(route, deps, request, reply),
    handler: async (request, reply) => {
      const input = toInput(route, deps, request, reply);
      const { claim } = request;
      if (claim === null || route.idempotency === 'manual') {
        return send(reply, await route.handler(input), successStatus);
      }
      return answerOnce(route, input, successStatus);
    },
  });
}

function toInput(
  route: Route,
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): HandlerInput {
  const params = request.params as Readonly<Record<string, string>>;
  for (const name in params) {
    if (!isPlainText(params[name] ?? '')) throw notFound('object');
  }
  return {
    ctx: toContext(deps, request, params.workspaceId),
    params: route.params === undefined ? params : parseInput(route.params, 'params', params),
    query: route.query === undefined ? undefined : parseInput(route.query, 'query', request.query),
    headers:
      route.headers === undefined
        ? undefined
        : parseInput(route.headers, 'headers', request.headers),
    body: route.body === undefined ? undefined : parseInput(route.body, 'body', request.body),
    caller: request.caller,
    claim: request.claim,
    request,
    reply,
  };
}

function toContext(
  deps: RouteDeps,
  request: FastifyRequest,
  organizationId: string | undefined,
): Context {
  const platform: PlatformContext = {
    db: deps.db,
    clock: deps.clock,
    log: new RequestLog(request.log, request.id),
    actor: actorOf(request.caller, organizationId),
    requestId: request.id,
  };
  // Routes without a workspace are typed to see a PlatformContext only.
  return organizationId === undefined
    ? (platform as Context)
    : { ...platform, organization: { id: organizationId } };
}

const anonymous: Actor = { kind: 'system', id: 'anonymous' };

function actorOf(caller: Caller | null, organizationId: string | undefined): Actor {
  if (caller === null) return anonymous;
  if (caller.kind === 'api_key') {
    return { kind: 'api_key', id: caller.keyId, scopes: caller.scopes };
  }
  if (caller.kind === 'super_admin') return { kind: 'super_admin', id: caller.id };
  const { userId: id, impersonatedBy } = caller;
  const superAdmin = caller.superAdmin === 'yes';
  const membership = caller.memberships.get(organizationId ?? '');
  const { role = null, memberId = null } = membership ?? {};
  // Where they are no member the guard has let them in as the super admin.
  return role === null && superAdmin
    ? { kind: 'super_admin', id }
    : { kind: 'member', id, role, memberId, impersonatedBy, superAdmin };
}

function send(reply: FastifyReply, answer: unknown, successStatus: number): unknown {
  // A reply that an async handler returns was awaited on the way: what comes out is undefined.
  // A client that has gone in mid-download leaves one that is neither sent nor can be.
  if (answer === reply || reply.sent || reply.raw.headersSent) return reply;
  setStatus(reply, answer, successStatus);
  // An async handler that gives undefined would leave the request open.
  return answer === null || answer === undefined ? reply.send() : answer;
}

function setStatus(reply: FastifyReply, answer: unknown, successStatus: number): void {
  if (reply.statusCode === 200) reply.code(answer === null ? 204 : successStatus);
}

/** A JSON route under an idempotency key: the stored reply, or the handler's, stored. */
async function answerOnce(
  route: Route,
  input: HandlerInput,
  successStatus: number,
): Promise<unknown> {
  const { claim, request, reply } = input;
  if (claim === null) throw new Error('answerOnce needs a claim');
  const fingerprint = fingerprintOf(route.method, request.url, canonicalJson(request.body));
  if (claim.kind === 'stored') return sendStored(reply, claim.replay(fingerprint));
  await claim.settle(fingerprint);
  const change = await claim.findEarlierChange();
  if (change !== null) throw carriedOut(change);
  const answer = await route.handler(input);
  if (reply.sent) throw new Error(`${route.operationId} cannot be replayed`);
  setStatus(reply, answer, successStatus);
  await keep(claim, route, reply, answer);
  return send(reply, answer, successStatus);
}

/**
 * The server that had the request is gone, after the change and before its answer was kept. The
 * answer cannot be given any more (it may have held a secret), and a second object must not be.
 */
function carriedOut({ request_id: requestId, ...target }: EarlierChange): AppError {
  const message =
    'An earlier request with this Idempotency-Key was carried out and its answer is lost: look at ' +
    `the ${target.target_kind} ${target.target_id}, or send a new key to make another.`;
  return new AppError('conflict', message, { details: { ...target, carried_out_by: requestId } });
}

async function keep(claim: FreshClaim, route: Route, reply: FastifyReply, answer: unknown) {
  const { secretMember } = route;
  const kept =
    secretMember === undefined || typeof answer !== 'object' || answer === null
      ? answer
      : { ...answer, [secretMember]: undefined };
  await claim.finish({
    status: reply.statusCode,
    headers: keptHeaders(reply),
    body: kept === null ? '' : JSON.stringify(kept),
  });
}

const keptHeaderNames = ['location', 'retry-after', 'content-type', 'job-id'];

/** The headers of a reply that belong to its content, for a stored reply. */
export function keptHeaders(reply: FastifyReply): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of keptHeaderNames) {
    const value = reply.getHeader(name);
    if (value !== undefined) kept[name] = String(value);
  }
  return kept;
}

/** Answers what the first request with this idempotency key was answered. */
export function sendStored(reply: FastifyReply, stored: StoredReply): FastifyReply {
  reply.code(stored.status).headers(stored.headers).header('idempotent-replayed', 'true');
  if (stored.body !== '' && stored.headers['content-type'] === undefined) {
    reply.header('content-type', 'application/json; charset=utf-8');
  }
  return reply.send(stored.body === '' ? undefined : stored.body);
}
