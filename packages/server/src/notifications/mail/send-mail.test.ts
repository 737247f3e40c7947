import type { ParsedMail } from 'mailparser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import type { Log } from '../../context.ts';
import { sql } from '../../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { smtpError, startMailServer, type TestMailServer } from '../../test/mail-server.ts';
import { addMember } from '../../test/members.ts';
import { notificationsOn, until } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import type { NotificationDeps } from '../deps.ts';
import { announce } from '../outbox.ts';
import { startNotifications } from '../start.ts';
import { webhookTiming } from '../webhooks/send-webhook.ts';
import { expireMails } from './expire-mails.ts';
import { mailRetrySchedule } from './send-mail.ts';
import type { MailRow } from './sql.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
const timing = {
  fanOutEveryMs: 20,
  mail: { attemptMsMax: 5_000, leaseSeconds: 8, everyMs: 20 },
  webhooks: webhookTiming,
};
let database: TestDatabase;
let server: TestMailServer;
let deps: NotificationDeps;
let running: { stop(): Promise<void> };
const logged: unknown[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  server = await startMailServer();
  logged.length = 0;
  const note = (fields: object, message?: string) => logged.push({ ...fields, message });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const mail = { smtpUrl: server.url, from: 'Mutate <mail@mutate.test>' };
  deps = notificationsOn(database.db, clock, { mail, log });
  running = startNotifications(deps, timing);
});
afterEach(async () => {
  await running.stop();
  await server.close();
});

let told = 0;

/** Tells the one owner of a new workspace of something, and answers what there is in the table. */
async function tell(name = 'Acme') {
  const { ctx, organizationId } = await scenario(database.db, clock).organization(name).create();
  const owner = await addMember(database.db, organizationId, 'owner');
  told += 1;
  await announce(database.db, ctx, {
    topic: 'usage.threshold_reached',
    dedupeKey: `usage.threshold_reached:${told}`,
    payload: { period_start: '2027-01-31T10:00:00.000Z', thresholds: [80], used: 80, limit: 100 },
  });
  const find = async () => {
    const [row] = await database.db.query<MailRow>(sql`SELECT * FROM mail_messages
      WHERE organization_id = ${organizationId}`);
    return row;
  };
  const inState = (wanted: (row: MailRow) => boolean) =>
    until(async () => {
      const row = await find();
      return row !== undefined && wanted(row) && row;
    });
  return { organizationId, owner, find, inState };
}

const makeDue = (organizationId: string) =>
  database.db.query(sql`UPDATE mail_messages SET next_attempt_at = clock_timestamp()
    WHERE organization_id = ${organizationId}`);

const secondsUntil = async (organizationId: string) => {
  const [row] = await database.db.query<{ seconds: number }>(sql`
    SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::integer AS seconds
    FROM mail_messages WHERE organization_id = ${organizationId}`);
  return row?.seconds ?? -1;
};

const headerOf = (mail: ParsedMail | undefined, name: string) => mail?.headers.get(name);

