import { startChore } from '../chore.ts';
import type { NotificationDeps } from './deps.ts';
import { queueDigests } from './digest.ts';
import { fanOut } from './fan-out.ts';
import { forgetAnnouncements } from './forget-announcements.ts';
import { expireMails } from './mail/expire-mails.ts';
import { mailTiming, startMailLoop, type MailTiming } from './mail/send-mail.ts';
import { forgetWebhooks } from './webhooks/forget.ts';
import { startWebhookLoop, webhookTiming, type WebhookTiming } from './webhooks/send-webhook.ts';

export interface NotificationTiming {
  readonly fanOutEveryMs: number;
  readonly mail: MailTiming;
  readonly webhooks: WebhookTiming;
}

const timingByDefault: NotificationTiming = {
  fanOutEveryMs: 500,
  mail: mailTiming,
  webhooks: webhookTiming,
};

/** Tells what was announced, in a process that works: any number of them may. */
export function startNotifications(
  deps: NotificationDeps,
  timing: NotificationTiming = timingByDefault,
): { stop(): Promise<void> } {
  const { log, mail } = deps;
  const loops = [
    startWebhookLoop(deps, timing.webhooks),
    ...(mail.smtpUrl === null ? [] : [startMailLoop(deps, mail.smtpUrl, timing.mail)]),
  ];
  const chores = [
    startChore('tell', timing.fanOutEveryMs, log, async () => {
      if ((await fanOut(deps)) > 0) for (const loop of loops) loop.wake();
    }),
    startChore('expire mails', 60_000, log, () => expireMails(deps)),
    startChore('digests', 300_000, log, () => queueDigests(deps)),
    startChore('forget webhooks', 600_000, log, () => forgetWebhooks(deps)),
    startChore('forget announcements', 600_000, log, () => forgetAnnouncements(deps)),
  ];
  return {
    stop: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
