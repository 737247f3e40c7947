import { Stripe } from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
beforeAll(async () => {
  sim = await simulate();
});
afterAll(() => sim.stop());

interface Reply {
  status: number;
  error: Record<string, unknown>;
  headers: Headers;
}

async function send(
  request: string,
  body = '',
  headers: Record<string, string> = {},
): Promise<Reply> {
  const [method = 'GET', path = '/'] = request.split(' ');
  const response = await fetch(`${sim.simulator.url}${path}`, {
    method,
    headers: {
      authorization: 'Bearer sk_test_x',
      ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...headers,
    },
    ...(method === 'POST' ? { body } : {}),
  });
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  return { status: response.status, error, headers: response.headers };
}

test.each([
  ['an unknown parameter', 'nmae=Ann', 'parameter_unknown', 'nmae'],
  ['one inside another', 'invoice_settings[foot]=x', 'parameter_unknown', 'invoice_settings[foot]'],
  ['a text for a number', 'balance=many', 'parameter_invalid_integer', 'balance'],
  ['a fraction for a whole number', 'balance=1.5', 'parameter_invalid_integer', 'balance'],
  ['empty text that unsets nothing', 'name=', 'parameter_invalid_empty', 'name'],
  ['a word outside an enum', 'tax_exempt=maybe', undefined, 'tax_exempt'],
  ['a text where fields belong', 'invoice_settings=x', undefined, 'invoice_settings'],
  ['a list where a text belongs', 'email[]=a&email[]=b', undefined, 'email'],
  ['a parameter nobody plays', 'tax[validate_location]=deferred', undefined, 'tax'],
])('%s is 400 and names the parameter', async (_, body, code, param) => {
  const { status, error } = await send('POST /v1/customers', body);
  expect(status).toBe(400);
  expect(error).toMatchObject({ type: 'invalid_request_error' });
  expect(error['code']).toBe(code);
  expect(String(error['param'])).toContain(param);
});

test('a missing parameter is 400 and named', async () => {
  const { status, error } = await send('POST /v1/prices', 'unit_amount=5');
  expect(status).toBe(400);
  expect(error).toMatchObject({ code: 'parameter_missing', param: 'currency' });
});

test('a parameter in the query of a list is held against the contract, too', async () => {
  const { status, error } = await send('GET /v1/customers?limit=few');
  expect([status, error['code']]).toEqual([400, 'parameter_invalid_integer']);
  expect((await send('GET /v1/customers?limit=101')).status).toBe(400);
});

test('no key, a live key and another version of the API are refused', async () => {
  const none = await send('GET /v1/customers', '', { authorization: '' });
  const live = await send('GET /v1/customers', '', { authorization: 'Bearer sk_live_secret1' });
  expect([none.status, live.status]).toEqual([401, 401]);
  expect(JSON.stringify(live.error)).not.toContain('secret1');
  const old = await send('GET /v1/customers', '', { 'stripe-version': '2019-01-01' });
  expect(old.status).toBe(400);
});

test('a URL that Stripe does not have is 404, a call nobody plays says so', async () => {
  expect((await send('GET /v1/unicorns')).status).toBe(404);
  const { status, error } = await send('GET /v1/accounts');
  expect(status).toBe(400);
  expect(error['message']).toContain('does not play GET /v1/accounts');
});

test('what is not there is 404 in the path and 400 in a parameter', async () => {
  const { status, error } = await send('GET /v1/customers/cus_none');
  expect([status, error['code'], error['param']]).toEqual([404, 'resource_missing', 'id']);
  const parameter = await send('POST /v1/subscriptions', 'customer=cus_none&items[0][price]=p');
  expect([parameter.status, parameter.error['param']]).toEqual([400, 'customer']);
});

test('a card number is refused before anything is done', async () => {
  const body = `type=card&card[number]=${'4242'.repeat(4)}`;
  const { status, error } = await send('POST /v1/payment_methods', body);
  expect([status, error['type']]).toEqual([402, 'card_error']);
});

test('the official client reads the errors as its own classes', async () => {
  const { stripe } = sim;
  await expect(stripe.customers.retrieve('cus_none')).rejects.toBeInstanceOf(
    Stripe.errors.StripeInvalidRequestError,
  );
  await expect(sim.customer('pm_card_chargeDeclined')).rejects.toMatchObject({
    type: 'StripeCardError',
    code: 'card_declined',
    decline_code: 'generic_decline',
  });
  const wrong = new Stripe('sk_live_x', {
    host: '127.0.0.1',
    port: sim.simulator.port,
    protocol: 'http',
  });
  await expect(wrong.customers.list()).rejects.toBeInstanceOf(
    Stripe.errors.StripeAuthenticationError,
  );
});

test('fields are expanded along a path, and only those that can be', async () => {
  const { stripe } = sim;
  const customer = await sim.customer();
  const price = await sim.price(1000);
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    expand: [
      'customer',
      'latest_invoice.payments.data.payment.payment_intent',
      'items.data.price.product',
    ],
  });
  expect(subscription.customer).toMatchObject({ object: 'customer', email: 'ann@example.test' });
  expect(subscription.items.data[0]?.price.product).toMatchObject({ object: 'product' });
  const { data } = await stripe.subscriptions.list({ expand: ['data.latest_invoice'], limit: 1 });
  expect(data[0]?.latest_invoice).toMatchObject({ object: 'invoice' });
  await expect(stripe.customers.list({ expand: ['data.email'] })).rejects.toThrow(
    'cannot be expanded',
  );
});

test('what has to be asked for is left out until then', async () => {
  const price = await sim.price(100, { currency_options: { eur: { unit_amount: 90 } } });
  expect(price.currency_options).toBeUndefined();
  const shown = await sim.stripe.prices.retrieve(price.id, { expand: ['currency_options'] });
  expect(shown.currency_options?.['eur']).toMatchObject({ unit_amount: 90 });
});

test('lists go page by page, newest first, with nothing twice and nothing left out', async () => {
  const own = await simulate();
  const client = clientOf(own.simulator);
  const made: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    made.unshift((await client.customers.create({ name: `c${index}` })).id);
  }
  const found: string[] = [];
  for await (const customer of client.customers.list({ limit: 3 })) found.push(customer.id);
  expect(found).toEqual(made);
  const page = await client.customers.list({ limit: 3, starting_after: made[2] ?? '' });
  expect(page).toMatchObject({ has_more: true, url: '/v1/customers' });
  const back = await client.customers.list({ limit: 2, ending_before: made[4] ?? '' });
  expect(back.data.map((one) => one.id)).toEqual(made.slice(2, 4));
  await own.stop();
});

test('a body that is too large or deeply nested is refused, and the simulator goes on', async () => {
  const deep = `metadata${'[a]'.repeat(40)}=1`;
  expect((await send('POST /v1/customers', deep)).status).toBe(400);
  const huge = await send('POST /v1/customers', `name=${'a'.repeat(1_100_000)}`);
  expect(huge.status).toBe(413);
  expect((await send('POST /v1/customers', '__proto__[x]=1')).status).toBe(400);
  await expect(sim.stripe.customers.create({ name: 'still here' })).resolves.toMatchObject({
    name: 'still here',
  });
});
