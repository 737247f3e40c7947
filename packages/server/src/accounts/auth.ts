import { betterAuth } from 'better-auth/minimal';
import { admin } from 'better-auth/plugins/admin';
import { twoFactor } from 'better-auth/plugins/two-factor';
import type { Clock } from '../clock.ts';
import type { Actor, Log, PlatformContext } from '../context.ts';
import { newId } from '../ids.ts';
import { createAuthDatabase } from './auth-database.ts';
import { auditImpersonation } from './impersonation.ts';
import { recordLoginChange } from './login-changes.ts';
import type { LoginDatabase } from './login-database.ts';
import { announceLink, resetSeconds, verificationSeconds } from './mails.ts';
import { hashPassword, passwordLength, verifyPassword } from './password.ts';
import { proveUserById } from './sql.ts';
import { ensureOwnWorkspace } from './own-workspace.ts';

export interface AuthDeps {
  readonly db: LoginDatabase;
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: string;
  /** Without a slash at its end. */
  readonly publicUrl: string;
}

/** Headers that the bridge sets on every request, whatever the client sent. */
export const addressHeader = 'mutate-client-address';
export const requestIdHeader = 'mutate-request-id';
/** Who signs up holds the link of an invitation to the address. */
export const invitedHeader = 'mutate-invited';

const day = 24 * 3600;
/** A super admin acts as somebody else for that long at most. */
const impersonationSeconds = 1800;

export interface Auth {
  handler(request: Request): Promise<Response>;
}

/** Logins by better-auth, on our tables (migration 0027), with our ids and our mails. */
export function createAuth(deps: AuthDeps): Auth {
  const { db, secret, publicUrl } = deps;
  return betterAuth({
    appName: 'Mutate',
    baseURL: publicUrl,
    basePath: '/api/auth',
    secret,
    database: createAuthDatabase(db),
    telemetry: { enabled: false },
    logger: { level: 'error', log: (_level, message) => deps.log.error({}, `login: ${message}`) },
    // What is no refusal is logged and answered like any other failure of ours.
    onAPIError: { throw: true },
    // Ours count for all processes, by account and by address: attempts.ts.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: 'mutate',
      useSecureCookies: publicUrl.startsWith('https:'),
      database: { generateId: ({ model }) => newId(prefixOf(model), Date.now()) },
      ipAddress: { ipAddressHeaders: [addressHeader] },
      // The bridge has looked at it: same-origin.ts.
      disableCSRFCheck: true,
    },
    ...tables,
    user: { ...tables.user, changeEmail: changeEmailOf(deps) },
    ...mailsOf(deps),
    databaseHooks: { session: sessionHooks(deps), user: { create: { before: proveInvited } } },
    plugins: [
      admin({
        adminRoles: ['admin'],
        impersonationSessionDuration: impersonationSeconds,
        bannedUserMessage: 'This account is closed. Ask the operator of this server.',
        schema: {
          user: { fields: { banReason: 'ban_reason', banExpires: 'ban_expires' } },
          session: { fields: { impersonatedBy: 'impersonated_by' } },
        },
      }),
      twoFactor({
        issuer: 'Mutate',
        schema: {
          user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
          twoFactor: { modelName: 'two_factor', fields: twoFactorFields },
        },
      }),
    ],
  });
}

function prefixOf(model: string) {
  if (model === 'user') return 'usr';
  return model === 'session' ? 'ses' : 'acc';
}

const times = { createdAt: 'created_at', updatedAt: 'updated_at' };
const twoFactorFields = {
  backupCodes: 'backup_codes',
  userId: 'user_id',
  failedVerificationCount: 'failed_verification_count',
  lockedUntil: 'locked_until',
};

const tables = {
  user: {
    fields: { emailVerified: 'email_verified', ...times },
  },
  session: {
    expiresIn: 14 * day,
    updateAge: day,
    fields: {
      userId: 'user_id',
      token: 'token_hash',
      expiresAt: 'expires_at',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
      ...times,
    },
    additionalFields: {
      twoFactorPassed: {
        type: 'boolean',
        required: false,
        defaultValue: false,
        input: false,
        fieldName: 'two_factor_passed',
      },
    },
  },
  account: {
    fields: {
      accountId: 'account_id',
      providerId: 'provider_id',
      userId: 'user_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
      ...times,
    },
  },
  verification: { storeIdentifier: 'hashed', fields: { expiresAt: 'expires_at', ...times } },
} as const;

