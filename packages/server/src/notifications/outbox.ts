import type { Context, PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { insertAnnouncement } from './sql.ts';
import type { Announcements, Topic } from './topics.ts';

/** What belongs to no workspace, e.g. the mail that verifies a new user's address. */
const platformOutbox = 'platform';

export interface Announcement<Name extends Topic> {
  readonly topic: Name;
  /** `topic:object id:object status`: a cause that is met again is told once. */
  readonly dedupeKey: string;
  readonly payload: Announcements[Name];
}

/**
 * Tells of something: mails and webhooks follow to whoever is to know, once the transaction that made
 * it true is committed. Of a `dedupeKey` that was announced before nothing is told. Costs one row.
 *
 * @param ctx names the workspace; a context without one is for what belongs to none
 */
export async function announce<Name extends Topic>(
  tx: Queryable,
  ctx: PlatformContext | Context,
  announcement: Announcement<Name>,
): Promise<void> {
  const organizationId = 'organization' in ctx ? ctx.organization.id : platformOutbox;
  const { topic, dedupeKey, payload } = announcement;
  await tx.query(
    insertAnnouncement({
      organizationId,
      topic,
      dedupeKey,
      payload: JSON.stringify(payload),
      createdAt: ctx.clock.now(),
    }),
  );
}
