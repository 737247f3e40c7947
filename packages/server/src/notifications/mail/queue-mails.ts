import type { Queryable } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import type { NotificationDeps } from '../deps.ts';
import { categoryOfTopic, categoryRules } from '../preferences/categories.ts';
import { findSwitchedOff, listMembersToTell, type WaitingAnnouncement } from '../sql.ts';
import type { Announcements, Topic } from '../topics.ts';
import { isMailAddress } from '../../http/mail-address.ts';
import { linkPlace } from './compose.ts';
import { isMailTopic, makesMail, type MailTopic } from './render-mail.ts';
import { insertMail } from './sql.ts';

interface Recipient {
  readonly email: string;
  readonly userId: string | null;
}

type PersonalTopic = Extract<MailTopic, `auth.${string}`>;

export function isPersonal(topic: string): topic is PersonalTopic {
  return topic.startsWith('auth.');
}

/** Makes one mail for each person that an announcement is for; in the caller's transaction. */
export async function queueMails(
  tx: Queryable,
  deps: NotificationDeps,
  announcement: WaitingAnnouncement,
): Promise<number> {
  const { topic } = announcement;
  if (!isMailTopic(topic)) return 0;
  if (isPersonal(topic)) return queuePersonalMail(tx, deps, announcement);
  const payload = announcement.payload as Announcements[typeof topic];
  const context = contextOf(announcement);
  const makesOne = makesMail(topic, payload, {
    ...context,
    timeZone: context.time_zone,
    publicUrl: '',
    workspaceUrl: '',
    link: null,
  });
  if (!makesOne) return 0;
  const recipients = await findRecipients(tx, announcement, topic);
  for (const { email, userId } of recipients) {
    const id = newId('msg', Date.now());
    await tx.query(
      insertMail({
        ...headOf(announcement, topic, id),
        recipientEmail: email,
        userId,
        payload,
        context,
        linkSealed: null,
        linkExpiresAt: null,
      }),
    );
  }
  return recipients.length;
}

/** A link is sealed: whoever reads the database must not be able to use it. */
async function queuePersonalMail(
  tx: Queryable,
  deps: NotificationDeps,
  announcement: WaitingAnnouncement,
): Promise<number> {
  const {
    recipient_email: email,
    url,
    ...payload
  } = announcement.payload as { recipient_email: string; url?: string; expires_at?: string };
  if (!isMailAddress(email)) {
    deps.log.warn({ outbox_id: announcement.id }, 'a mail has no address that can be written to');
    return 0;
  }
  const id = newId('msg', Date.now());
  const place = linkPlace(announcement.organization_id, id);
  await tx.query(
    insertMail({
      ...headOf(announcement, announcement.topic, id),
      recipientEmail: email,
      userId: null,
      payload,
      context: contextOf(announcement),
      linkSealed: url === undefined ? null : deps.secrets.seal(url, place),
      linkExpiresAt: payload.expires_at ?? null,
    }),
  );
  return 1;
}

function headOf(announcement: WaitingAnnouncement, topic: string, id: string) {
  return {
    organizationId: announcement.organization_id,
    id,
    outboxId: announcement.id,
    topic,
    category: categoryOfTopic[topic as Topic] ?? 'account',
    createdAt: announcement.created_at,
  };
}

function contextOf(announcement: WaitingAnnouncement) {
  return {
    workspace: announcement.workspace,
    time_zone: announcement.time_zone ?? 'UTC',
  };
}

/**
 * Each address once, whoever has it twice. The workspace's billing address gets none where it is that of
 * a member who switched them off.
 */
async function findRecipients(
  tx: Queryable,
  announcement: WaitingAnnouncement,
  topic: MailTopic,
): Promise<Recipient[]> {
  const category = categoryOfTopic[topic];
  if (category === undefined) return [];
  const members = await tx.query<{ user_id: string; email: string }>(
    listMembersToTell(announcement.organization_id, category, categoryRules[category]),
  );
  const all: Recipient[] = members.map(({ user_id: userId, email }) => ({ email, userId }));
  const { organization_id: organizationId, billing_email: billingEmail } = announcement;
  if (category === 'billing' && billingEmail !== null) {
    const statement = findSwitchedOff(organizationId, category, billingEmail);
    const isOff = (await tx.query(statement)).length > 0;
    if (!isOff) all.push({ email: billingEmail, userId: null });
  }
  const byAddress = new Map<string, Recipient>();
  for (const recipient of all) {
    const key = recipient.email.toLowerCase();
    if (isMailAddress(recipient.email) && !byAddress.has(key)) byAddress.set(key, recipient);
  }
  return [...byAddress.values()];
}
