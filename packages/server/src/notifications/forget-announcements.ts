import type { NotificationDeps } from './deps.ts';
import { deleteOldAnnouncements } from './sql.ts';

const rowsMax = 5_000;

/** Deletes all that was told long ago, in statements that each hold few rows. */
export async function forgetAnnouncements({ db }: NotificationDeps): Promise<void> {
  for (;;) {
    const rows = await db.query(deleteOldAnnouncements(rowsMax));
    if (rows.length < rowsMax) return;
  }
}
