import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { CredentialCache } from '../http/credential-cache.ts';
import type { MemberCaller, Membership, SessionAuthenticator } from '../http/ports.ts';
import type { Role } from '../http/role.ts';
import type { Secrets } from '../secrets.ts';
import { findSession } from './sql.ts';

/** The cookie's name; a browser that speaks https to us sends the second one. */
const sessionCookieNames = ['mutate.session_token', '__Secure-mutate.session_token'];

/** What session cookies are signed with. */
export function loginSecret(secrets: Secrets): string {
  return secrets.sign('logins', 'better-auth');
}

interface SessionRow {
  session_id: string;
  user_id: string;
  impersonated_by: string | null;
  two_factor_passed: boolean;
  expires_at: string;
  role: string | null;
  two_factor_enabled: boolean;
  memberships: {
    organization_id: string;
    member_id: string;
    role: Role;
    rate_limit_per_minute: number;
  }[];
}

interface Session {
  readonly caller: MemberCaller;
  readonly expiresAtMs: number;
}

/**
 * Tells who calls from the session cookie. A session costs one read a second; one that was revoked,
 * whose user was banned, or who was taken out of a workspace, is refused within a second.
 */
export function createSessionAuthenticator(options: {
  readonly db: Database;
  readonly clock: Clock;
  /** What cookies are signed with. */
  readonly secret: string;
  /** Whether super admins need a second factor even where they have not set one up. */
  readonly secondFactorRequired: boolean;
}): SessionAuthenticator {
  const { db, clock, secret, secondFactorRequired } = options;
  const cache = new CredentialCache<Session>(async (tokenHash) => {
    const [row] = await db.query<SessionRow>(findSession(tokenHash, clock.now()));
    if (row === undefined) return null;
    return { caller: toCaller(row, secondFactorRequired), expiresAtMs: Date.parse(row.expires_at) };
  });
  return {
    async authenticate(cookies, fresh = false) {
      const token = tokenOfCookies(cookies, secret);
      if (token === null) return null;
      const tokenHash = hash('sha256', token);
      const known = fresh ? undefined : cache.find(tokenHash);
      const session = known === undefined ? await cache.read(tokenHash) : known;
      return session === null || session.expiresAtMs <= Date.now() ? null : session.caller;
    },
  };
}

function toCaller(row: SessionRow, secondFactorRequired: boolean): MemberCaller {
  const isSuperAdmin = row.role === 'admin' && row.impersonated_by === null;
  const needsSecondFactor = secondFactorRequired || row.two_factor_enabled;
  const standing = needsSecondFactor && !row.two_factor_passed ? 'second_factor_missing' : 'yes';
  return {
    kind: 'member',
    userId: row.user_id,
    sessionId: row.session_id,
    memberships: new Map(row.memberships.map(toMembership)),
    superAdmin: isSuperAdmin ? standing : 'no',
    impersonatedBy: row.impersonated_by,
  };
}

function toMembership(row: SessionRow['memberships'][number]): [string, Membership] {
  const { organization_id: id, member_id: memberId, role } = row;
  return [id, { memberId, role, rateLimitPerMinute: row.rate_limit_per_minute }];
}

/** The token of a cookie that we signed (`token.signature`, percent-encoded), or null. */
function tokenOfCookies(cookies: string, secret: string): string | null {
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (!sessionCookieNames.includes(pair.slice(0, equals).trim())) continue;
    const token = tokenOfCookie(pair.slice(equals + 1).trim(), secret);
    if (token !== null) return token;
  }
  return null;
}

function tokenOfCookie(value: string, secret: string): string | null {
  const match = /^(\w{16,64})\.([\w+/=]{40,50})$/.exec(decoded(value));
  if (match === null) return null;
  const [, token = '', signature = ''] = match;
  const wanted = createHmac('sha256', secret).update(token).digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? token : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
