import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { limitAddress, pathOf, type AddressLimit } from '../http/guard.ts';
import type { MemberCaller, SessionAuthenticator } from '../http/ports.ts';
import { isSameOrigin, refuseForeignOrigin } from '../http/same-origin.ts';
import { parseInput } from '../http/validation.ts';
import { beginAttempt, type Attempt } from './attempts.ts';
import { createAuth, type Auth } from './auth.ts';
import { authPaths, type AuthPath } from './auth-paths.ts';
import { toAuthError } from './auth-errors.ts';
import { send, toPost, toWebRequest } from './auth-wire.ts';
import { askForTakenEmail } from './change-email.ts';
import { claimLogin } from './claim-login.ts';
import { confirmAddress } from './confirm-address.ts';
import { requireFreshSession } from './fresh-session.ts';
import { recordLoginChange } from './login-changes.ts';
import { createLoginDatabase, type LoginDatabase } from './login-database.ts';
import { isRefused, openLink } from './open-link.ts';
import type { authBodies } from './schema.ts';
import { admitSignUp, type SignUpPolicy } from './sign-up-policy.ts';
import { markBrowser } from './sign-up-mark.ts';
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
  const db = createLoginDatabase(deps.db);
  let parts: Parts | undefined;
  app.route({
    method: ['GET', 'POST'],
    url: `${base}/*`,
    onRequest: (request, reply) => limitAddress(deps, request, reply),
    handler: async (request, reply) => {
      const publicUrl = deps.publicUrl();
      parts ??= { deps, db, auth: createAuth({ ...deps, db, publicUrl }) };
      return answer(parts, request, reply);
    },
  });
}

interface Parts {
  readonly deps: AuthBridgeDeps;
  /** What better-auth works on. */
  readonly db: LoginDatabase;
  readonly auth: Auth;
}

async function answer(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { deps, auth } = parts;
  const name = pathOf(request).slice(base.length);
  const path = Object.hasOwn(authPaths, name) ? authPaths[name] : undefined;
  if (path === undefined || path.method !== request.method) throw notFound('login route');
  const caller = await authorize(path, deps, request);
  const body = path.body === undefined ? undefined : parseInput(path.body, 'body', request.body);
  const attempt = await countAttempt(path, deps, request, body, caller);
  if (name === '/confirm-address') {
    const confirmed = await confirm(parts, request, body as z.infer<typeof authBodies.confirm>);
    await attempt?.forgive();
    return send(reply, confirmed);
  }
  const signUp = name === '/sign-up/email' ? (body as z.infer<typeof authBodies.signUp>) : null;
  const invited = signUp !== null && (await admitSignUp(deps.db, deps.signUp, signUp));
  if (signUp !== null && invited) await claimLogin({ ...deps, requestId: request.id }, signUp);
  const action = await actionOf(path, deps, caller);
  const handle = () => auth.handler(toWebRequest(request, deps.publicUrl(), { body, invited }));
  if (name === '/verify-email') {
    return send(reply, await followLink(parts, request, caller?.userId ?? null, handle));
  }
  const isWhole = path.audited !== undefined || path.whole === true;
  const [response] = await Promise.all([
    isWhole ? change(parts, request, { caller, action }, handle) : handle(),
    path.attempt?.kind === 'mail' ? new Promise((done) => setTimeout(done, evenMs)) : undefined,
  ]);
  const refusal = response.status >= 400 ? await toAuthError(response) : null;
  if ((signUp !== null && !invited) || refusal?.details['reason'] === 'EMAIL_NOT_VERIFIED') {
    const mark = await markBrowser(deps, body as Named);
    reply.header('set-cookie', mark);
  }
  if (refusal !== null) throw refusal;
  if (path.attempt?.kind === 'password') await attempt?.forgive();
  return send(reply, response);
}

type Named = z.infer<typeof authBodies.signIn>;

/** A change of a login, with its record. */
async function change(
  { deps, db }: Parts,
  request: FastifyRequest,
  { caller, action }: { caller: MemberCaller | null; action: string | null },
  handle: () => Promise<Response>,
): Promise<Response> {
  return db.whole(async () => {
    const response = await handle();
    if (response.status >= 400 || action === null || caller === null) return response;
    const ctx = { ...deps, db, requestId: request.id };
    if (action === 'user.email_change_requested') {
      const asked = request.body as z.infer<typeof authBodies.changeEmail>;
      const login = { secret: deps.secret, publicUrl: deps.publicUrl() };
      const actor = { kind: 'system', id: 'login' } as const;
      await askForTakenEmail({ ...ctx, actor }, login, caller.userId, asked);
    }
    await recordLoginChange(ctx, caller.userId, action);
    return response;
  });
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
  { deps, db }: Parts,
  request: FastifyRequest,
  signedIn: string | null,
  handle: () => Promise<Response>,
): Promise<Response> {
  const ctx = { ...deps, db, requestId: request.id };
  const response = await openLink(deps, request, signedIn, (link) =>
    link.purpose !== 'change'
      ? handle()
      : db.whole(async () => {
          const reply = await handle();
          if (!isRefused(reply)) await recordLoginChange(ctx, link.userId, 'user.email_changed');
          return reply;
        }),
  );
  if (response.status >= 400) throw await toAuthError(response);
  return response;
}

/** Signs in by the password that was just chosen. */
async function confirm(
  { deps, auth }: Parts,
  request: FastifyRequest,
  body: z.infer<typeof authBodies.confirm>,
): Promise<Response> {
  const email = await confirmAddress({ ...deps, requestId: request.id }, body);
  const credentials = { email, password: body.newPassword };
  const url = `${deps.publicUrl()}${base}/sign-in/email`;
  const response = await auth.handler(toPost(request, url, credentials));
  if (response.status >= 400) throw await toAuthError(response);
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
