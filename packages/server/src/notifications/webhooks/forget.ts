import type { NotificationDeps } from '../deps.ts';
import { deleteOldEvents, deleteOrphanedEvents } from './delivery-sql.ts';
import { forgetPreviousSecrets } from './sql.ts';

const keptDays = 30;
const rowsMax = 5_000;

/**
 * Deletes deliveries of more than 30 days ago with their events, events that have none any more, and
 * secrets that sign nothing more.
 */
export async function forgetWebhooks({ db, clock }: NotificationDeps): Promise<void> {
  await db.query(forgetPreviousSecrets);
  while ((await db.query(deleteOldEvents(keptDays, rowsMax))).length > 0);
  // When an event happened is business time; when it was sent is not.
  const before = new Date(clock.now().getTime() - keptDays * 86_400_000);
  while ((await db.query(deleteOrphanedEvents(before, rowsMax))).length === rowsMax);
}
