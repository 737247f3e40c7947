import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Log, PlatformContext } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { limitAddress, pathOf, type AddressLimit } from '../http/guard.ts';
import type { MemberCaller, SessionAuthenticator } from '../http/ports.ts';
import { isSameOrigin, refuseForeignOrigin } from '../http/same-origin.ts';
import { parseInput } from '../http/validation.ts';
import { beginAttempt, type Attempt } from './attempts.ts';
import { addressHeader, createAuth, invitedHeader, requestIdHeader, type Auth } from './auth.ts';
import { authPaths, type AuthPath } from './auth-paths.ts';
import { toAuthError } from './auth-errors.ts';
import { askForTakenEmail } from './change-email.ts';
import { claimLogin } from './claim-login.ts';
import { requireFreshSession } from './fresh-session.ts';
import { recordLoginChange } from './login-changes.ts';
import { openLink } from './open-link.ts';
import type { authBodies } from './schema.ts';
import { admitSignUp, type SignUpPolicy } from './sign-up-policy.ts';
import { findUser } from './sql.ts';

export interface AuthBridgeDeps extends AddressLimit {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: string;
  readonly sessions: SessionAuthenticator;
  readonly signUp: SignUpPolicy;
  /** Known once the server listens. */
  publicUrl(): string;
}

const base = '/api/auth';
/** Answers that could tell by their time whether there is such an account take at least this long. */
const evenMs = 400;

/** Puts better-auth's routes that we offer (auth-paths.ts) onto the server, behind our own rules. */
export function registerAuth(app: FastifyInstance, deps: AuthBridgeDeps): void {
  let auth: Auth | undefined;
  app.route({
    method: ['GET', 'POST'],
    url: `${base}/*`,
    onRequest: (request, reply) => limitAddress(deps, request, reply),
    handler: async (request, reply) => {
      auth ??= createAuth({ ...deps, publicUrl: deps.publicUrl() });
      return answer(auth, deps, request, reply);
    },
  });
}

async function answer(
  auth: Auth,
  deps: AuthBridgeDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const name = pathOf(request).slice(base.length);
  const path = Object.hasOwn(authPaths, name) ? authPaths[name] : undefined;
  if (path === undefined || path.method !== request.method) throw notFound('login route');
  const caller = await authorize(path, deps, request);
  const body = path.body === undefined ? undefined : parseInput(path.body, 'body', request.body);
  const attempt = await countAttempt(path, deps, request, body, caller);
  const signUp = name === '/sign-up/email' ? (body as z.infer<typeof authBodies.signUp>) : null;
  const invited = signUp !== null && (await admitSignUp(deps.db, deps.signUp, signUp));
  const ctx = { ...deps, requestId: request.id };
  if (signUp !== null && invited) await claimLogin(ctx, signUp);
  const action = await actionOf(path, deps, caller);
  const handle = () => auth.handler(toWebRequest(request, deps.publicUrl(), { body, invited }));
  if (name === '/verify-email') return send(reply, await followLink(deps, request, handle));
  const [response] = await Promise.all([
    name === '/change-email' && caller !== null
      ? changeEmail(deps, request, caller.userId, handle)
      : handle(),
    path.attempt?.kind === 'mail' ? new Promise((done) => setTimeout(done, evenMs)) : undefined,
  ]);
  if (response.status >= 400) throw await toAuthError(response);
  if (path.attempt?.kind === 'password') await attempt?.forgive();
  if (action !== null && caller !== null) await recordChange(ctx, caller.userId, action);
  return send(reply, response);
}

async function changeEmail(
  deps: AuthBridgeDeps,
  { id: requestId, body }: FastifyRequest,
  userId: string,
  handle: () => Promise<Response>,
): Promise<Response> {
  const response = await handle();
  if (response.status >= 400) return response;
  const ctx = { ...deps, requestId, actor: { kind: 'system', id: 'login' } as const };
  const login = { secret: deps.secret, publicUrl: deps.publicUrl() };
  await askForTakenEmail(ctx, login, userId, body as z.infer<typeof authBodies.changeEmail>);
  return response;
}

