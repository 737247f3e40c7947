import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import type { Context } from '../context.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { addMember } from '../test/members.ts';
import { notificationsOn } from '../test/notifications.ts';
import { scenario } from '../test/scenario.ts';
import type { NotificationDeps } from './deps.ts';
import { fanOut } from './fan-out.ts';
import { forgetAnnouncements } from './forget-announcements.ts';
import type { MailRow } from './mail/sql.ts';
import { announce } from './outbox.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let deps: NotificationDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = notificationsOn(database.db, clock);
});
afterAll(() => database.close());

const mailsOf = (organizationId: string) =>
  database.db.query<MailRow>(sql`SELECT * FROM mail_messages
    WHERE organization_id = ${organizationId} ORDER BY recipient_email`);

const addressesOf = async (organizationId: string) =>
  (await mailsOf(organizationId)).map((mail) => mail.recipient_email);

async function workspace() {
  const { ctx, organizationId } = await scenario(database.db, clock).organization().create();
  const people = {
    owner: await addMember(database.db, organizationId, 'owner'),
    admin: await addMember(database.db, organizationId, 'admin'),
    billing: await addMember(database.db, organizationId, 'billing'),
    member: await addMember(database.db, organizationId, 'member'),
  };
  return { ctx, organizationId, ...people };
}

const announceUsage = (ctx: Context, used = 80) =>
  announce(database.db, ctx, {
    topic: 'usage.threshold_reached',
    dedupeKey: `usage.threshold_reached:1:${used}`,
    payload: { period_start: '2027-01-31T10:00:00.000Z', thresholds: [80], used, limit: 100 },
  });
const announcePaid = (ctx: Context, total = 1_900) =>
  announce(database.db, ctx, {
    topic: 'invoice.paid',
    dedupeKey: `invoice.paid:inv_1:${total}`,
    payload: {
      invoice_id: 'inv_1',
      number: 'M-1',
      total_minor: total,
      amount_due_minor: 0,
      currency: 'jpy',
      hosted_invoice_url: null,
    },
  });

