import { hash } from 'node:crypto';
import type { PlatformContext } from '../context.ts';
import { announce } from '../notifications/outbox.ts';

export interface MailUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** How long a link in a mail is good for, in seconds. */
export const verificationSeconds = 24 * 3600;
export const resetSeconds = 3600;

type Mail = 'auth.email_verification' | 'auth.email_change' | 'auth.password_reset';

/** Queues the mail that holds a link with a one-time token. The mail goes out by the outbox. */
export async function announceLink(
  ctx: PlatformContext,
  topic: Mail,
  user: MailUser,
  url: string,
  newEmail?: string,
): Promise<void> {
  const seconds = topic === 'auth.password_reset' ? resetSeconds : verificationSeconds;
  await announce(ctx.db, ctx, {
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
}
