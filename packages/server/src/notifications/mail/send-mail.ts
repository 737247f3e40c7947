import { createTransport } from 'nodemailer';
import type { NotificationDeps } from '../deps.ts';
import { DeliveryLoop } from '../delivery-loop.ts';
import { retrySeconds } from '../retry-schedule.ts';
import { composeMail, messageIdOf, unsubscribeUrlOf } from './compose.ts';
import { parseSender } from '../../http/mail-address.ts';
import { claimMails, updateMailFailed, updateMailSent, type MailRow } from './sql.ts';

const minutes = 60;
const hours = 3_600;
/** Seconds to wait after the first attempt, the second, …: two days in all. */
export const mailRetrySchedule: readonly number[] = [
  1 * minutes,
  5 * minutes,
  15 * minutes,
  1 * hours,
  3 * hours,
  6 * hours,
  12 * hours,
  24 * hours,
];

/** Mails that waited longer, since there was no SMTP, are not sent any more. */
export const mailWaitingHoursMax = 72;

export interface MailTiming {
  /** An attempt that takes longer counts as failed. */
  readonly attemptMsMax: number;
  /** How long a mail is a process's own; more than an attempt can take. */
  readonly leaseSeconds: number;
  readonly everyMs: number;
}

export const mailTiming: MailTiming = { attemptMsMax: 60_000, leaseSeconds: 90, everyMs: 1_000 };

/**
 * Sends the mails that are due, again and again. At least once: a repeat, under the same Message-ID,
 * only where the server had taken the mail and this process died before it wrote that down, or the
 * server's answer did not come in time.
 */
export function startMailLoop(
  deps: NotificationDeps,
  smtpUrl: string,
  timing: MailTiming,
): DeliveryLoop<MailRow> {
  const send = openSmtp(deps, smtpUrl, timing);
  return new DeliveryLoop<MailRow>({
    name: 'mail',
    log: deps.log,
    slots: 4,
    everyMs: timing.everyMs,
    claim: (free) =>
      deps.db.query<MailRow>(
        claimMails(free, {
          leaseSeconds: timing.leaseSeconds,
          waitingHoursMax: mailWaitingHoursMax,
        }),
      ),
    deliver: async (mail) => {
      const failure = await send(mail).then(() => null, toFailure);
      await deps.db.query(
        failure === null ? updateMailSent(mail) : failedStatement(deps, mail, failure),
      );
    },
  });
}

interface MailFailure {
  readonly text: string;
  /** The server refused this very mail for good. */
  readonly isPermanent: boolean;
}

function failedStatement(deps: NotificationDeps, mail: MailRow, failure: MailFailure) {
  const retry = failure.isPermanent ? null : retrySeconds(mailRetrySchedule, mail.attempts);
  // No address and no text of the server, which may repeat it.
  const fields = { mail_id: mail.id, topic: mail.topic, attempts: mail.attempts };
  if (retry === null) deps.log.warn(fields, 'a mail was given up');
  else deps.log.info({ ...fields, retry_seconds: retry }, 'a mail could not be sent yet');
  return updateMailFailed(mail, failure.text, retry);
}

const errorCharactersMax = 500;

/** Only what is said of the mail itself is final: a refused login or a wrong port can be mended. */
function toFailure(error: unknown): MailFailure {
  const { code, permanent, message } = error as {
    code?: string;
    permanent?: boolean;
    message?: string;
  };
  const text = String(message ?? error).replaceAll(/\p{Cc}+/gu, ' ');
  return {
    text: text.slice(0, errorCharactersMax),
    isPermanent: permanent === true && (code === 'EENVELOPE' || code === 'EMESSAGE'),
  };
}

function openSmtp(deps: NotificationDeps, smtpUrl: string, { attemptMsMax }: MailTiming) {
  const transport = createTransport(smtpUrl, {
    // Nothing of a mail may name a file or a URL that nodemailer would read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const sender = parseSender(deps.mail.from) ?? { name: '', address: deps.mail.from };
  return async (mail: MailRow): Promise<void> => {
    const { subject, text, html } = composeMail(deps, mail, true);
    await transport.sendMail({
      from: sender,
      to: { name: '', address: mail.recipient_email },
      subject,
      text,
      html,
      messageId: messageIdOf(mail, deps.mail.from),
      headers: { 'Auto-Submitted': 'auto-generated', ...unsubscribeHeaders(deps, mail) },
      signal: AbortSignal.timeout(attemptMsMax),
    });
  };
}

/** RFC 8058 wants https for the one-click request. */
function unsubscribeHeaders(deps: NotificationDeps, mail: MailRow): Record<string, string> {
  const url = unsubscribeUrlOf(deps, mail);
  if (url === null) return {};
  const oneClick = url.startsWith('https:')
    ? { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
    : {};
  return { 'List-Unsubscribe': `<${url}>`, ...oneClick };
}
