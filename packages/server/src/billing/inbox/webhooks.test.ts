import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { type BillingWorld, createBillingWorld, keptSubscription } from '../../test/billing.ts';
import { isSignatureValid } from './webhook-signature.ts';

let world: BillingWorld;
let url: string;
const secret = 'whsec_the_newer_one';
const olderSecret = 'whsec_the_older_one';

beforeAll(async () => {
  world = await createBillingWorld({ webhookSecrets: [secret, olderSecret] });
  const { port } = world.api.app.server.address() as { port: number };
  url = `http://127.0.0.1:${port}/v1/webhooks/stripe`;
});
afterAll(() => world.close());

const now = (): number => Math.floor(Date.now() / 1000);
const sign = (body: string, key: string, at: number | string): string =>
  createHmac('sha256', key).update(`${at}.${body}`).digest('hex');
const header = (body: string, key = secret, at: number = now()): string =>
  `t=${at},v1=${sign(body, key, at)}`;

let sequence = 0;
function event(object: object, type = 'customer.updated'): string {
  sequence += 1;
  const id = `evt_test_${sequence}`;
  return JSON.stringify({ id, object: 'event', type, created: now(), data: { object } });
}

async function post(body: string, signature: string | null): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(url, {
    method: 'POST',
    headers: signature === null ? headers : { ...headers, 'stripe-signature': signature },
    body,
  });
}

const rowsOf = (body: string) =>
  world.db.query<Record<string, unknown>>(
    sql`SELECT * FROM stripe_events WHERE id = ${(JSON.parse(body) as { id: string }).id}`,
  );

describe('a signature', () => {
  const body = '{"id":"evt_1"}';
  const hex = (at: number | string) => sign(body, secret, at);
  const flipped = (text: string) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
  const at = now();

  test.each<[string, string | null]>([
    ['none', null],
    ['empty', ''],
    ['no time', `v1=${hex(at)}`],
    ['no signature', `t=${at}`],
    ['under another secret', `t=${at},v1=${sign(body, 'whsec_other', at)}`],
    ['of another body', `t=${at},v1=${sign(`${body} `, secret, at)}`],
    ['of another time', `t=${at},v1=${hex(at - 1)}`],
    ['six minutes old', header(body, secret, at - 360)],
    ['six minutes in the future', header(body, secret, at + 360)],
    ['one bit off', `t=${at},v1=${flipped(hex(at))}`],
    ['cut short', `t=${at},v1=${hex(at).slice(0, 32)}`],
    ['longer', `t=${at},v1=${hex(at)}00`],
    ['in capitals', `t=${at},v1=${hex(at).toUpperCase()}`],
    ['of the scheme for tests', `t=${at},v0=${hex(at)}`],
    ['with two times', `t=${at - 1},t=${at},v1=${hex(at)}`],
    ['with a time that is no number', `t=${at}abc,v1=${sign(body, secret, `${at}abc`)}`],
  ])('%s: 400, and nothing is kept', async (_, signature) => {
    const before = await world.db.query(sql`SELECT id FROM stripe_events`);
    const reply = await post(body, signature);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ code: 'invalid_request' });
    expect(await world.db.query(sql`SELECT id FROM stripe_events`)).toEqual(before);
  });

  test('under either of two secrets, or one of several signatures, is valid', () => {
    const valid = (given: string) =>
      isSignatureValid(Buffer.from(body), given, [secret, olderSecret], Date.now());
    expect(valid(header(body))).toBe(true);
    expect(valid(header(body, olderSecret))).toBe(true);
    expect(valid(`t=${at},v1=${'0'.repeat(64)},v1=${hex(at)}`)).toBe(true);
    expect(isSignatureValid(Buffer.from(body), header(body), [], Date.now())).toBe(false);
  });

  test('of the official client is valid', () => {
    const payload = Buffer.from(body);
    const given = world.stripe.webhooks.generateTestHeaderString({ payload: body, secret });
    expect(isSignatureValid(payload, given, [secret], Date.now())).toBe(true);
  });
});

describe('POST /v1/webhooks/stripe', () => {
  test('204, and the event is kept once, however often it comes', async () => {
    const body = event({ id: 'cus_unknown', object: 'customer' });
    const replies = await Promise.all([1, 2, 3].map(() => post(body, header(body))));
    expect(replies.map((reply) => reply.status)).toEqual([204, 204, 204]);
    await world.settle();
    expect((await post(body, header(body))).status).toBe(204);
    expect(await rowsOf(body)).toMatchObject([
      {
        customer_id: 'cus_unknown',
        source: 'webhook',
        ignored_reason: 'a customer of no workspace',
        attempts: 1,
      },
    ]);
  });

  test('an event about no customer is put aside with that reason', async () => {
    const body = event({ id: 'prod_1', object: 'product' }, 'product.updated');
    await post(body, header(body));
    await world.settle();
    expect(await rowsOf(body)).toMatchObject([{ ignored_reason: 'about no customer' }]);
  });

  test.each<[unknown, string | null]>([
    [{ customer: 'cus_before' }, 'cus_before'],
    [{ customer: { id: 'cus_before' } }, 'cus_before'],
    [{ customer: 7 }, null],
    ['nonsense', null],
    [null, null],
  ])('204: a removed card whose past is told as %j', async (previous, customer) => {
    const card = { id: 'pm_1', object: 'payment_method', customer: null };
    const parsed = JSON.parse(event(card, 'payment_method.detached')) as { data: object };
    const body = JSON.stringify({
      ...parsed,
      data: { ...parsed.data, previous_attributes: previous },
    });
    expect((await post(body, header(body))).status).toBe(204);
    expect(await rowsOf(body)).toMatchObject([{ customer_id: customer }]);
  });

  test('what an event says of its object is not believed', async () => {
    const id = await world.organization();
    await world.subscribe(id, { planId: 'plan_starter' });
    const { stripe_customer_id: customer } = await keptSubscription(world, id);
    const lie = { id: 'sub_x', object: 'subscription', customer, status: 'canceled' };
    const body = event(lie, 'customer.subscription.deleted');
    await post(body, header(body));
    await world.settle();
    expect(await keptSubscription(world, id)).toMatchObject({
      plan_id: 'plan_starter',
      status: 'active',
    });
    expect(await rowsOf(body)).toMatchObject([{ organization_id: id, ignored_reason: null }]);
  });

  test('a card in a payload is not kept', async () => {
    const card = { number: '4242424242424242', cvc: '123' };
    const body = event({ id: 'cus_1', object: 'customer', card });
    await post(body, header(body));
    expect(JSON.stringify(await rowsOf(body))).not.toMatch(/4242|cvc/);
  });

  test.each([
    ['no JSON', '{"id":'],
    ['no event', '{"id":"cus_1","object":"customer"}'],
    ['an id that is none', '{"id":"evt 1","object":"event","type":"x","created":1,"data":{}}'],
    ['nothing', ''],
  ])('400 for a signed body that is %s', async (_, body) => {
    expect((await post(body, header(body))).status).toBe(400);
  });

  test('400 for a body over a megabyte', async () => {
    const body = ' '.repeat(1_100_000);
    const reply = await post(body, header(body)).catch(() => null);
    expect(reply?.status ?? 400).toBe(400);
  });
});
