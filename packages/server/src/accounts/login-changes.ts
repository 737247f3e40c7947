import { appendAudit } from '../audit/audit.ts';
import type { Actor, PlatformContext } from '../context.ts';
import { announce } from '../notifications/outbox.ts';
import { endImpersonations } from './impersonation.ts';
import type { MailUser } from './mails.ts';
import { deleteLinks, findUser } from './sql.ts';

/** Of what changes a login, what the user is told by mail: who did not do it must hear of it. */
const toldAs = new Map<string, 'password' | 'second_factor_on' | 'second_factor_off'>([
  ['user.password_changed', 'password'],
  ['user.password_reset', 'password'],
  ['user.second_factor_enabled', 'second_factor_on'],
  ['user.second_factor_disabled', 'second_factor_off'],
]);

/** After these no link that was mailed before is good, nor what was opened to act as somebody else. */
const endsLinks = new Set(['user.password_changed', 'user.password_reset', 'user.email_changed']);

/** Writes into the platform's chain that a user changed their login, and tells them. */
export async function recordLoginChange(
  ctx: Omit<PlatformContext, 'actor'>,
  userId: string,
  action: string,
): Promise<void> {
  const actor: Actor = { kind: 'member', id: userId, role: null, impersonatedBy: null };
  const change = toldAs.get(action);
  await ctx.db.transaction(async (tx) => {
    const [user] = await tx.query<MailUser>(findUser(userId));
    if (user === undefined) return;
    if (endsLinks.has(action)) {
      await tx.query(deleteLinks(userId));
      await endImpersonations(tx, { ...ctx, actor: { kind: 'super_admin', id: userId } }, userId);
    }
    if (change !== undefined) {
      await announce(
        tx,
        { ...ctx, actor },
        {
          topic: 'auth.login_changed',
          dedupeKey: `auth.login_changed:${userId}:${ctx.requestId}`,
          payload: {
            recipient_email: user.email,
            name: user.name,
            change,
            // Wall clock, as sessions.
            changed_at: new Date().toISOString(),
          },
        },
      );
    }
    const target = { kind: 'user', id: userId };
    await appendAudit(tx, { ...ctx, actor }, { action, target, before: null, after: null });
  });
}
