import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { insertLink, insertResetLink, takeLink, untakeLink } from './sql.ts';

/** What a link of `GET /api/auth/verify-email` is for; better-auth signs it with the login's secret. */
export interface MailLink {
  readonly userId: string;
  /** To the new address, after the old one has agreed. */
  readonly changesEmail: boolean;
  readonly tokenHash: string;
  readonly expiresAt: string;
}

const claims = z.object({
  userId: z.string(),
  requestType: z.string().optional(),
  exp: z.number(),
});

const hashOf = (token: string): string => hash('sha256', token);

/** Makes a link the one that is good for the user; any before it is worth nothing from now on. */
export async function keepLink(
  tx: Queryable,
  userId: string,
  token: string,
  seconds: number,
): Promise<void> {
  await tx.query(insertLink(newId('acc', Date.now()), userId, hashOf(token), seconds));
}

/** The same for a link that sets another password, which better-auth keeps by a hash of its own. */
export async function keepResetLink(
  tx: Queryable,
  userId: string,
  token: string,
  seconds: number,
): Promise<void> {
  const identifier = hash('sha256', `reset-password:${token}`, 'base64url');
  await tx.query(insertResetLink(newId('acc', Date.now()), userId, identifier, seconds));
}

/**
 * Uses a link up, before it is acted upon: of two tabs one does.
 *
 * @throws AppError `unauthenticated` with `reason`: `LINK_USED`, also where a newer one was sent or the
 *   password was changed since; `TOKEN_EXPIRED`; `INVALID_TOKEN`
 */
export async function useLink(db: Queryable, secret: string, token: string): Promise<MailLink> {
  const read = readToken(secret, token);
  if (read === null) throw refusal('INVALID_TOKEN', 'This link is not one of ours.');
  if (read.exp * 1000 <= Date.now()) {
    throw refusal('TOKEN_EXPIRED', 'This link is too old: ask for another one.');
  }
  const tokenHash = hashOf(token);
  const [taken] = await db.query<{ expires_at: string }>(takeLink(read.userId, tokenHash));
  if (taken === undefined) {
    throw refusal('LINK_USED', 'This link was used already, or a newer one was sent.');
  }
  const changesEmail = read.requestType === 'change-email-verification';
  return { userId: read.userId, changesEmail, tokenHash, expiresAt: taken.expires_at };
}

/** After what did not work, unless a newer one was sent meanwhile. */
export async function giveLinkBack(db: Queryable, link: MailLink): Promise<void> {
  await db.query(untakeLink({ ...link, id: newId('acc', Date.now()) }));
}

function refusal(reason: string, message: string): AppError {
  return new AppError('unauthenticated', message, { details: { reason } });
}

/** Null: not signed by us. */
function readToken(secret: string, token: string): z.infer<typeof claims> | null {
  const [head = '', body = '', signature = ''] = token.split('.');
  const wanted = createHmac('sha256', secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const parsed = claims.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  return parsed.success ? parsed.data : null;
}
