import { createEmailVerificationToken } from 'better-auth/api';
import type { PlatformContext } from '../context.ts';
import { announceLink, type MailUser, verificationSeconds } from './mails.ts';
import { findUser, findUserIdByEmail } from './sql.ts';

/**
 * Mails the asker the same link for an address that somebody has as for one that is free: their own
 * mailbox must not tell which addresses have an account. The last link ends in `EMAIL_TAKEN`.
 */
export async function askForTakenEmail(
  ctx: PlatformContext,
  login: { readonly secret: string; readonly publicUrl: string },
  userId: string,
  wanted: { readonly newEmail: string; readonly callbackURL?: string | undefined },
): Promise<void> {
  const newEmail = wanted.newEmail.toLowerCase();
  const taken = await ctx.db.query(findUserIdByEmail(newEmail));
  const [user] = await ctx.db.query<MailUser>(findUser(userId));
  if (taken.length === 0 || user === undefined) return;
  const token = await createEmailVerificationToken(
    login.secret,
    user.email,
    newEmail,
    verificationSeconds,
    { requestType: 'change-email-confirmation', userId },
  );
  const back = encodeURIComponent(wanted.callbackURL ?? '/');
  const url = `${login.publicUrl}/api/auth/verify-email?token=${token}&callbackURL=${back}`;
  await announceLink(ctx, 'auth.email_change', user, { url, token, newEmail });
}
