import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database, Queryable } from '../db/pool.ts';
import type { Resolver } from '../http/outbound/outbound-target.ts';
import type { Secrets } from '../secrets.ts';

export interface MailSettings {
  /** Null: mails stay in the database, where people can read them. */
  readonly smtpUrl: string | null;
  /** `Mutate <mail@example.com>` or the address alone. */
  readonly from: string;
}

export interface WebhookSettings {
  /** Private hosts that the operator lets endpoints name: `name` or `name:port`, in lower case. */
  readonly allowedHosts: readonly string[];
  readonly resolve: Resolver;
}

export interface NotificationDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly mail: MailSettings;
  readonly webhooks: WebhookSettings;
  /** A conversion as the API shows it; null: there is none. */
  readonly presentConversion: (
    db: Queryable,
    organizationId: string,
    jobId: string,
  ) => Promise<object | null>;
  /** Known only when the server listens. */
  readonly publicUrl: () => string;
}
