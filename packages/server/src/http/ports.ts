import type { Role } from './role.ts';
import type { Scope } from './scope.ts';

/** Who calls, as the credentials alone tell it. */
export type Caller =
  | ApiKeyCaller
  | MemberCaller
  | { readonly kind: 'super_admin'; readonly id: string };

export interface ApiKeyCaller {
  readonly kind: 'api_key';
  readonly keyId: string;
  readonly organizationId: string;
  readonly scopes: readonly Scope[];
  readonly rateLimitPerMinute: number;
}

/** Somebody who is signed in: the session cookie of the dashboard. */
export interface MemberCaller {
  readonly kind: 'member';
  readonly userId: string;
  readonly sessionId: string;
  /** By organization id. */
  readonly memberships: ReadonlyMap<string, Membership>;
  /**
   * Whether this session may do what the super admin may. `second_factor_missing`: the user is one,
   * and has to sign in with the second factor first.
   */
  readonly superAdmin: 'no' | 'yes' | 'second_factor_missing';
  /** The super admin who acts as this user; null: it is the user. */
  readonly impersonatedBy: string | null;
}

export interface Membership {
  /** `mem_…` */
  readonly memberId: string;
  readonly role: Role;
  readonly rateLimitPerMinute: number;
}

/** What is known of a request that presents credentials, besides the credentials. */
export interface CallerOrigin {
  /** Only the trusted proxies are believed. */
  readonly address: string;
}

export interface Authenticator {
  /** Null: no such credentials, or expired, revoked, or not allowed from that address. */
  authenticate(authorization: string, origin: CallerOrigin): Promise<Caller | null>;
}

export interface SessionAuthenticator {
  /**
   * Null: the Cookie header names no session, or one that has ended.
   *
   * @param fresh as the database has it at this moment, and not less than a second ago
   */
  authenticate(cookies: string, fresh?: boolean): Promise<MemberCaller | null>;
}

export interface RateLimitResult {
  readonly allowed: boolean;
  /** Requests a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until the window ends, at least 1. */
  readonly resetSeconds: number;
}

/** Counts in windows of one minute of wall clock; never a durable write for a request. */
export interface RateLimiter {
  consume(key: string, perMinute: number): Promise<RateLimitResult>;
}
