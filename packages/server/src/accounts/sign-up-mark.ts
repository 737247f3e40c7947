import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Queryable } from '../db/pool.ts';
import { verificationSeconds } from './mails.ts';
import { verifyPassword } from './password.ts';
import { findUnprovenPassword } from './sql.ts';

export interface MarkDeps {
  readonly db: Queryable;
  readonly secret: string;
  publicUrl(): string;
}

/**
 * Says of a browser that somebody typed the password into it that an unproven address waits with. Over
 * https no other host of the domain can set it: the stranger's mark must not come to the owner that way.
 */
function cookieOf(deps: MarkDeps): { name: string; attributes: string } {
  const attributes = `Max-Age=${verificationSeconds}; Path=/; HttpOnly; SameSite=Lax`;
  if (!deps.publicUrl().startsWith('https:')) return { name: 'mutate.sign_up', attributes };
  return { name: '__Host-mutate.sign_up', attributes: `${attributes}; Secure` };
}

interface Unproven {
  readonly user_id: string;
  /** What is kept of it; null where it was ended. */
  readonly password: string | null;
}

/**
 * The cookie for a browser that gave this password for this address. It tells nothing: where the
 * address has no account that waits for its proof, or another password, it is as long and opens nothing.
 */
export async function markBrowser(
  deps: MarkDeps,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<string> {
  const [user] = await deps.db.query<Unproven>(
    findUnprovenPassword({ email: email.toLowerCase() }),
  );
  const isRight = await verifyPassword(user?.password ?? 'none', password);
  const mark =
    user !== undefined && isRight
      ? markOf(deps.secret, user)
      : randomBytes(32).toString('base64url');
  const { name, attributes } = cookieOf(deps);
  return `${name}=${mark}; ${attributes}`;
}

/**
 * Whether this browser may prove the user's address by the link alone: it gave the password that would
 * be good then, or the address is proven already. In every other one the password may be a stranger's.
 */
export async function mayProve(
  deps: MarkDeps,
  userId: string,
  cookies: string | undefined,
): Promise<boolean> {
  const [user] = await deps.db.query<Unproven>(findUnprovenPassword({ userId }));
  if (user === undefined) return true;
  if (user.password === null) return false;
  const wanted = Buffer.from(markOf(deps.secret, user));
  const cookie = cookieOf(deps);
  return (cookies ?? '').split(';').some((pair) => {
    const [name = '', value = ''] = pair.trim().split('=');
    const given = Buffer.from(value);
    return name === cookie.name && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

function markOf(secret: string, { user_id: id, password }: Unproven): string {
  return createHmac('sha256', secret).update(`sign-up ${id} ${password}`).digest('base64url');
}
