import type { NotificationDeps } from '../deps.ts';
import { mailWaitingHoursMax } from './send-mail.ts';
import { deleteOldMails, giveUpExpiredLinks, giveUpOldMails } from './sql.ts';

const keptDays = 90;
const rowsMax = 5_000;

/**
 * Takes expired links out of the database, gives up what is too late to send, and forgets mails of
 * more than 90 days ago. Without SMTP nothing is given up: mails are read where they stand.
 */
export async function expireMails(deps: NotificationDeps): Promise<void> {
  await deps.db.query(giveUpExpiredLinks);
  if (deps.mail.smtpUrl !== null) await deps.db.query(giveUpOldMails(mailWaitingHoursMax));
  for (;;) {
    const rows = await deps.db.query(deleteOldMails(keptDays, rowsMax));
    if (rows.length < rowsMax) return;
  }
}
