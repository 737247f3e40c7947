import { sql, type Statement } from '../db/sql.ts';

/** The session of a token's hash, if it lives: who it is, and where they are a member. */
export function findSession(tokenHash: string, asOf: Date): Statement {
  return sql`SELECT s.id AS session_id, s.user_id, s.impersonated_by, s.two_factor_passed,
      s.expires_at, u.role, u.two_factor_enabled,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('organization_id', m.organization_id,
           'member_id', m.id, 'role', m.role, 'rate_limit_per_minute', l.rate_limit_per_minute)),
           '[]')
       FROM member m
       CROSS JOIN LATERAL effective_limits(ARRAY[m.organization_id], ${asOf}::timestamptz) l
       WHERE m.user_id = s.user_id) AS memberships
    FROM session s
    JOIN "user" u ON u.id = s.user_id
    LEFT JOIN "user" i ON i.id = s.impersonated_by
    WHERE s.token_hash = ${tokenHash} AND s.expires_at > clock_timestamp()
      AND NOT (u.banned AND coalesce(u.ban_expires > clock_timestamp(), true))
      AND (s.impersonated_by IS NULL OR (i.role = 'admin' AND NOT i.banned))`;
}

/** @param subjects keyed hashes @param free wrong tries of each that cost no wait */
export function countAttempts(subjects: readonly Buffer[], free: readonly number[]): Statement {
  return sql`SELECT count_attempts(${subjects}::bytea[], ${free}::integer[]) AS wait_seconds`;
}

export function forgiveAttempts(forgotten: readonly Buffer[], once: readonly Buffer[]): Statement {
  return sql`SELECT forgive_attempts(${forgotten}::bytea[], ${once}::bytea[])`;
}

/** What has ended by itself, whoever used it. */
export function deleteEnded(): Statement {
  return sql`WITH sessions AS (DELETE FROM session WHERE expires_at < clock_timestamp()),
      tokens AS (DELETE FROM verification WHERE expires_at < clock_timestamp())
    DELETE FROM sign_in_attempts WHERE last_at < clock_timestamp() - interval '1 hour'`;
}

/** Of two mails at once one comes after the other: the newest link is the only one. */
export function lockLinksOf(userId: string): Statement {
  return sql`SELECT FROM "user" WHERE id = ${userId} FOR NO KEY UPDATE`;
}

/** In the place of the one before, which is worth nothing any more. */
export function insertResetLink(
  id: string,
  userId: string,
  identifier: string,
  seconds: number,
): Statement {
  return sql`WITH newest AS (DELETE FROM verification WHERE identifier = ${resetOf(userId)}
      RETURNING value),
    before AS (DELETE FROM verification v USING newest WHERE v.identifier = newest.value)
    INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at)
    VALUES (${id}, ${resetOf(userId)}, ${identifier},
      clock_timestamp() + make_interval(secs => ${seconds}::integer), clock_timestamp(),
      clock_timestamp())`;
}

/** In the place of the one before. */
export function insertLink(
  id: string,
  userId: string,
  tokenHash: string,
  seconds: number,
): Statement {
  return sql`WITH before AS (DELETE FROM verification WHERE identifier = ${linkOf(userId)})
    INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at)
    VALUES (${id}, ${linkOf(userId)}, ${tokenHash},
      clock_timestamp() + make_interval(secs => ${seconds}::integer), clock_timestamp(),
      clock_timestamp())`;
}

interface KeptLink {
  readonly userId: string;
  readonly tokenHash: string;
}

/** No row where it was used, or another one was sent since. */
export function findLink({ userId, tokenHash }: KeptLink): Statement {
  return sql`SELECT FROM verification
    WHERE identifier = ${linkOf(userId)} AND value = ${tokenHash}
      AND expires_at > clock_timestamp()`;
}

/** The same, and it is used by now. */
export function takeLink({ userId, tokenHash }: KeptLink): Statement {
  return sql`DELETE FROM verification
    WHERE identifier = ${linkOf(userId)} AND value = ${tokenHash} RETURNING expires_at`;
}

