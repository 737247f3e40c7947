import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { addMember } from '../test/members.ts';
import { notificationsOn } from '../test/notifications.ts';
import { scenario } from '../test/scenario.ts';
import { queueDigests } from './digest.ts';
import type { NotificationDeps } from './deps.ts';
import { fanOut } from './fan-out.ts';

// A Wednesday.
const clock = new ManualClock('2027-01-20T10:00:00Z');
let database: TestDatabase;
let deps: NotificationDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = notificationsOn(database.db, clock);
});
afterAll(() => database.close());

const digestsOf = (organizationId: string) =>
  database.db.query<{ payload: Record<string, unknown> }>(sql`SELECT payload FROM outbox
    WHERE organization_id = ${organizationId} AND topic = 'usage.digest' ORDER BY id`);

async function workspace(timeZone: string) {
  clock.set('2027-01-20T10:00:00Z');
  const { organizationId } = await scenario(database.db, clock).organization().used(3).create();
  await database.db.query(sql`UPDATE organization SET time_zone = ${timeZone}
    WHERE id = ${organizationId}`);
  const member = await addMember(database.db, organizationId, 'member');
  const wants = (enabled: boolean) =>
    database.db.query(sql`INSERT INTO notification_preferences
      VALUES (${organizationId}, ${member.userId}, 'digest', ${enabled}, now())
      ON CONFLICT (organization_id, user_id, category) DO UPDATE SET enabled = excluded.enabled`);
  return { organizationId, member, wants };
}

describe('the weekly digest', () => {
  test('is made for nobody who did not ask for it', async () => {
    const { organizationId, wants } = await workspace('UTC');
    await wants(false);
    clock.set('2027-01-25T09:00:00Z');
    await queueDigests(deps);
    expect(await digestsOf(organizationId)).toEqual([]);
  });

  test('tells the week that is over, once, from Monday 08:00 of the workspace on', async () => {
    const { organizationId, member, wants } = await workspace('America/New_York');
    await wants(true);
    clock.set('2027-01-25T12:59:00Z');
    await queueDigests(deps);
    const before = await digestsOf(organizationId);
    expect(before.map(({ payload }) => payload.week_end)).toEqual(['2027-01-18T05:00:00.000Z']);
    for (const at of ['2027-01-25T13:00:00Z', '2027-01-26T13:00:00Z', '2027-01-31T23:00:00Z']) {
      clock.set(at);
      await queueDigests(deps);
    }
    const [, digest, ...more] = await digestsOf(organizationId);
    expect(more).toEqual([]);
    expect(digest?.payload).toEqual({
      week_start: '2027-01-18T05:00:00.000Z',
      week_end: '2027-01-25T05:00:00.000Z',
      conversions: 3,
      previous_conversions: 0,
      failed: 0,
      by_type: [{ type: 'CSV_TO_JSON', conversions: 3 }],
      period: { used: 3, limit: 100, end: '2027-02-20T10:00:00.000Z' },
    });
    await fanOut(deps);
    const mails = await database.db.query(sql`SELECT recipient_email, category FROM mail_messages
      WHERE organization_id = ${organizationId}`);
    expect(mails).toEqual([
      { recipient_email: member.email, category: 'digest' },
      { recipient_email: member.email, category: 'digest' },
    ]);
  });

  test('is told once of a week whose workspace changes its time zone', async () => {
    const { organizationId, wants } = await workspace('Asia/Tokyo');
    await wants(true);
    clock.set('2027-01-25T13:30:00Z');
    await queueDigests(deps);
    await database.db.query(sql`UPDATE organization SET time_zone = 'America/New_York'
      WHERE id = ${organizationId}`);
    await queueDigests(deps);
    expect(await digestsOf(organizationId)).toHaveLength(1);
  });

  test('a clock that jumps over weeks makes one digest, of the last week', async () => {
    const { organizationId, wants } = await workspace('UTC');
    await wants(true);
    clock.set('2027-03-31T10:00:00Z');
    await queueDigests(deps);
    const [digest, ...more] = await digestsOf(organizationId);
    expect(more).toEqual([]);
    expect(digest?.payload).toMatchObject({
      week_start: '2027-03-22T00:00:00.000Z',
      week_end: '2027-03-29T00:00:00.000Z',
      conversions: 0,
    });
  });
});
