import type { Clock } from '../clock.ts';
import { presentConversion } from '../conversions/present-conversion.ts';
import type { Database } from '../db/pool.ts';
import { systemResolver } from '../http/outbound/outbound-target.ts';
import type { NotificationDeps } from '../notifications/deps.ts';
import { createSecrets } from '../secrets.ts';
import { quietLog } from './server.ts';

/** What the notifications need, on a test's database; mails stay in it unless a server is named. */
export function notificationsOn(
  db: Database,
  clock: Clock,
  given: Partial<NotificationDeps> = {},
): NotificationDeps {
  return {
    db,
    clock,
    log: { ...quietLog, warn: () => undefined },
    secrets: createSecrets('a secret for tests only, and no other'),
    mail: { smtpUrl: null, from: 'Mutate <mail@mutate.test>' },
    webhooks: { allowedHosts: [], resolve: systemResolver },
    presentConversion: (queryable, organizationId, jobId) =>
      presentConversion(queryable, organizationId, jobId, 'https://mutate.test'),
    publicUrl: () => 'https://mutate.test',
    ...given,
  };
}

/** Looks again and again until there is something, at most for some seconds. */
export async function until<Value>(
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
  secondsMax = 25,
): Promise<Value> {
  const end = performance.now() + secondsMax * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not so within ${secondsMax} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