export function untakeLink(link: {
  id: string;
  userId: string;
  tokenHash: string;
  expiresAt: string;
}): Statement {
  return sql`INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at)
    SELECT ${link.id}, ${linkOf(link.userId)}, ${link.tokenHash}, ${link.expiresAt}::timestamptz,
      clock_timestamp(), clock_timestamp()
    WHERE NOT EXISTS (SELECT FROM verification WHERE identifier = ${linkOf(link.userId)})`;
}

/** All that was mailed to a user and is still good, and the browsers that need no second factor. */
export function deleteLinks(userId: string): Statement {
  return sql`DELETE FROM verification
    WHERE identifier = ${linkOf(userId)} OR value = ${userId}`;
}

function resetOf(userId: string): string {
  return `reset:${userId}`;
}

function linkOf(userId: string): string {
  return `link:${userId}`;
}

/** No row where it is proven already, or nobody's. */
export function proveUser(email: string, name: string, asOf: Date): Statement {
  return sql`UPDATE "user" SET email_verified = true, name = ${name}, updated_at = ${asOf}
    WHERE email = ${email} AND NOT email_verified RETURNING id`;
}

/** The same by the user, whose name stays. */
export function proveUserById(userId: string, asOf: Date): Statement {
  return sql`UPDATE "user" SET email_verified = true, updated_at = ${asOf}
    WHERE id = ${userId} AND NOT email_verified RETURNING id, email, name`;
}

/** What is kept of the password that an address waits with for its proof; null: it was ended. */
export function findUnprovenPassword(of: { userId: string } | { email: string }): Statement {
  const isIt = 'email' in of ? sql`u.email = ${of.email}` : sql`u.id = ${of.userId}`;
  return sql`SELECT u.id AS user_id, a.password FROM "user" u
    LEFT JOIN account a ON a.user_id = u.id AND a.provider_id = 'credential'
    WHERE ${isIt} AND NOT u.email_verified`;
}

/** A row is the wire's `user`. */
export function findUser(userId: string): Statement {
  return sql`SELECT id, 'user' AS object, name, email, email_verified, two_factor_enabled, created_at
    FROM "user" WHERE id = ${userId}`;
}

/** A row is the wire's `session`. Those that act as the user are the super admin's affair. */
export function listSessions(userId: string, currentId: string): Statement {
  return sql`SELECT id, 'session' AS object, id = ${currentId} AS current, ip_address, user_agent,
      created_at, expires_at
    FROM session WHERE user_id = ${userId} AND impersonated_by IS NULL
      AND expires_at > clock_timestamp()
    ORDER BY id DESC LIMIT 100`;
}

export function deleteSession(userId: string, id: string): Statement {
  return sql`DELETE FROM session WHERE user_id = ${userId} AND id = ${id} RETURNING id`;
}

/** Of a super admin: those in which they act as somebody else. */
export function deleteImpersonations(superAdminId: string): Statement {
  return sql`DELETE FROM session WHERE impersonated_by = ${superAdminId} RETURNING user_id`;
}

export function findUserIdByEmail(email: string): Statement {
  return sql`SELECT id FROM "user" WHERE email = ${email}`;
}

export function deleteOtherSessions(userId: string, keptId: string): Statement {
  return sql`DELETE FROM session WHERE user_id = ${userId} AND id <> ${keptId} RETURNING id`;
}

/** Whose address is taken as verified. */
export function makeSuperAdmin(userId: string, asOf: Date): Statement {
  return sql`UPDATE "user" SET role = 'admin', email_verified = true, updated_at = ${asOf}
    WHERE id = ${userId}`;
}

export function upsertPassword(
  id: string,
  userId: string,
  password: string,
  asOf: Date,
): Statement {
  return sql`INSERT INTO account (id, user_id, provider_id, account_id, password, created_at,
      updated_at)
    VALUES (${id}, ${userId}, 'credential', ${userId}, ${password}, ${asOf}, ${asOf})
    ON CONFLICT (provider_id, account_id) DO UPDATE SET password = excluded.password,
      updated_at = excluded.updated_at`;
}

/** A row where somebody has signed in within ten minutes. */
export function isFreshSession(id: string): Statement {
  return sql`SELECT id FROM session
    WHERE id = ${id} AND created_at > clock_timestamp() - interval '10 minutes'`;
}

export function deleteUserRows(userId: string, asOf: Date): Statement {
  return sql`SELECT delete_user(${userId}::text, ${asOf}::timestamptz)`;
}
