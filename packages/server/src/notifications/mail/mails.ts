import { appendAudit } from '../../audit/audit.ts';
import type { Context, PlatformContext } from '../../context.ts';
import { AppError, notFound } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import type { NotificationDeps } from '../deps.ts';
import { composeMail } from './compose.ts';
import type { Mail, RenderedMailObject } from './schema.ts';
import {
  findMailById,
  listMails as listMailsStatement,
  updateMailWaiting,
  type MailFilter,
  type MailRow,
} from './sql.ts';

/**
 * A page of mails, newest first. Links that are good once are shown to the operator alone, and only
 * where there is no SMTP that could bring them to whom they are for.
 */
export async function listMails(
  ctx: PlatformContext | Context,
  deps: NotificationDeps,
  page: ListQuery,
  filter: MailFilter,
): Promise<List<Mail>> {
  const scope = 'organization' in ctx ? { workspace_id: ctx.organization.id } : {};
  const rows = await ctx.db.query<MailRow>(listMailsStatement(page, { ...filter, ...scope }));
  return toList(
    rows.map((row) => presentMail(row, deps)),
    page.limit,
  );
}

/** One mail as it goes out. @throws AppError `not_found` */
export async function findMail(
  ctx: PlatformContext | Context,
  deps: NotificationDeps,
  id: string,
): Promise<RenderedMailObject> {
  const organizationId = 'organization' in ctx ? ctx.organization.id : null;
  const [row] = await ctx.db.query<MailRow>(findMailById(organizationId, id));
  if (row === undefined) throw notFound('mail');
  const showLink = organizationId === null && deps.mail.smtpUrl === null;
  const { text, html } = composeMail(deps, row, showLink);
  return { ...presentMail(row, deps), text, html };
}

/** Sends a mail that was given up once more. @throws AppError `not_found`, `conflict` */
export async function resendMail(
  ctx: PlatformContext,
  deps: NotificationDeps,
  id: string,
): Promise<Mail> {
  const [found] = await ctx.db.query<MailRow>(findMailById(null, id));
  if (found === undefined) throw notFound('mail');
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx.query<MailRow>(updateMailWaiting(id));
    if (row === undefined) {
      const message =
        'Only a mail that was given up can be sent again, and none with a link of its own.';
      throw new AppError('conflict', message);
    }
    await appendAudit(tx, ctx, {
      action: 'mail.resent',
      target: { kind: 'mail', id },
      before: { status: found.status },
      after: { status: row.status },
    });
    return presentMail(row, deps);
  });
}

function presentMail(row: MailRow, deps: NotificationDeps): Mail {
  const isDue = row.status === 'waiting' && deps.mail.smtpUrl !== null;
  return {
    id: row.id,
    object: 'mail',
    workspace_id: row.organization_id === 'platform' ? null : row.organization_id,
    topic: row.topic,
    category: row.category,
    recipient_email: row.recipient_email,
    subject: composeMail(deps, row, false).subject,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: isDue ? row.next_attempt_at : null,
    last_error: row.last_error,
    sent_at: row.sent_at,
    created_at: row.created_at,
  };
}
