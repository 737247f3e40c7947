import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, notFound } from '../errors.ts';
import { addressBlock } from './address.ts';
import { parseIdempotencyKey } from './idempotency.ts';
import type { Claim, Idempotency } from './idempotency.ts';
import type { Authenticator, Caller, RateLimiter } from './ports.ts';
import { rateLimited, setRateLimitHeaders } from './rate-limit.ts';
import type { Route } from './route.ts';
import type { Scope } from './scope.ts';

export interface GuardDeps {
  readonly authenticator: Authenticator;
  readonly rateLimiter: RateLimiter;
  readonly idempotency: Idempotency;
  /** Anonymous and failed requests of one address. */
  readonly addressRequestsPerMinuteMax: number;
  /** For the super admin, whose key says nothing about the workspace in the URL. */
  workspaceExists(organizationId: string): Promise<boolean>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the guard has seen credentials, and on public routes. */
    caller: Caller | null;
    claim: Claim | null;
  }
}

/**
 * All that is decided from a request's headers alone, in the order that the API promises: address
 * limit, 401, 404 for a foreign workspace, 403, the key's rate limit, idempotency.
 */
export async function guard(
  route: Route,
  deps: GuardDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  await admit(route, deps, request, reply);
  // The handler of a raw body has more to look at before it asks for the body.
  const { expect } = request.headers;
  if (expect !== undefined && route.rawBody === undefined) reply.raw.writeContinue();
}

async function admit(
  route: Route,
  deps: GuardDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { access } = route;
  if (access.kind === 'signed') return;
  if (access.kind === 'public') return limitAddress(deps, request, reply);
  const caller = await authenticate(deps, request, reply);
  request.caller = caller;
  const workspaceId = workspaceOf(request);
  if (access.kind === 'workspace') {
    await requireWorkspace(deps, caller, workspaceId);
    requireScope(caller, access.scope);
  } else if (access.kind === 'super_admin') {
    requireSuperAdmin(caller);
  }
  if (caller.kind === 'api_key') await limitKey(deps, caller, reply);
  const key = request.headers['idempotency-key'];
  if (key === undefined || route.method !== 'POST' || route.idempotency === false) return;
  request.claim = await deps.idempotency.claim(
    ownerOf(route, caller, workspaceId),
    parseIdempotencyKey(key),
    `${route.method} ${pathOf(request)}`,
    request.id,
  );
}

/** Counts a request without credentials, and refuses it above the limit. */
async function limitAddress(
  deps: GuardDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const block = addressBlock(request.ip);
  const result = await deps.rateLimiter.consume(block, deps.addressRequestsPerMinuteMax);
  if (result.allowed) return;
  setRateLimitHeaders(reply, 'address', result);
  throw rateLimited('An address', result);
}

async function authenticate(
  deps: GuardDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const caller = await deps.authenticator.authenticate(authorization, { address: request.ip });
    if (caller !== null) return caller;
  }
  await limitAddress(deps, request, reply);
  reply.header('www-authenticate', 'Bearer realm="mutate"');
  throw new AppError(
    'unauthenticated',
    authorization === undefined
      ? 'Send an API key: "Authorization: Bearer mk_live_…".'
      : 'The API key is not valid: unknown, expired, revoked, or not allowed from this address.',
  );
}

/** The same answer for "not yours" and "not there", so that ids cannot be tried out. */
async function requireWorkspace(
  deps: GuardDeps,
  caller: Caller,
  workspaceId: string,
): Promise<void> {
  const isThere =
    caller.kind === 'api_key'
      ? caller.organizationId === workspaceId
      : isPlainText(workspaceId) && (await deps.workspaceExists(workspaceId));
  if (!isThere) throw notFound('workspace');
}

function requireScope(caller: Caller, scope: Scope): void {
  if (caller.kind !== 'api_key' || caller.scopes.includes(scope)) return;
  throw new AppError('forbidden', `The API key lacks the scope ${scope}.`, {
    details: { required_scope: scope },
  });
}

function requireSuperAdmin(caller: Caller): void {
  if (caller.kind === 'super_admin') return;
  throw new AppError('forbidden', 'Only the super admin may do this.');
}

async function limitKey(
  deps: GuardDeps,
  caller: Extract<Caller, { kind: 'api_key' }>,
  reply: FastifyReply,
): Promise<void> {
  const result = await deps.rateLimiter.consume(caller.keyId, caller.rateLimitPerMinute);
  setRateLimitHeaders(reply, 'key', result);
  if (!result.allowed) throw rateLimited('This API key', result);
}

function ownerOf({ access }: Route, caller: Caller, workspaceId: string): string {
  if (access.kind === 'workspace') return workspaceId;
  return caller.kind === 'api_key' ? caller.organizationId : 'platform';
}

function workspaceOf({ params }: FastifyRequest): string {
  const { workspaceId } = params as { workspaceId?: string };
  return workspaceId ?? '';
}

/** Ids are visible ASCII; anything else in a path names nothing (PostgreSQL would refuse U+0000). */
export function isPlainText(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
