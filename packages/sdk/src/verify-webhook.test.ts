import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { verifyWebhook, WebhookVerificationError } from './verify-webhook.ts';

const secret = `whsec_${Buffer.from('thirty-two bytes of a secret !!!').toString('base64')}`;
const other = `whsec_${Buffer.from('another secret of many bytes !!!').toString('base64')}`;
const event = { type: 'invoice.paid', timestamp: '2027-01-31T10:00:00Z', data: { total: 'ß€' } };
const body = JSON.stringify(event);

/** As an independent library signs it. */
function signed(given: { secret?: string; at?: Date; id?: string } = {}) {
  const at = given.at ?? new Date();
  const id = given.id ?? 'evt_1';
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(given.secret ?? secret).sign(id, at, body),
  };
}

describe('verifyWebhook', () => {
  test('gives the event of a webhook that an independent library has signed', async () => {
    const headers = signed();
    expect(await verifyWebhook({ body, headers, secret })).toEqual(event);
    const bytes = new TextEncoder().encode(body);
    expect(await verifyWebhook({ body: bytes, headers: new Headers(headers), secret })).toEqual(
      event,
    );
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]),
    );
    expect(await verifyWebhook({ body, headers: upper, secret })).toEqual(event);
  });

  test('takes any of several secrets and any of several signatures', async () => {
    const headers = signed();
    expect(await verifyWebhook({ body, headers, secret: [other, secret] })).toEqual(event);
    const both = `v1a,x v1,AAAA ${signed({ secret: other })['webhook-signature']} ${headers['webhook-signature']}`;
    const sent = { ...headers, 'webhook-signature': both };
    expect(await verifyWebhook({ body, headers: sent, secret })).toEqual(event);
  });

  test.each<[string, Partial<Parameters<typeof verifyWebhook>[0]>]>([
    ['another body', { body: body.replace('ß', 'ss') }],
    ['another secret', { secret: other }],
    ['another id', { headers: { ...signed(), 'webhook-id': 'evt_2' } }],
    ['no id', { headers: { ...signed(), 'webhook-id': '' } }],
    ['no headers', { headers: {} }],
    ['a signature that is none', { headers: { ...signed(), 'webhook-signature': 'v1,%%%' } }],
    [
      'another version',
      {
        headers: {
          ...signed(),
          'webhook-signature': signed()['webhook-signature'].replace('v1', 'v2'),
        },
      },
    ],
    ['an old time', { headers: signed({ at: new Date(Date.now() - 301_000) }) }],
    ['a time to come', { headers: signed({ at: new Date(Date.now() + 302_000) }) }],
    ['no time', { headers: { ...signed(), 'webhook-timestamp': 'NaN' } }],
    ['a secret that is none', { secret: 'mk_live_1' }],
    ['no secret', { secret: [] }],
  ])('refuses %s', async (_name, given) => {
    const attempt = verifyWebhook({ body, headers: signed(), secret, ...given });
    await expect(attempt).rejects.toThrow(WebhookVerificationError);
  });

  test('the tolerance is yours to set', async () => {
    const headers = signed({ at: new Date(Date.now() - 3_000_000) });
    expect(await verifyWebhook({ body, headers, secret, toleranceSeconds: 3_600 })).toEqual(event);
  });
});
