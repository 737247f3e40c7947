import { domainOf } from '../../http/mail-address.ts';
import type { NotificationDeps } from '../deps.ts';
import { categoryRules, type Category } from '../preferences/categories.ts';
import { unsubscribeToken } from '../preferences/unsubscribe-token.ts';
import type { Announcements } from '../topics.ts';
import type { RenderedMail } from './layout.ts';
import { isMailTopic, renderMail } from './render-mail.ts';
import type { MailRow } from './sql.ts';
import { hiddenLink } from './templates/template.ts';

/** Where a mail's one-time link is sealed for. */
export function linkPlace(organizationId: string, mailId: string): string {
  return `mail_messages:${organizationId}:${mailId}`;
}

/** Where the recipient of a mail stops such mails; null where there is nothing to stop. */
export function unsubscribeUrlOf(
  { secrets, publicUrl }: Pick<NotificationDeps, 'secrets' | 'publicUrl'>,
  mail: MailRow,
): string | null {
  const { category, organization_id: organizationId, user_id: userId } = mail;
  if (userId === null || !isAdjustable(category)) return null;
  const token = unsubscribeToken(secrets, { organizationId, userId, category });
  return `${publicUrl()}/v1/unsubscribe/${token}`;
}

function isAdjustable(category: string): category is Category {
  return Object.hasOwn(categoryRules, category) && categoryRules[category as Category].adjustable;
}

/** @param showLink whether a link that is good once may be read from it */
export function composeMail(
  deps: Pick<NotificationDeps, 'secrets' | 'publicUrl'>,
  mail: MailRow,
  showLink: boolean,
): RenderedMail {
  if (!isMailTopic(mail.topic)) throw new Error(`${mail.topic} makes no mail`);
  const place = linkPlace(mail.organization_id, mail.id);
  const link =
    showLink && mail.link_sealed !== null ? deps.secrets.open(mail.link_sealed, place) : null;
  const context = {
    workspace: mail.context.workspace,
    timeZone: mail.context.time_zone,
    publicUrl: deps.publicUrl(),
    workspaceUrl: `${deps.publicUrl()}/${mail.organization_id}`,
    link: link ?? hiddenLink,
  };
  // The row was made from an announcement of this topic.
  const payload = mail.payload as Announcements[typeof mail.topic];
  return renderMail(mail.topic, payload, context, unsubscribeUrlOf(deps, mail));
}

/** The same for each attempt at a mail, so that a repeat is known as one. */
export function messageIdOf(mail: MailRow, from: string): string {
  return `<${mail.id}@${domainOf(from)}>`;
}
