import type { Scope } from './scope.ts';

/** Who calls, as the credentials alone tell it. Members (session cookies) join with the logins. */
export type Caller =
  | {
      readonly kind: 'api_key';
      readonly keyId: string;
      readonly organizationId: string;
      readonly scopes: readonly Scope[];
      readonly rateLimitPerMinute: number;
    }
  | { readonly kind: 'super_admin'; readonly id: string };

/** What is known of a request that presents credentials, besides the credentials. */
export interface CallerOrigin {
  /** Only the trusted proxies are believed. */
  readonly address: string;
}

export interface Authenticator {
  /** Null: no such credentials, or expired, revoked, or not allowed from that address. */
  authenticate(authorization: string, origin: CallerOrigin): Promise<Caller | null>;
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