function mailsOf(deps: AuthDeps) {
  const { db, clock, publicUrl } = deps;
  const ctx = contextOf(deps, { kind: 'system', id: 'login' });
  return {
    emailAndPassword: {
      enabled: true,
      // Who signs up must read the address's mail; so sign-up can answer the same for all addresses.
      requireEmailVerification: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
      password: {
        hash: hashPassword,
        verify: ({ hash, password }: { hash: string; password: string }) =>
          verifyPassword(hash, password),
      },
      resetPasswordTokenExpiresIn: resetSeconds,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: ({ user, token }: LinkFor) =>
        announceLink(ctx, 'auth.password_reset', user, {
          url: `${publicUrl}/reset-password?token=${token}`,
          token,
        }),
      onPasswordReset: async ({ user }: { user: User }, request?: Request) => {
        // The link came by mail: the address is theirs.
        const verified = await db.query(proveUserById(user.id, clock.now()));
        if (verified.length > 0) await ensureOwnWorkspace(ctx, user);
        const requestId = request?.headers.get(requestIdHeader) ?? ctx.requestId;
        const record = { ...ctx, requestId };
        await db.atEnd(() => recordLoginChange(record, user.id, 'user.password_reset'));
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      autoSignInAfterVerification: true,
      expiresIn: verificationSeconds,
      sendVerificationEmail: async ({ user, url, token }: LinkFor, request?: Request) => {
        if (request?.headers.get(invitedHeader) === 'yes') return;
        await announceLink(ctx, 'auth.email_verification', user, { url, token });
      },
      afterEmailVerification: (user: User) => ensureOwnWorkspace(ctx, user),
    },
  };
}

/** The address before is asked first: whoever reads it would lose the account. */
function changeEmailOf(deps: AuthDeps) {
  const ctx = contextOf(deps, { kind: 'system', id: 'login' });
  return {
    enabled: true,
    sendChangeEmailConfirmation: ({ user, ...link }: LinkFor & { newEmail: string }) =>
      announceLink(ctx, 'auth.email_change', user, link),
  };
}

interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

interface LinkFor {
  readonly user: User;
  readonly url: string;
  readonly token: string;
}

function contextOf({ db, clock, log }: AuthDeps, actor: Actor, requestId?: string | null) {
  const ctx: PlatformContext = {
    db,
    clock,
    log,
    actor,
    requestId: requestId ?? newId('req', Date.now()),
  };
  return ctx;
}

interface HookContext {
  readonly path?: string;
  readonly headers?: Headers | undefined;
  readonly context: { readonly session: { session: Record<string, unknown> } | null };
}

async function proveInvited<Fields extends object>(user: Fields, hook: HookContext | null) {
  const isInvited = hook?.headers?.get(invitedHeader) === 'yes';
  return { data: isInvited ? { ...user, emailVerified: true } : user };
}

const secondFactorPaths = ['/two-factor/verify-totp', '/two-factor/verify-backup-code'];

function sessionHooks(deps: AuthDeps) {
  const audit = (
    action: 'started' | 'ended',
    session: Record<string, unknown>,
    hook: HookContext | null,
  ) => {
    const { impersonatedBy, userId } = session;
    if (typeof impersonatedBy !== 'string' || typeof userId !== 'string') return undefined;
    const requestId = hook?.headers?.get(requestIdHeader);
    const ctx = contextOf(deps, { kind: 'super_admin', id: impersonatedBy }, requestId);
    // The head of the platform's chain is locked last, when all rows are.
    return deps.db.atEnd(() => auditImpersonation(ctx, action, userId, session.expiresAt));
  };
  return {
    create: {
      before: async (session: Record<string, unknown>, hook: HookContext | null) => {
        // With the session or not at all: nobody acts as somebody else without an entry.
        await audit('started', session, hook);
        const isProven = secondFactorPaths.includes(hook?.path ?? '');
        const wasProven =
          hook?.path === '/change-password' && hook.context.session?.session.twoFactorPassed;
        return { data: { ...session, twoFactorPassed: isProven || wasProven === true } };
      },
    },
    delete: {
      after: async (session: Record<string, unknown>, hook: HookContext | null) => {
        await audit('ended', session, hook);
      },
    },
  };
}
