import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { queueDigests } from '../digest.ts';
import { startMailServer, type TestMailServer } from '../../test/mail-server.ts';
import { until } from '../../test/notifications.ts';
import { openBrowser, testPassword } from '../../test/people.ts';
import { startTestService, type TestService } from '../../test/service.ts';

let server: TestMailServer;
let tested: TestService;
beforeAll(async () => {
  server = await startMailServer();
  const env = { SMTP_URL: server.url, MAIL_FROM: 'Mutate <mail@mutate.test>' };
  tested = await startTestService({ env });
});
afterAll(async () => {
  await tested.close();
  await server.close();
});

const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;
const mailNumber = (count: number) => until(() => server.mails[count - 1]);

test(
  'somebody signs up by mail, wants the digest, and stops it again',
  { timeout: 120_000 },
  async () => {
    const browser = openBrowser(tested);
    const person = { name: 'Grace', email: 'grace@example.com', password: testPassword };
    await browser.call('POST /api/auth/sign-up/email', person);
    const confirm = await mailNumber(1);
    expect(confirm.subject).toBe('Confirm your e-mail address');
    const [, link = ''] = /Confirm address:\s+(\S+)/.exec(confirm.text ?? '') ?? [];
    expect((await browser.call(`GET ${pathOf(link)}` as 'GET /')).status).toBe(302);
    const token = new URL(link).searchParams.get('token') ?? link;
    await until(async () => {
      const rows = await tested.database.db.query<{ text: string }>(sql`
      SELECT m::text AS text FROM mail_messages m WHERE status = 'sent'
      UNION ALL SELECT b::text FROM outbox b WHERE processed_at IS NOT NULL`);
      return rows.length > 1 && rows.every(({ text }) => !text.includes(token));
    });

    const me = await browser.call('GET /v1/me');
    const [workspace] = me.body.workspaces as { id: string }[];
    const own = `/v1/workspaces/${workspace?.id}/notifications` as const;
    const changed = await browser.call(`PATCH ${own}`, { digest: true });
    expect([changed.status, changed.body.email]).toEqual([200, person.email]);
    // The chore looks every five minutes.
    await queueDigests(tested.service.notifications);
    const digest = await mailNumber(2);
    expect(digest.subject).toContain('conversions in a week');
    const [, stop = ''] = /Stop these mails:\s+(\S+)/.exec(digest.text ?? '') ?? [];
    const asked = await tested.fetch(pathOf(stop));
    expect(await asked.text()).toContain('<form method="post">');
    const stopped = await tested.fetch(pathOf(stop), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'List-Unsubscribe=One-Click',
    });
    expect(stopped.status).toBe(200);
    const after = await browser.call(`GET ${own}`);
    expect(after.body).toMatchObject({ digest: false, usage: true });
  },
);
