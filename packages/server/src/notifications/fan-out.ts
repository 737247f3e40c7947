import type { NotificationDeps } from './deps.ts';
import { isPersonal, queueMails } from './mail/queue-mails.ts';
import {
  listWaitingAnnouncements,
  listWaitingConversions,
  lockAnnouncement,
  updateAnnouncementProcessed,
  type WaitingAnnouncement,
} from './sql.ts';
import { queueWebhooks } from './webhooks/queue-webhooks.ts';

const pageRowsMax = 200;

interface Waiting {
  readonly organization_id: string;
  readonly id: number;
}

/**
 * Makes mails and webhook deliveries of what was announced: each announcement in one transaction, so
 * that everybody gets exactly one of it, whenever this process dies and however many run it. One that
 * fails is told in the log and holds up no other. Ended conversions, of which there may be thousands,
 * come a page at a time after all else.
 *
 * @returns how many were processed
 */
export async function fanOut(deps: NotificationDeps): Promise<number> {
  const failed = new Set<number>();
  let processed = 0;
  for (let after = 0; ;) {
    processed += await fanOutFirst(deps, failed);
    const page = await deps.db.query<Waiting>(listWaitingConversions(after, pageRowsMax));
    processed += await fanOutPage(deps, page, failed);
    if (page.length < pageRowsMax) return processed;
    after = page.at(-1)?.id ?? after;
  }
}

async function fanOutFirst(deps: NotificationDeps, failed: Set<number>): Promise<number> {
  let processed = 0;
  for (let after = 0; ;) {
    const page = await deps.db.query<Waiting>(listWaitingAnnouncements(after, pageRowsMax));
    processed += await fanOutPage(deps, page, failed);
    if (page.length < pageRowsMax) return processed;
    after = page.at(-1)?.id ?? after;
  }
}

/** Those that failed in this turn are left for the next. */
async function fanOutPage(
  deps: NotificationDeps,
  page: readonly Waiting[],
  failed: Set<number>,
): Promise<number> {
  let processed = 0;
  for (const { organization_id: organizationId, id } of page) {
    if (failed.has(id)) continue;
    try {
      processed += await fanOutOne(deps, organizationId, id);
    } catch (error) {
      failed.add(id);
      deps.log.warn({ err: error, outbox_id: id }, 'an announcement was not processed');
    }
  }
  return processed;
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
