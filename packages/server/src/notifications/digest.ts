import type { Context } from '../context.ts';
import { newId } from '../ids.ts';
import {
  findDigestWeek,
  findUsageOfWeek,
  listOrganizationsWithDigest,
  type WeekRange,
} from './digest-sql.ts';
import type { NotificationDeps } from './deps.ts';
import { announce } from './outbox.ts';
import type { Announcements } from './topics.ts';

const pageRowsMax = 200;

/**
 * Announces the digest of the week that is over, for each workspace in which somebody wants it: from
 * Monday 08:00 of the workspace's time on, once a week by the business clock. Weeks that passed while
 * nothing ran are left out.
 */
export async function queueDigests(deps: NotificationDeps): Promise<void> {
  for (let after = ''; ;) {
    const page = await deps.db.query<{ id: string; time_zone: string }>(
      listOrganizationsWithDigest(after, pageRowsMax),
    );
    for (const { id, time_zone: timeZone } of page) {
      after = id;
      await queueDigest(deps, id, timeZone);
    }
    if (page.length < pageRowsMax) return;
  }
}

async function queueDigest(deps: NotificationDeps, id: string, timeZone: string): Promise<void> {
  const { db, clock } = deps;
  const [week] = await db.query<WeekRange>(findDigestWeek(timeZone, clock.now()));
  if (week === undefined) return;
  const [usage] = await db.query<Omit<Announcements['usage.digest'], 'week_start' | 'week_end'>>(
    findUsageOfWeek(id, week, clock.now()),
  );
  if (usage === undefined) return;
  const ctx: Context = {
    ...deps,
    actor: { kind: 'system', id: 'digest' },
    requestId: newId('req', clock.now().getTime()),
    organization: { id },
  };
  await announce(db, ctx, {
    topic: 'usage.digest',
    // A date, not a moment: the week is the same one in another time zone.
    dedupeKey: `usage.digest:${id}:${week.monday}`,
    payload: { week_start: week.week_start, week_end: week.week_end, ...usage },
  });
}
