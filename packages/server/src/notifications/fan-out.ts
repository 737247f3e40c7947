import type { NotificationDeps } from './deps.ts';
import { isPersonal, queueMails } from './mail/queue-mails.ts';
import {
  listWaitingAnnouncements,
  lockAnnouncement,
  updateAnnouncementProcessed,
  type WaitingAnnouncement,
} from './sql.ts';
import { queueWebhooks } from './webhooks/queue-webhooks.ts';

const pageRowsMax = 200;

/**
 * Makes mails and webhook deliveries of what was announced: each announcement in one transaction, so
 * that everybody gets exactly one of it, whenever this process dies and however many run it. One that
 * fails is told in the log and holds up no other.
 *
 * @returns how many were processed
 */
export async function fanOut(deps: NotificationDeps): Promise<number> {
  let processed = 0;
  for (let after = 0; ;) {
    const page = await deps.db.query<{ organization_id: string; id: number }>(
      listWaitingAnnouncements(after, pageRowsMax),
    );
    for (const { organization_id: organizationId, id } of page) {
      after = id;
      try {
        processed += await fanOutOne(deps, organizationId, id);
      } catch (error) {
        deps.log.warn({ err: error, outbox_id: id }, 'an announcement was not processed');
      }
    }
    if (page.length < pageRowsMax) return processed;
  }
}

function fanOutOne(deps: NotificationDeps, organizationId: string, id: number): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const [announcement] = await tx.query<WaitingAnnouncement>(
      lockAnnouncement(organizationId, id),
    );
    if (announcement === undefined) return 0;
    await queueMails(tx, deps, announcement);
    await queueWebhooks(tx, deps, announcement);
    const erase = isPersonal(announcement.topic);
    await tx.query(updateAnnouncementProcessed(organizationId, id, erase));
    return 1;
  });
}
