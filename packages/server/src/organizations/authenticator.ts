import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { CredentialCache } from '../http/credential-cache.ts';
import type { Authenticator, Caller, CallerOrigin } from '../http/ports.ts';
import type { Scope } from '../http/scope.ts';
import { addressMatcher } from './address-ranges.ts';
import { apiKeyPattern, hashOfKey } from './api-keys.ts';
import { findCredentials, updateKeysUsed, type UsedKey } from './api-keys-sql.ts';

export interface AuthenticatorOptions {
  readonly db: Database;
  /** The operator's key; null: there is none. */
  readonly adminKey: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ApiKeyAuthenticator extends Authenticator {
  /** Writes down which keys were used; otherwise done every few seconds. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const flushEveryMs = 10_000;
/** `last_used_at` is kept to the minute. */
const usedAgainMs = 60_000;

interface Credentials {
  readonly caller: Extract<Caller, { kind: 'api_key' }>;
  readonly expiresAtMs: number;
  readonly isAllowedFrom: ((address: string) => boolean) | null;
}

interface CredentialsRow {
  organization_id: string;
  id: string;
  scopes: Scope[];
  allowed_ips: string[] | null;
  expires_at: string | null;
  last_used_at: string | null;
  rate_limit_per_minute: number;
  is_previous: boolean;
}

/**
 * Tells who calls from the Authorization header: `Bearer mk_live_…` or the operator's key. A key
 * costs one indexed read a second, whatever the traffic; a burst shares that read.
 */
export function createAuthenticator(options: AuthenticatorOptions): ApiKeyAuthenticator {
  return new CachedAuthenticator(options);
}

class CachedAuthenticator implements ApiKeyAuthenticator {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #adminHash: Buffer | null;
  readonly #cache = new CredentialCache((hash) => this.#lookUp(hash));
  readonly #used = new Map<string, UsedKey>();
  readonly #timer: NodeJS.Timeout;

  constructor({ db, adminKey, clock, log }: AuthenticatorOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#adminHash = adminKey === null ? null : Buffer.from(hashOfKey(adminKey), 'hex');
    this.#timer = setInterval(() => {
      // The next read of the key notes it again.
      this.flush().catch((error: unknown) => log.warn({ error }, 'last use of keys not written'));
    }, flushEveryMs);
    this.#timer.unref();
  }

  async authenticate(authorization: string, origin: CallerOrigin): Promise<Caller | null> {
    const token = bearerToken(authorization);
    if (token === null) return null;
    const hash = hashOfKey(token);
    const known = this.#cache.find(hash);
    if (known === undefined && this.#isAdmin(hash)) return { kind: 'super_admin', id: 'operator' };
    if (!apiKeyPattern.test(token)) return null;
    const credentials = known === undefined ? await this.#cache.read(hash) : known;
    if (credentials === null || credentials.expiresAtMs <= this.#clock.now().getTime()) return null;
    if (credentials.isAllowedFrom?.(origin.address) === false) return null;
    return credentials.caller;
  }

  #isAdmin(hash: string): boolean {
    // Hashes are compared, so neither time nor length tells anything of the key.
    return this.#adminHash !== null && timingSafeEqual(Buffer.from(hash, 'hex'), this.#adminHash);
  }

  async #lookUp(hash: string): Promise<Credentials | null> {
    const statement = findCredentials(Buffer.from(hash, 'hex'), this.#clock.now());
    const [row] = await this.#db.query<CredentialsRow>(statement);
    if (row === undefined) return null;
    this.#noteUse(row);
    return toCredentials(row);
  }

  #noteUse(row: CredentialsRow): void {
    const before = row.last_used_at === null ? 0 : Date.parse(row.last_used_at);
    if (this.#clock.now().getTime() - before >= usedAgainMs) {
      const { organization_id: organizationId, id, is_previous: isPrevious } = row;
      this.#used.set(`${id} ${isPrevious}`, { organizationId, id, isPrevious });
    }
  }

  async flush(): Promise<void> {
    const keys = [...this.#used.values()];
    this.#used.clear();
    if (keys.length > 0) await this.#db.query(updateKeysUsed(keys, this.#clock.now()));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}

/** The token of `Bearer <token>` (RFC 6750; the scheme in any case), or null. */
function bearerToken(authorization: string): string | null {
  if (authorization.length > 300) return null;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1] ?? null;
}

function toCredentials(row: CredentialsRow): Credentials {
  return {
    caller: {
      kind: 'api_key',
      keyId: row.id,
      organizationId: row.organization_id,
      scopes: row.scopes,
      rateLimitPerMinute: row.rate_limit_per_minute,
    },
    expiresAtMs: row.expires_at === null ? Infinity : Date.parse(row.expires_at),
    isAllowedFrom: row.allowed_ips === null ? null : addressMatcher(row.allowed_ips),
  };
}
