import type { z } from 'zod';
import type { AttemptKind } from './attempts.ts';
import { authBodies } from './schema.ts';

export interface AuthPath {
  readonly method: 'GET' | 'POST';
  readonly body?: z.ZodType;
  /** Whose tries are counted, and as what (attempts.ts). */
  readonly attempt?: { readonly kind: AttemptKind; readonly of: 'email' | 'user' | 'address' };
  /** What the audit log calls it when it succeeded (login-changes.ts). */
  readonly audited?: string;
  /** What it does and its record are one transaction; always so where `audited` is there. */
  readonly whole?: boolean;
  /** Audited where the user had no second factor before. */
  readonly enablesSecondFactor?: boolean;
  /** Also for a super admin who acts as somebody else. */
  readonly whileImpersonating?: boolean;
  readonly superAdminOnly?: boolean;
  /** By a session of at most ten minutes. */
  readonly fresh?: boolean;
}

const guess = { kind: 'password', of: 'user' } as const;

/**
 * The routes of better-auth that there are; all others answer 404. Members, invitations, sessions and
 * users have routes of our own under `/v1`.
 */
export const authPaths: Readonly<Record<string, AuthPath>> = {
  '/sign-up/email': {
    method: 'POST',
    body: authBodies.signUp,
    attempt: { kind: 'mail', of: 'email' },
  },
  '/sign-in/email': {
    method: 'POST',
    body: authBodies.signIn,
    attempt: { kind: 'password', of: 'email' },
  },
  '/sign-out': { method: 'POST', body: authBodies.nothing, whileImpersonating: true, whole: true },
  '/get-session': { method: 'GET', whileImpersonating: true },
  '/verify-email': { method: 'GET' },
  // Ours, not better-auth's: confirm-address.ts.
  '/confirm-address': {
    method: 'POST',
    body: authBodies.confirm,
    attempt: { kind: 'password', of: 'address' },
  },
  '/send-verification-email': {
    method: 'POST',
    body: authBodies.sendVerification,
    attempt: { kind: 'mail', of: 'email' },
  },
  '/request-password-reset': {
    method: 'POST',
    body: authBodies.requestReset,
    attempt: { kind: 'mail', of: 'email' },
  },
  '/reset-password': {
    method: 'POST',
    body: authBodies.reset,
    attempt: { kind: 'password', of: 'address' },
    whole: true,
  },
  '/change-password': {
    method: 'POST',
    body: authBodies.changePassword,
    attempt: guess,
    audited: 'user.password_changed',
  },
  '/change-email': {
    method: 'POST',
    body: authBodies.changeEmail,
    attempt: { kind: 'mail', of: 'user' },
    audited: 'user.email_change_requested',
    fresh: true,
  },
  '/update-user': { method: 'POST', body: authBodies.updateUser },
  '/two-factor/enable': { method: 'POST', body: authBodies.password, attempt: guess },
  '/two-factor/disable': {
    method: 'POST',
    body: authBodies.password,
    attempt: guess,
    audited: 'user.second_factor_disabled',
  },
  '/two-factor/generate-backup-codes': {
    method: 'POST',
    body: authBodies.password,
    attempt: guess,
    audited: 'user.backup_codes_renewed',
  },
  // Wrong codes of one account are counted by better-auth, which knows whose they are.
  '/two-factor/verify-totp': {
    method: 'POST',
    body: authBodies.code,
    attempt: { kind: 'password', of: 'address' },
    audited: 'user.second_factor_enabled',
    enablesSecondFactor: true,
  },
  '/two-factor/verify-backup-code': {
    method: 'POST',
    body: authBodies.code,
    attempt: { kind: 'password', of: 'address' },
  },
  '/admin/impersonate-user': {
    method: 'POST',
    body: authBodies.impersonate,
    superAdminOnly: true,
    whole: true,
  },
  '/admin/stop-impersonating': {
    method: 'POST',
    body: authBodies.nothing,
    whileImpersonating: true,
    whole: true,
  },
};
