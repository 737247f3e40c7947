import { hash } from 'node:crypto';
import type { PlatformContext } from '../context.ts';
import { announce } from '../notifications/outbox.ts';
import { keepLink, keepResetLink } from './mail-links.ts';
import { lockLinksOf } from './sql.ts';

export interface MailUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** How long a link in a mail is good for, in seconds. */
export const verificationSeconds = 24 * 3600;
export const resetSeconds = 3600;

interface MailedLink {
  readonly url: string;
  readonly token: string;
  readonly newEmail?: string;
}

/**
 * Queues the mail that holds a link with a one-time token. The mail goes out by the outbox. Of links
 * about an address, and of those for another password, the newest is good, once (mail-links.ts).
 */
export async function announceLink(
  ctx: PlatformContext,
  topic: 'auth.email_verification' | 'auth.email_change' | 'auth.password_reset',
  user: MailUser,
  { url, token, newEmail }: MailedLink,
): Promise<void> {
  const isReset = topic === 'auth.password_reset';
  const seconds = isReset ? resetSeconds : verificationSeconds;
  await ctx.db.transaction(async (tx) => {
    await tx.query(lockLinksOf(user.id));
    await (isReset ? keepResetLink : keepLink)(tx, user.id, token, seconds);
    await announce(tx, ctx, {
      topic,
      dedupeKey: `${topic}:${user.id}:${hash('sha256', url).slice(0, 32)}`,
      payload: {
        recipient_email: user.email,
        url,
        name: user.name,
        ...(newEmail === undefined ? {} : { new_email: newEmail }),
        // Wall clock, as the token itself.
        expires_at: new Date(Date.now() + seconds * 1000).toISOString(),
      },
    });
  });
}
