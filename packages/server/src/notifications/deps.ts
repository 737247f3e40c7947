import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import type { Secrets } from '../secrets.ts';

export interface MailSettings {
  /** Null: mails stay in the database, where people can read them. */
  readonly smtpUrl: string | null;
  /** `Mutate <mail@example.com>` or the address alone. */
  readonly from: string;
}

export interface NotificationDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly mail: MailSettings;
  /** Known only when the server listens. */
  readonly publicUrl: () => string;
}
