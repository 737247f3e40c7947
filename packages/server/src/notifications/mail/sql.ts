import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';

export interface NewMail {
  readonly organizationId: string;
  readonly id: string;
  readonly outboxId: number;
  readonly topic: string;
  readonly category: string;
  readonly recipientEmail: string;
  readonly userId: string | null;
  readonly payload: unknown;
  readonly context: unknown;
  readonly linkSealed: string | null;
  readonly linkExpiresAt: string | null;
  readonly createdAt: string;
}

export function insertMail(mail: NewMail): Statement {
  return sql`INSERT INTO mail_messages (organization_id, id, outbox_id, topic, category,
      recipient_email, user_id, payload, context, link_sealed, link_expires_at, created_at)
    VALUES (${mail.organizationId}, ${mail.id}, ${mail.outboxId}::bigint, ${mail.topic},
      ${mail.category}, ${mail.recipientEmail}, ${mail.userId}, ${JSON.stringify(mail.payload)}::jsonb,
      ${JSON.stringify(mail.context)}::jsonb, ${mail.linkSealed}, ${mail.linkExpiresAt}::timestamptz,
      ${mail.createdAt}::timestamptz)`;
}

export interface MailRow {
  readonly organization_id: string;
  readonly id: string;
  readonly topic: string;
  readonly category: string;
  readonly recipient_email: string;
  readonly user_id: string | null;
  readonly payload: unknown;
  readonly context: { workspace: string | null; time_zone: string };
  readonly link_sealed: string | null;
  readonly status: 'waiting' | 'sent' | 'failed';
  readonly attempts: number;
  readonly next_attempt_at: string;
  readonly last_error: string | null;
  readonly sent_at: string | null;
  readonly created_at: string;
}

const columns = sql`m.organization_id, m.id, m.topic, m.category, m.recipient_email, m.user_id,
  m.payload, m.context, m.link_sealed, m.status, m.attempts, m.next_attempt_at, m.last_error,
  m.sent_at, m.created_at`;

/** Takes mails that are due, each for the length of a lease; what is too late is left alone. */
export function claimMails(
  limit: number,
  { leaseSeconds, waitingHoursMax }: { leaseSeconds: number; waitingHoursMax: number },
): Statement {
  return sql`UPDATE mail_messages m SET attempts = m.attempts + 1,
      next_attempt_at = clock_timestamp() + make_interval(secs => ${leaseSeconds}::integer)
    FROM (
      SELECT d.organization_id, d.id FROM mail_messages d
      WHERE d.status = 'waiting' AND d.next_attempt_at <= clock_timestamp()
        AND coalesce(d.link_expires_at > clock_timestamp(), true)
        AND d.queued_at > clock_timestamp() - make_interval(hours => ${waitingHoursMax}::integer)
      ORDER BY d.next_attempt_at LIMIT ${limit}::integer FOR UPDATE SKIP LOCKED
    ) due
    WHERE m.organization_id = due.organization_id AND m.id = due.id
    RETURNING ${columns}`;
}

/** Of the attempt that has it: a later one, of a process that took this one for dead, decides itself. */
export function updateMailSent(mail: MailRow): Statement {
  return sql`UPDATE mail_messages SET status = 'sent', sent_at = clock_timestamp(),
      link_sealed = NULL, last_error = NULL
    WHERE organization_id = ${mail.organization_id} AND id = ${mail.id}
      AND status = 'waiting' AND attempts = ${mail.attempts}::integer`;
}

/** @param retrySeconds null: there is no further attempt */
export function updateMailFailed(
  mail: MailRow,
  error: string,
  retrySeconds: number | null,
): Statement {
  return sql`UPDATE mail_messages SET last_error = ${error},
      status = CASE WHEN ${retrySeconds}::integer IS NULL THEN 'failed' ELSE status END,
      link_sealed = CASE WHEN ${retrySeconds}::integer IS NULL THEN NULL ELSE link_sealed END,
      next_attempt_at = clock_timestamp()
        + make_interval(secs => coalesce(${retrySeconds}::integer, 0))
    WHERE organization_id = ${mail.organization_id} AND id = ${mail.id}
      AND status = 'waiting' AND attempts = ${mail.attempts}::integer`;
}

/** Gives up mails whose link has expired, and takes such links out of the database. */
export const giveUpExpiredLinks = sql`UPDATE mail_messages SET link_sealed = NULL,
    status = CASE WHEN status = 'waiting' THEN 'failed' ELSE status END,
    last_error = coalesce(last_error, 'The link expired before the mail was sent.')
  WHERE link_sealed IS NOT NULL AND link_expires_at <= clock_timestamp()`;

/** Gives up mails that nobody would understand any more: SMTP came too late. */
export function giveUpOldMails(waitingHoursMax: number): Statement {
  return sql`UPDATE mail_messages SET status = 'failed', link_sealed = NULL,
      last_error = coalesce(last_error, 'It had waited for too long.')
    WHERE status = 'waiting' AND next_attempt_at <= clock_timestamp()
      AND queued_at <= clock_timestamp() - make_interval(hours => ${waitingHoursMax}::integer)`;
}

export function deleteOldMails(keptDays: number, limit: number): Statement {
  return sql`DELETE FROM mail_messages m USING (
      SELECT organization_id, id FROM mail_messages
      WHERE queued_at < clock_timestamp() - make_interval(days => ${keptDays}::integer)
      ORDER BY queued_at LIMIT ${limit}::integer
    ) old
    WHERE m.organization_id = old.organization_id AND m.id = old.id RETURNING m.id`;
}

export interface MailFilter {
  readonly workspace_id?: string | undefined;
  readonly status?: string | undefined;
  readonly topic?: string | undefined;
}

/** Newest first; one more than asked for. */
export function listMails(page: ListQuery, filter: MailFilter): Statement {
  const { workspace_id: organizationId = null, status = null, topic = null } = filter;
  const after = page.starting_after ?? null;
  return sql`SELECT ${columns} FROM mail_messages m
    WHERE (${organizationId}::text IS NULL OR m.organization_id = ${organizationId})
      AND (${after}::text IS NULL OR m.id < ${after})
      AND (${status}::text IS NULL OR m.status = ${status})
      AND (${topic}::text IS NULL OR m.topic = ${topic})
    ORDER BY m.id DESC LIMIT ${page.limit + 1}`;
}

/** @param organizationId null: of any */
export function findMailById(organizationId: string | null, id: string): Statement {
  return sql`SELECT ${columns} FROM mail_messages m
    WHERE m.id = ${id} AND (${organizationId}::text IS NULL OR m.organization_id = ${organizationId})`;
}

/** A mail that was given up goes out again, once more from the start. */
export function updateMailWaiting(id: string): Statement {
  return sql`UPDATE mail_messages m SET status = 'waiting', attempts = 0, queued_at = clock_timestamp(),
      next_attempt_at = clock_timestamp(), last_error = NULL
    WHERE m.id = ${id} AND m.status = 'failed' AND m.link_expires_at IS NULL
    RETURNING ${columns}`;
}