describe('a mail', () => {
  test('arrives as text and HTML, under an id of its own, with a way to stop it', async () => {
    const { owner, inState } = await tell();
    const row = await inState(({ status }) => status === 'sent');
    const [mail] = server.mails;
    expect(server.mails).toHaveLength(1);
    expect(mail?.subject).toBe("Acme: 80 % of the month's conversions are used");
    expect(mail?.from?.text).toBe('"Mutate" <mail@mutate.test>');
    expect([mail?.to].flat()[0]?.text).toBe(owner.email);
    expect(mail?.messageId).toBe(`<${row.id}@mutate.test>`);
    expect(mail?.text).toContain('80 of 100');
    expect(mail?.html).toContain('<td');
    expect(headerOf(mail, 'auto-submitted')).toBe('auto-generated');
    expect(mail?.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line).toMatch(
      /^List-Unsubscribe:\s+<https:\/\/mutate\.test\/v1\/unsubscribe\/[\w.-]+>$/,
    );
    expect(mail?.headerLines.find(({ key }) => key === 'list-unsubscribe-post')?.line).toBe(
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    );
    expect(row).toMatchObject({ attempts: 1, last_error: null });
  });

  test('has no header but ours, whatever the workspace is called', async () => {
    const { organizationId, inState } = await tell();
    await inState(({ status }) => status === 'sent');
    await database.db.query(sql`UPDATE mail_messages SET status = 'waiting',
      next_attempt_at = clock_timestamp(), context = jsonb_set(context, '{workspace}',
        ${JSON.stringify('Acme\r\nBcc: eve@example.com\r\nX-Evil: 1\r\n\r\n<script>')}::jsonb)
      WHERE organization_id = ${organizationId}`);
    const mail = await until(() => server.mails[1]);
    expect(mail.headers.has('bcc')).toBe(false);
    expect(mail.headers.has('x-evil')).toBe(false);
    expect(mail.html).not.toContain('<script>');
    expect(mail.subject).toMatch(/^Acme Bcc: eve@example\.com X-Evil: 1 <script>: 80 %/);
  });

  test('that is refused for now is tried again after the schedule, under the same id', async () => {
    let refusals = 0;
    server.rules = {
      onMail: () => {
        refusals += 1;
        if (refusals === 1) throw smtpError(451, 'greylisted, come back');
      },
    };
    const { organizationId, inState } = await tell();
    const first = await inState((row) => row.last_error !== null);
    expect(first).toMatchObject({ status: 'waiting', attempts: 1 });
    expect(first.last_error).toContain('greylisted');
    const seconds = await secondsUntil(organizationId);
    expect(seconds).toBeGreaterThanOrEqual(30);
    expect(seconds).toBeLessThanOrEqual(66);
    await makeDue(organizationId);
    const row = await inState(({ status }) => status === 'sent');
    expect(row).toMatchObject({ attempts: 2, last_error: null });
    expect(server.mails[0]?.messageId).toBe(`<${row.id}@mutate.test>`);
  });

  test('waits longer after each attempt, and is given up visibly after the last', async () => {
    server.rules = {
      onMail: () => {
        throw smtpError(452, 'no room');
      },
    };
    const { organizationId, inState } = await tell();
    for (const [index, wanted] of mailRetrySchedule.entries()) {
      await inState((row) => row.attempts === index + 1 && row.last_error !== null);
      // More than the lease of an attempt under way.
      await until(async () => (await secondsUntil(organizationId)) > 15);
      const seconds = await secondsUntil(organizationId);
      expect(seconds).toBeLessThanOrEqual(wanted * 1.1);
      expect(seconds).toBeGreaterThan(wanted * 0.9 - 30);
      await makeDue(organizationId);
    }
    const row = await inState(({ status }) => status === 'failed');
    expect(row.attempts).toBe(mailRetrySchedule.length + 1);
    expect(row.last_error).toContain('no room');
    expect(logged).toContainEqual({
      mail_id: row.id,
      topic: row.topic,
      attempts: row.attempts,
      message: 'a mail was given up',
    });
  });

  test('that is refused for good is not tried again', async () => {
    server.rules = { onRecipient: () => smtpError(550, 'no such user') };
    const { inState } = await tell();
    const row = await inState(({ status }) => status === 'failed');
    expect(row).toMatchObject({ attempts: 1 });
    expect(row.last_error).toContain('no such user');
  });

  test('is tried again when the connection is cut after its data, under the same id', async () => {
    let cuts = 0;
    const seen: (string | undefined)[] = [];
    server.rules = {
      onMail: (mail) => {
        seen.push(mail.messageId);
        cuts += 1;
        if (cuts === 1) server.cut();
      },
    };
    const { organizationId, inState } = await tell();
    await inState((row) => row.last_error !== null);
    await makeDue(organizationId);
    await inState(({ status }) => status === 'sent');
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });

  test('to a server that does not answer fails in bounded time and holds up no other', async () => {
    server.rules = {
      onMail: (mail) =>
        mail.subject?.startsWith('Slow') ? new Promise(() => undefined) : undefined,
    };
    const slow = await tell('Slow');
    await until(async () => ((await slow.find())?.attempts ?? 0) > 0);
    const other = await tell('Fast');
    await other.inState(({ status }) => status === 'sent');
    const row = await slow.inState((mail) => mail.last_error !== null);
    expect(row.status).toBe('waiting');
  });

  test('is not sent where no server listens, and goes out when one does', async () => {
    await running.stop();
    await server.close();
    running = startNotifications(deps, timing);
    const { inState } = await tell();
    const row = await inState((mail) => mail.last_error !== null);
    expect(row.status).toBe('waiting');
    server = await startMailServer();
    await running.stop();
    running = startNotifications({ ...deps, mail: { ...deps.mail, smtpUrl: server.url } }, timing);
    await makeDue(row.organization_id);
    await inState(({ status }) => status === 'sent');
  });

  test('leaves no address in the log', async () => {
    server.rules = { onRecipient: (address) => smtpError(550, `no ${address} here`) };
    const { owner, inState } = await tell();
    await inState(({ status }) => status === 'failed');
    expect(JSON.stringify(logged)).not.toContain(owner.email);
  });
});

