import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { findLink, insertLink, insertResetLink, takeLink, untakeLink } from './sql.ts';

/** What a link of `GET /api/auth/verify-email` says; better-auth signs it with the login's secret. */
export interface MailLink {
  readonly userId: string;
  /** `change_asked` goes to the old address, `change` then to the new one. */
  readonly purpose: 'proof' | 'change_asked' | 'change';
  readonly tokenHash: string;
}

/** One that is being acted upon. */
export interface TakenLink extends MailLink {
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

/** @throws AppError `unauthenticated` with `reason`: `TOKEN_EXPIRED`, `INVALID_TOKEN` */
export function readLink(secret: string, token: string): MailLink {
  const read = readToken(secret, token);
  if (read === null) throw invalidLink();
  if (read.exp * 1000 <= Date.now()) {
    throw refusal('TOKEN_EXPIRED', 'This link is too old: ask for another one.');
  }
  const purpose = purposes[read.requestType ?? ''];
  if (purpose === undefined) throw invalidLink();
  return { userId: read.userId, purpose, tokenHash: hashOf(token) };
}

const purposes: Readonly<Record<string, MailLink['purpose']>> = {
  '': 'proof',
  'change-email-confirmation': 'change_asked',
  'change-email-verification': 'change',
};

/** @throws AppError as useLink, of which it is the look beforehand */
export async function requireGoodLink(db: Queryable, link: MailLink): Promise<void> {
  if ((await db.query(findLink(link))).length === 0) throw usedLink();
}

/**
 * Uses a link up, before it is acted upon: of two tabs one does.
 *
 * @throws AppError `unauthenticated` with `reason: LINK_USED`, also where a newer one was sent or the
 *   password was changed since
 */
export async function useLink(db: Queryable, link: MailLink): Promise<TakenLink> {
  const [taken] = await db.query<{ expires_at: string }>(takeLink(link));
  if (taken === undefined) throw usedLink();
  return { ...link, expiresAt: taken.expires_at };
}

/** After what did not work, unless a newer one was sent meanwhile. */
export async function giveLinkBack(db: Queryable, link: TakenLink): Promise<void> {
  await db.query(untakeLink({ ...link, id: newId('acc', Date.now()) }));
}

/** Leaves the link good. @throws AppError as useLink, else with `reason: SIGN_IN_FIRST` */
export async function refuseElsewhere(db: Queryable, link: MailLink): Promise<never> {
  await requireGoodLink(db, link);
  const message = 'Sign in to the account that is to have this address, then open the link again.';
  throw refusal('SIGN_IN_FIRST', message);
}

export function invalidLink(): AppError {
  return refusal('INVALID_TOKEN', 'This link is not one of ours.');
}

function usedLink(): AppError {
  return refusal('LINK_USED', 'This link was used already, or a newer one was sent.');
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
