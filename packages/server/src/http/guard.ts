import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, notFound } from '../errors.ts';
import { addressBlock } from './address.ts';
import { parseIdempotencyKey } from './idempotency/idempotency.ts';
import type { Claim, Idempotency } from './idempotency/idempotency.ts';
import type {
  Authenticator,
  Caller,
  MemberCaller,
  RateLimiter,
  RateLimitResult,
  SessionAuthenticator,
} from './ports.ts';
import { rateLimited, setRateLimitHeaders } from './rate-limit/rate-limit.ts';
import type { Route } from './route.ts';
import { isSameOrigin, refuseForeignOrigin } from './same-origin.ts';
import type { Role } from './role.ts';

export interface AddressLimit {
  readonly rateLimiter: RateLimiter;
  /** Anonymous and failed requests of one address. */
  readonly addressRequestsPerMinuteMax: number;
}

export interface GuardDeps extends AddressLimit {
  readonly authenticator: Authenticator;
  readonly sessions: SessionAuthenticator;
  readonly idempotency: Idempotency;
  /** The roles whose members may call a route of a workspace; none unless the matrix has it. */
  rolesOf(operationId: string): readonly Role[];
  /** Without a slash at its end. */
  publicUrl(): string;
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
    requirePermission(route, deps, caller, workspaceId);
  } else if (access.kind === 'super_admin') {
    requireSuperAdmin(caller);
  }
  await limitCaller(deps, caller, workspaceId, reply);
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
export async function limitAddress(
  deps: AddressLimit,
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
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const caller = await deps.authenticator.authenticate(authorization, { address: request.ip });
    if (caller !== null) return caller;
  } else if (cookie !== undefined) {
    const caller = await findMember(deps, cookie, workspaceOf(request));
    if (caller !== null) return fromOwnPage(deps, request, caller);
  }
  await limitAddress(deps, request, reply);
  reply.header('www-authenticate', 'Bearer realm="mutate"');
  throw new AppError(
    'unauthenticated',
    authorization === undefined
      ? 'Send an API key ("Authorization: Bearer mk_live_…"), or sign in.'
      : 'The API key is not valid: unknown, expired, revoked, or not allowed from this address.',
  );
}

/** Who has joined, or made, the workspace a moment ago is in it at once. */
async function findMember(
  { sessions }: GuardDeps,
  cookie: string,
  workspaceId: string,
): Promise<MemberCaller | null> {
  const caller = await sessions.authenticate(cookie);
  const isKnown = workspaceId === '' || caller?.memberships.has(workspaceId) !== false;
  return isKnown || caller?.superAdmin === 'yes' ? caller : sessions.authenticate(cookie, true);
}

/** A browser sends the cookie with whatever page asks for it; only ours may change something. */
function fromOwnPage(deps: GuardDeps, request: FastifyRequest, caller: MemberCaller): MemberCaller {
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  if (!isSafe && isSameOrigin(request, deps.publicUrl()) !== true) refuseForeignOrigin();
  return caller;
}

/** The same answer for "not yours" and "not there", so that ids cannot be tried out. */
async function requireWorkspace(
  deps: GuardDeps,
  caller: Caller,
  workspaceId: string,
): Promise<void> {
  if (!(await maySee(deps, caller, workspaceId))) throw notFound('workspace');
}

async function maySee(deps: GuardDeps, caller: Caller, workspaceId: string): Promise<boolean> {
  if (caller.kind === 'api_key') return caller.organizationId === workspaceId;
  if (caller.kind === 'member') {
    if (caller.memberships.has(workspaceId)) return true;
    if (caller.superAdmin !== 'yes') return false;
  }
  return isPlainText(workspaceId) && (await deps.workspaceExists(workspaceId));
}

/** A key needs the scope, a member one of the roles; the super admin may do everything. */
function requirePermission(
  { access, operationId }: Route,
  deps: GuardDeps,
  caller: Caller,
  workspaceId: string,
): void {
  if (access.kind !== 'workspace' || isSuperAdmin(caller)) return;
  if (caller.kind === 'api_key') {
    if (caller.scopes.includes(access.scope)) return;
    throw new AppError('forbidden', `The API key lacks the scope ${access.scope}.`, {
      details: { required_scope: access.scope },
    });
  }
  const allowed = deps.rolesOf(operationId);
  const role = caller.kind === 'member' ? caller.memberships.get(workspaceId)?.role : undefined;
  if (role !== undefined && allowed.includes(role)) return;
  throw new AppError('forbidden', `This needs one of the roles ${allowed.join(', ')}.`, {
    details: { required_roles: allowed },
  });
}

function isSuperAdmin(caller: Caller): boolean {
  return caller.kind === 'super_admin' || (caller.kind === 'member' && caller.superAdmin === 'yes');
}

function requireSuperAdmin(caller: Caller): void {
  if (isSuperAdmin(caller)) return;
  const isLocked = caller.kind === 'member' && caller.superAdmin === 'second_factor_missing';
  throw new AppError(
    'forbidden',
    isLocked
      ? 'The super admin needs a second factor here: set one up, or sign in with it.'
      : 'Only the super admin may do this.',
    isLocked ? { details: { reason: 'second_factor_missing' } } : {},
  );
}

/** Of a member outside of any workspace, a minute. */
const memberRequestsPerMinuteMax = 600;

async function limitCaller(
  deps: GuardDeps,
  caller: Caller,
  workspaceId: string,
  reply: FastifyReply,
): Promise<void> {
  if (caller.kind === 'api_key') {
    const result = await deps.rateLimiter.consume(caller.keyId, caller.rateLimitPerMinute);
    limit(reply, 'key', 'This API key', result);
  } else if (caller.kind === 'member') {
    const perMinute =
      caller.memberships.get(workspaceId)?.rateLimitPerMinute ?? memberRequestsPerMinuteMax;
    const result = await deps.rateLimiter.consume(`${caller.userId} ${workspaceId}`, perMinute);
    limit(reply, 'member', 'A member', result);
  }
}

function limit(reply: FastifyReply, policy: string, whose: string, result: RateLimitResult): void {
  setRateLimitHeaders(reply, policy, result);
  if (!result.allowed) throw rateLimited(whose, result);
}

function ownerOf({ access }: Route, caller: Caller, workspaceId: string): string {
  if (access.kind === 'workspace') return workspaceId;
  if (caller.kind === 'member') return caller.userId;
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

/** The path for logs and replies: a link's token is left out. */
export function shownPathOf(request: FastifyRequest): string {
  const { token } = (request.params ?? {}) as { token?: string };
  const path = pathOf(request);
  return token === undefined ? path : path.replace(encodeURIComponent(token), ':token');
}