describe('a mail with a link that is good once', () => {
  async function tellLink(expiresAt: Date, name: string) {
    const { ctx } = await scenario(database.db, clock).organization().create();
    const { organization: _, ...platform } = ctx;
    await announce(database.db, platform, {
      topic: 'auth.email_verification',
      dedupeKey: `auth.email_verification:${name}`,
      payload: {
        recipient_email: `${name}@example.com`,
        url: `https://mutate.test/verify?token=${name}`,
        name: '<b>Ada</b>\r\nBcc: x@y.example',
        expires_at: expiresAt.toISOString(),
      },
    });
    return until(async () => {
      const [row] = await database.db.query<MailRow>(sql`SELECT * FROM mail_messages
        WHERE recipient_email = ${`${name}@example.com`}`);
      return row;
    });
  }

  test('brings the link, and the database forgets it', async () => {
    await tellLink(new Date(Date.now() + 60_000), 'good');
    const mail = await until(() => server.mails[0]);
    expect(mail.text).toContain('https://mutate.test/verify?token=good');
    expect(mail.headers.has('bcc')).toBe(false);
    await until(async () => {
      const [row] = await database.db.query<MailRow>(sql`SELECT * FROM mail_messages
        WHERE recipient_email = 'good@example.com' AND status = 'sent'`);
      return row?.link_sealed === null;
    });
  });

  test('is not sent when the link has expired, and the database forgets it', async () => {
    const row = await tellLink(new Date(Date.now() - 1_000), 'late');
    await expireMails(deps);
    const [after] = await database.db.query<MailRow>(sql`SELECT * FROM mail_messages
      WHERE id = ${row.id}`);
    expect(after).toMatchObject({ status: 'failed', link_sealed: null, attempts: 0 });
    expect(after?.last_error).toContain('expired');
    expect(server.mails).toEqual([]);
  });
});

describe('mails that waited for SMTP', () => {
  test('of more than three days ago are given up, younger ones are sent', async () => {
    await running.stop();
    running = startNotifications({ ...deps, mail: { ...deps.mail, smtpUrl: null } }, timing);
    const [old, young] = [await tell('Old'), await tell('Young')];
    await old.inState(({ status }) => status === 'waiting');
    await young.inState(({ status }) => status === 'waiting');
    await running.stop();
    await database.db.query(sql`UPDATE mail_messages SET queued_at = queued_at - interval '73 hours'
      WHERE organization_id = ${old.organizationId}`);
    running = startNotifications(deps, timing);
    await young.inState(({ status }) => status === 'sent');
    await expireMails(deps);
    expect(await old.find()).toMatchObject({ status: 'failed', attempts: 0 });
    expect(server.mails).toHaveLength(1);
  });
});
