import { expect, test } from 'vitest';
import { receive } from '../test/receiver.ts';
import { simulate } from '../test/simulated.ts';

test('a state is one account for as long as it lives, and another state is another', async () => {
  const [one, other] = [await simulate(), await simulate()];
  const first = await one.stripe.accounts.retrieveCurrent();
  expect(first).toMatchObject({ object: 'account', type: 'standard', default_currency: 'usd' });
  expect((await one.stripe.accounts.retrieveCurrent()).id).toBe(first.id);
  expect((await other.stripe.accounts.retrieveCurrent()).id).not.toBe(first.id);
  await Promise.all([one.stop(), other.stop()]);
});

test('the endpoint of who started it is one, wherever that is now', async () => {
  const simulated = await simulate();
  const { simulator, stripe } = simulated;
  const [before, after] = [await receive(), await receive()];
  before.secret = 'whsec_before';
  after.secret = 'whsec_after';
  await simulator.sendWebhooksTo(before.url, before.secret);
  await stripe.customers.create();
  await simulator.settled();
  await simulator.sendWebhooksTo(after.url, after.secret);
  await stripe.customers.create();
  await simulator.settled();
  expect([before, after].map(({ events, refused }) => [events.length, refused()])).toEqual([
    [1, 0],
    [1, 0],
  ]);
  expect((await stripe.webhookEndpoints.list()).data).toHaveLength(1);
  await Promise.all([simulated.stop(), before.stop(), after.stop()]);
});
