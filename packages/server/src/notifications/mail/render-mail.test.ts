import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { sampleAnnouncements, type SampleAnnouncement } from '../../test/announcements.ts';
import { makesMail, renderMail } from './render-mail.ts';
import type { MailContext } from './templates/template.ts';

const context: MailContext = {
  workspace: 'Acme',
  timeZone: 'Europe/Berlin',
  publicUrl: 'https://mutate.test',
  workspaceUrl: 'https://mutate.test/org_1',
  link: 'https://mutate.test/link?token=secret-token',
};
const stopUrl = 'https://mutate.test/v1/unsubscribe/token';

const render = ({ topic, payload }: SampleAnnouncement, given: Partial<MailContext> = {}) =>
  renderMail(topic, payload, { ...context, ...given }, topic.startsWith('usage') ? stopUrl : null);

function sampleOf(name: string): SampleAnnouncement {
  const found = sampleAnnouncements.find((sample) => sample.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found;
}

const changed = (payload: object, name = 'invoice.paid'): SampleAnnouncement => {
  const sample = sampleOf(name);
  return { ...sample, payload: { ...sample.payload, ...payload } };
};

describe('each mail', () => {
  test.each(sampleAnnouncements)('$name is as its golden files show it', async (sample) => {
    const { text, html } = render(sample);
    await expect(text).toMatchFileSnapshot(`golden/${sample.name}.txt`);
    await expect(html).toMatchFileSnapshot(`golden/${sample.name}.html`);
  });

  test('has golden files, and no golden file is of no mail', async () => {
    const files = await readdir(new URL('golden', import.meta.url));
    const wanted = sampleAnnouncements.flatMap(({ name }) => [`${name}.html`, `${name}.txt`]);
    expect(files.toSorted()).toEqual(wanted.toSorted());
  });

  test.each(sampleAnnouncements)('$name fetches nothing and runs nothing', (sample) => {
    const { html } = render(sample);
    expect(html).not.toMatch(/<(img|script|link|iframe|object|form)|url\(|@import|\bon\w+=/i);
  });
});

describe('amounts and times', () => {
  test.each([
    ['usd', 3_394, '33.94 USD'],
    ['eur', -50, '−0.50 EUR'],
    ['jpy', 2_900, '2,900 JPY'],
    ['kwd', 5_010, '5.010 KWD'],
    ['huf', 150_000, '1,500.00 HUF'],
  ])('an amount in %s has its currency and its decimals', (currency, total, shown) => {
    const { text } = render(changed({ currency, total_minor: total, amount_due_minor: total }));
    expect(text).toContain(` ${shown}
`);
  });

  test('a time is told in the time zone of the workspace', () => {
    const ending = sampleOf('subscription.ending');
    expect(render(ending, { timeZone: 'Asia/Kolkata' }).text).toContain(
      '28 February 2027 at 15:30 GMT+5:30',
    );
    expect(render(ending, { timeZone: 'UTC' }).text).toContain('28 February 2027 at 10:00 UTC');
  });

  test('an invoice over nothing makes no mail', () => {
    const { topic, payload } = changed({ total_minor: 0, amount_due_minor: 0 });
    expect(makesMail(topic, payload, context)).toBe(false);
  });

  test('an invoice whose first charge failed is not told as one that needs nothing done', () => {
    for (const hasFailed of [true, false]) {
      const { topic, payload } = changed({ has_failed: hasFailed }, 'invoice.finalized');
      expect(makesMail(topic, payload, context)).toBe(!hasFailed);
    }
  });
});

describe('a hostile name', () => {
  test.each([
    ['<script>alert(1)</script>', 'alert(1)'],
    ['Acme"><img src=x onerror=alert(1)>', 'Acme'],
  ])('%s is text in the HTML', (workspace) => {
    const { html } = render(sampleOf('workspace.suspended'), { workspace });
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;');
  });

  test('line ends make no second header and no second line', () => {
    const workspace = 'Acme\r\nBcc: eve@example.com\r\n\r\n<h1>Hello</h1>';
    const { subject, text } = render(sampleOf('workspace.suspended'), { workspace });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).not.toMatch(/^Bcc:/m);
  });

  test('nothing in it turns the direction of what stands around it', () => {
    const workspace = 'A\u202Egro.elpmaxe\u2066\u200F';
    const { subject, text, html } = render(sampleOf('workspace.suspended'), { workspace });
    for (const part of [subject, text, html]) {
      expect(part).not.toMatch(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    }
  });

  test('a right-to-left name is shown, set apart from what follows', () => {
    const { html } = render(sampleOf('workspace.suspended'), { workspace: 'שלום' });
    expect(html).toContain('שלום');
    const reason = { ...sampleOf('workspace.suspended'), payload: { reason: 'שלום' } };
    expect(render(reason as SampleAnnouncement).html).toContain('<bdi>שלום</bdi>');
  });

  test('an invitation carries no link of the inviter', () => {
    const invitation = sampleOf('auth.invitation');
    const payload = {
      ...invitation.payload,
      workspace_name: 'Win at https://evil.example/x www.evil.example',
      invited_by: `${'long '.repeat(100)}http://evil.example`,
    };
    const { text, html } = render({ ...invitation, payload } as SampleAnnouncement);
    expect(text.match(/https?:\/\/\S+/g)).toEqual([
      'https://mutate.test/link?token=secret-token',
      'https://mutate.test',
    ]);
    expect(html).not.toContain('https://evil');
    expect(text).not.toContain('www.');
    expect(text.length).toBeLessThan(1_000);
  });
});