/** It is done by now: whoever did it gets the answer, with its cookies, whatever comes of the record. */
async function recordChange(
  ctx: Omit<PlatformContext, 'actor'>,
  userId: string,
  action: string,
): Promise<void> {
  try {
    await recordLoginChange(ctx, userId, action);
  } catch (err) {
    ctx.log.error({ err, userId, action }, 'a change of a login was not recorded');
  }
}

/** What is to be written down if it works. */
async function actionOf(
  { audited, enablesSecondFactor }: AuthPath,
  { db }: AuthBridgeDeps,
  caller: MemberCaller | null,
): Promise<string | null> {
  if (audited === undefined || caller === null || enablesSecondFactor !== true) {
    return audited ?? null;
  }
  const [user] = await db.query<{ two_factor_enabled: boolean }>(findUser(caller.userId));
  return user?.two_factor_enabled === false ? audited : null;
}

async function followLink(
  deps: AuthBridgeDeps,
  request: FastifyRequest,
  handle: () => Promise<Response>,
): Promise<Response> {
  const { response, link } = await openLink(deps, request, handle);
  if (response.status >= 400) throw await toAuthError(response);
  if (link?.changesEmail === true) {
    await recordChange({ ...deps, requestId: request.id }, link.userId, 'user.email_changed');
  }
  return response;
}

/** @throws AppError `forbidden` */
async function authorize(
  path: AuthPath,
  deps: AuthBridgeDeps,
  request: FastifyRequest,
): Promise<MemberCaller | null> {
  const { cookie } = request.headers;
  const origin = isSameOrigin(request, deps.publicUrl());
  if (path.method === 'POST' && (origin === false || (origin === null && cookie !== undefined))) {
    refuseForeignOrigin();
  }
  const caller = cookie === undefined ? null : await deps.sessions.authenticate(cookie);
  if (path.superAdminOnly === true && caller?.superAdmin !== 'yes') {
    throw new AppError('forbidden', 'Only the super admin may do this.');
  }
  if (caller !== null && caller.impersonatedBy !== null && path.whileImpersonating !== true) {
    throw new AppError('forbidden', 'Not while you act as somebody else: their login is theirs.');
  }
  if (caller !== null && path.fresh === true) await requireFreshSession(deps.db, caller.sessionId);
  return caller;
}

async function countAttempt(
  { attempt }: AuthPath,
  deps: AuthBridgeDeps,
  request: FastifyRequest,
  body: unknown,
  caller: MemberCaller | null,
): Promise<Attempt | null> {
  if (attempt === undefined) return null;
  const named = attempt.of === 'email' ? (body as { email: string }).email : null;
  const account = attempt.of === 'user' ? (caller?.userId ?? null) : named;
  return beginAttempt(deps.db, deps.secret, attempt.kind, { account, address: request.ip });
}

function toWebRequest(
  request: FastifyRequest,
  publicUrl: string,
  { body, invited }: { body: unknown; invited: boolean },
): Request {
  const headers = new Headers({
    [addressHeader]: request.ip,
    [requestIdHeader]: request.id,
    ...(invited ? { [invitedHeader]: 'yes' } : {}),
  });
  for (const name of ['cookie', 'user-agent'] as const) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  const url = `${publicUrl}${request.url}`;
  if (request.method === 'GET') return new Request(url, { headers });
  headers.set('content-type', 'application/json');
  return new Request(url, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...(body as object | undefined), invitationToken: undefined }),
  });
}

async function send(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  reply.code(response.status).header('cache-control', 'no-store');
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) reply.header('set-cookie', cookies);
  const location = response.headers.get('location');
  if (location !== null) reply.header('location', location);
  const text = await response.text();
  if (text === '') return reply.send();
  return reply.type('application/json; charset=utf-8').send(withoutToken(text));
}

/** The session's token is in a cookie that scripts cannot read; it must not be in a body either. */
function withoutToken(text: string): string {
  const hidden = (name: string, value: unknown) => (name === 'token' ? undefined : value);
  return JSON.stringify(JSON.parse(text, hidden));
}