describe('an announcement', () => {
  test('of usage goes to owners and admins', async () => {
    const { ctx, organizationId, owner, admin } = await workspace();
    await announceUsage(ctx);
    await fanOut(deps);
    expect(await addressesOf(organizationId)).toEqual([admin.email, owner.email]);
  });

  test('of a payment goes to owners, billing members and the billing address, to each once', async () => {
    const { ctx, organizationId, owner, billing } = await workspace();
    await database.db.query(sql`UPDATE organization
      SET billing_email = ${owner.email.toUpperCase()} WHERE id = ${organizationId}`);
    await announcePaid(ctx);
    await fanOut(deps);
    expect(await addressesOf(organizationId)).toEqual([billing.email, owner.email]);
    await database.db.query(sql`UPDATE organization
      SET billing_email = 'accounts@example.com' WHERE id = ${organizationId}`);
    await announcePaid(ctx, 2_000);
    await fanOut(deps);
    expect(await addressesOf(organizationId)).toContain('accounts@example.com');
  });

  test('of a payment goes to no billing address of a member who switched them off', async () => {
    const { ctx, organizationId, owner, billing } = await workspace();
    await database.db.query(sql`UPDATE organization
      SET billing_email = ${owner.email.toUpperCase()} WHERE id = ${organizationId}`);
    await database.db.query(sql`INSERT INTO notification_preferences
      VALUES (${organizationId}, ${owner.userId}, 'billing', false, now())`);
    await announcePaid(ctx);
    await fanOut(deps);
    expect(await addressesOf(organizationId)).toEqual([billing.email]);
  });

  test('of a suspension is told to whoever switched everything off that can be', async () => {
    const { ctx, organizationId, owner, admin } = await workspace();
    for (const category of ['usage', 'billing', 'digest']) {
      await database.db.query(sql`INSERT INTO notification_preferences
        VALUES (${organizationId}, ${owner.userId}, ${category}, false, now())`);
    }
    await announceUsage(ctx);
    await announcePaid(ctx);
    const payload = { reason: 'Abuse' };
    await announce(database.db, ctx, { topic: 'workspace.suspended', dedupeKey: 'x', payload });
    await fanOut(deps);
    const mails = await mailsOf(organizationId);
    const toOwner = mails.filter((mail) => mail.recipient_email === owner.email);
    expect(toOwner.map((mail) => mail.topic)).toEqual(['workspace.suspended']);
    expect(mails.some((mail) => mail.recipient_email === admin.email)).toBe(true);
  });

  test('is told to no banned person and to no address that is none', async () => {
    const { ctx, organizationId, owner, admin } = await workspace();
    await database.db.query(sql`UPDATE "user" SET banned = true WHERE id = ${owner.userId}`);
    await database.db.query(sql`UPDATE "user" SET email = ${`a@b\r\nBcc: c@d.e ${admin.userId}`}
      WHERE id = ${admin.userId}`);
    await announceUsage(ctx);
    await fanOut(deps);
    expect(await mailsOf(organizationId)).toEqual([]);
  });

  test('of an invoice over nothing makes no mail', async () => {
    const { ctx, organizationId } = await workspace();
    await announcePaid(ctx, 0);
    await fanOut(deps);
    expect(await mailsOf(organizationId)).toEqual([]);
  });

  test('is told once, however many processes look at once', async () => {
    const { ctx, organizationId } = await workspace();
    for (let used = 80; used < 90; used++) await announceUsage(ctx, used);
    const counts = await Promise.all(Array.from({ length: 6 }, () => fanOut(deps)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(10);
    expect(await mailsOf(organizationId)).toHaveLength(20);
    expect(await fanOut(deps)).toBe(0);
  });

  test('goes before conversions that ended long before it', async () => {
    const { ctx, organizationId } = await workspace();
    await database.db.query(sql`INSERT INTO outbox (organization_id, topic, dedupe_key, payload,
        created_at) SELECT ${organizationId}, 'conversion.succeeded', n::text, '{"job_id": "job_1"}',
        now() FROM generate_series(1, 201) n`);
    await announceUsage(ctx);
    expect(await fanOut(deps)).toBe(202);
    const [first] = await database.db.query<{ topic: string }>(sql`SELECT topic FROM outbox
      WHERE organization_id = ${organizationId} ORDER BY processed_at LIMIT 1`);
    expect(first?.topic).toBe('usage.threshold_reached');
  });

  test('keeps the time zone of its workspace', async () => {
    const { ctx, organizationId } = await workspace();
    await database.db.query(sql`UPDATE organization SET time_zone = 'Asia/Tokyo'
      WHERE id = ${organizationId}`);
    await announcePaid(ctx);
    await fanOut(deps);
    expect((await mailsOf(organizationId))[0]?.context).toEqual({
      workspace: 'Acme',
      time_zone: 'Asia/Tokyo',
    });
  });

  test('that cannot be processed holds up no other', async () => {
    const { ctx, organizationId } = await workspace();
    await database.db.query(sql`INSERT INTO outbox (organization_id, topic, dedupe_key, payload,
        created_at) VALUES (${organizationId}, 'auth.password_reset', 'broken',
        '{"recipient_email": "a@b.example", "url": "x", "expires_at": "never"}', now())`);
    await announceUsage(ctx);
    await fanOut(deps);
    expect(await mailsOf(organizationId)).toHaveLength(2);
    await database.db.query(sql`DELETE FROM outbox WHERE dedupe_key = 'broken'`);
  });
});

test('however much was told of conversions, a day later all of it is forgotten', async () => {
  const { organizationId } = await workspace();
  await database.db.query(sql`INSERT INTO outbox (organization_id, topic, dedupe_key, payload,
      created_at, processed_at)
    SELECT ${organizationId}, CASE WHEN n > 12000 THEN 'invoice.paid' ELSE 'conversion.succeeded' END,
      n::text, '{}', now(), now() - interval '25 hours' FROM generate_series(1, 12001) n`);
  await forgetAnnouncements(deps);
  const left = await database.db.query(sql`SELECT topic FROM outbox
    WHERE organization_id = ${organizationId}`);
  expect(left).toEqual([{ topic: 'invoice.paid' }]);
});

describe('a link that is good once', () => {
  const token = 'token-that-nobody-may-read';

  async function announceReset(ctx: Context, expiresAt: Date) {
    const { organization: _, ...platform } = ctx;
    await announce(database.db, platform, {
      topic: 'auth.password_reset',
      dedupeKey: `auth.password_reset:${expiresAt.toISOString()}`,
      payload: {
        recipient_email: 'ada@example.com',
        url: `https://mutate.test/reset?token=${token}`,
        name: 'Ada',
        expires_at: expiresAt.toISOString(),
      },
    });
  }

  test('stands nowhere in clear once it is fanned out', async () => {
    const { ctx } = await workspace();
    await announceReset(ctx, new Date(Date.now() + 60_000));
    await fanOut(deps);
    const [mail] = await mailsOf('platform');
    expect(mail).toMatchObject({ recipient_email: 'ada@example.com', category: 'account' });
    expect(mail?.link_sealed).toMatch(/^v1\./);
    const rows = await database.db.query<{ text: string }>(sql`
      SELECT b::text AS text FROM outbox b UNION ALL SELECT m::text FROM mail_messages m`);
    for (const { text } of rows) expect(text).not.toContain(token);
  });
});
