import type { NotificationDeps } from '../deps.ts';
import { deleteOldEvents } from './delivery-sql.ts';
import { forgetPreviousSecrets } from './sql.ts';

const keptDays = 30;
const rowsMax = 5_000;

/** Deletes deliveries of more than 30 days ago with their events, and secrets that sign nothing more. */
export async function forgetWebhooks({ db }: NotificationDeps): Promise<void> {
  await db.query(forgetPreviousSecrets);
  for (;;) {
    const rows = await db.query(deleteOldEvents(keptDays, rowsMax));
    if (rows.length === 0) return;
  }
}
